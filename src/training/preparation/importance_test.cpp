// Importances in models of scikit-learn and of ours: tests/data/preparation/make.py.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>

#include "training/learners/fixture_test.h"
#include "training/preparation/internal/feature_scores.h"

// oneDAL's workers live to the end of the process, where the leak check of AddressSanitizer cannot
// stop them and dies itself; preparation_test has none of them and is held to it.
extern "C" int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() { return 1; }

namespace slipway::training {
namespace {

class ImportanceTest : public testing::Test {
 protected:
  ImportanceTest() { setenv("SLIPWAY_PLUGIN_DIR", SLIPWAY_TEST_PLUGIN_DIR, 0); }
  static ScoredRows scored(const Rows& given) {
    ScoredRows rows;
    rows.x = given.x;
    rows.columns = given.columns;
    rows.classes = given.classes;
    rows.class_count = given.class_count;
    rows.values = given.values;
    rows.threads = 2;
    return rows;
  }
};

TEST_F(ImportanceTest, OfForestsIsCloseToScikitLearns) {
  simdjson::dom::parser parser;
  const simdjson::dom::element document =
      parser.load(SLIPWAY_TEST_DATA_DIR "/preparation/scores.json").value();
  size_t compared = 0;
  for (const auto entry : document.get_array()) {
    const Fixture fixture = read_fixture(std::string(entry["data"].get_string().value()));
    const std::vector<double> theirs = numbers_of(entry, "forest");
    const auto ours = forest_importances(scored(fixture.rows));
    ASSERT_TRUE(ours.ok()) << ours.status().to_string();
    ASSERT_EQ(ours->size(), theirs.size());
    double sum = 0;
    for (size_t j = 0; j < theirs.size(); ++j) {
      // Forests of other seeds differ by as much; theirs are of the rows of each tree's bootstrap.
      EXPECT_NEAR((*ours)[j], theirs[j], 0.05) << j;
      sum += (*ours)[j];
    }
    EXPECT_NEAR(sum, 1, 1e-9);
    ++compared;
  }
  EXPECT_EQ(compared, 2U);
}

TEST_F(ImportanceTest, OfLinearModelsIsTheSizeOfTheirCoefficients) {
  // y = 3 a - 2 b, and c says nothing.
  Rows rows{.columns = 3};
  for (int i = 0; i < 60; ++i) {
    const double a = i % 5 - 2.0;
    const double b = i % 4 - 1.5;
    const double c = i % 3 - 1.0;
    rows.x.insert(rows.x.end(), {a, b, c});
    rows.values.push_back(3 * a - 2 * b);
  }
  const auto sizes = coefficient_sizes(scored(rows));
  ASSERT_TRUE(sizes.ok()) << sizes.status().to_string();
  EXPECT_NEAR((*sizes)[0], 3, 0.1);
  EXPECT_NEAR((*sizes)[1], 2, 0.1);
  EXPECT_NEAR((*sizes)[2], 0, 0.1);
}

}  // namespace
}  // namespace slipway::training
