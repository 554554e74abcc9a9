#include "training/splits/folds.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <map>
#include <set>

#include "training/random.h"

namespace slipway::training {
namespace {

using simdjson::dom::element;

template <typename Number>
std::vector<Number> numbers(element value) {
  std::vector<Number> out;
  if (value.is_null()) return out;
  for (const element one : value.get_array()) out.push_back(static_cast<Number>(int64_t(one)));
  return out;
}

size_t option(element options, const char* name) {
  element found;
  return options[name].get(found) == simdjson::SUCCESS ? size_t(uint64_t(found)) : 0;
}

Result<std::vector<Fold>> split(element from) {
  const std::string_view kind = from["kind"];
  const auto labels = numbers<int32_t>(from["labels"]);
  const auto groups = numbers<int32_t>(from["groups"]);
  const size_t rows = uint64_t(from["rows"]);
  const size_t folds = uint64_t(from["splits"]);
  if (kind == "k_fold") return k_fold(rows, folds, std::nullopt);
  if (kind == "stratified_k_fold") return stratified_k_fold(labels, folds, std::nullopt);
  if (kind == "group_k_fold") return group_k_fold(groups, folds, std::nullopt);
  if (kind == "stratified_group_k_fold") {
    return stratified_group_k_fold(labels, groups, folds, std::nullopt);
  }
  const element options = from["options"];
  return time_series_split(rows, {option(options, "folds"), option(options, "gap"),
                                  option(options, "train_rows_max"), option(options, "test_rows")});
}

TEST(FoldsTest, WhatIsNotDrawnIsScikitLearns) {
  simdjson::dom::parser parser;
  const element cases = parser.load(SLIPWAY_TEST_DATA_DIR "/splits/folds.json");
  std::map<std::string, size_t> seen;
  for (const element from : cases.get_array()) {
    const std::string what = simdjson::minify(from);
    const auto folds = split(from);
    ASSERT_TRUE(folds.ok()) << what << folds.status().to_string();
    ASSERT_EQ(folds->size(), from["folds"].get_array().size()) << what;
    for (size_t i = 0; i < folds->size(); ++i) {
      EXPECT_EQ((*folds)[i].train, numbers<uint32_t>(from["folds"].at(i).at(0))) << what;
      EXPECT_EQ((*folds)[i].test, numbers<uint32_t>(from["folds"].at(i).at(1))) << what;
    }
    ++seen[std::string(std::string_view(from["kind"]))];
  }
  EXPECT_EQ(seen.size(), 5U);
  for (const auto& [kind, count] : seen) EXPECT_GE(count, 3U) << kind;
}

/// Every row is tested once and trained on in all other folds.
void expect_complete(const std::vector<Fold>& folds, size_t rows) {
  std::vector<int> tested(rows);
  for (const Fold& fold : folds) {
    std::vector<uint32_t> all = fold.train;
    all.insert(all.end(), fold.test.begin(), fold.test.end());
    EXPECT_EQ(std::set<uint32_t>(all.begin(), all.end()).size(), rows);
    EXPECT_EQ(all.size(), rows);
    EXPECT_TRUE(std::is_sorted(fold.train.begin(), fold.train.end()));
    EXPECT_TRUE(std::is_sorted(fold.test.begin(), fold.test.end()));
    for (const uint32_t row : fold.test) ++tested[row];
  }
  EXPECT_EQ(tested, std::vector<int>(rows, 1));
}

std::vector<int32_t> drawn_labels(Random& random, size_t rows, size_t classes, size_t each_min) {
  std::vector<int32_t> labels;
  for (size_t i = 0; i < rows; ++i) {
    labels.push_back(
        static_cast<int32_t>(i < classes * each_min ? i % classes : random.below(classes)));
  }
  return labels;
}

/// Counts of each label among rows.
std::map<int32_t, double> counts_of(const std::vector<int32_t>& labels,
                                    const std::vector<uint32_t>& rows) {
  std::map<int32_t, double> counts;
  for (const uint32_t row : rows) ++counts[labels[row]];
  return counts;
}

TEST(FoldsTest, DrawnFoldsAreCompleteAndEvenlySized) {
  for (const size_t rows : {5U, 17U, 100U}) {
    const auto folds = k_fold(rows, 5, Shuffle{1});
    expect_complete(*folds, rows);
    for (const Fold& fold : *folds) {
      EXPECT_GE(fold.test.size(), rows / 5);
      EXPECT_LE(fold.test.size(), rows / 5 + 1);
    }
  }
  EXPECT_NE((*k_fold(100, 5, Shuffle{1}))[0].test, (*k_fold(100, 5, Shuffle{2}))[0].test);
  EXPECT_NE((*k_fold(100, 5, Shuffle{1}))[0].test, (*k_fold(100, 5, std::nullopt))[0].test);
  EXPECT_EQ((*k_fold(100, 5, Shuffle{1}))[0].test, (*k_fold(100, 5, Shuffle{1}))[0].test);
}

TEST(FoldsTest, DrawnStratifiedFoldsHaveSharesWithinOneOfTheIdeal) {
  Random random(4);
  for (int round = 0; round < 30; ++round) {
    const size_t folds_count = 2 + random.below(6);
    const size_t classes = 1 + random.below(5);
    const size_t rows = classes * folds_count + random.below(200);
    const std::vector<int32_t> labels = drawn_labels(random, rows, classes, folds_count);
    const auto folds = stratified_k_fold(labels, folds_count, Shuffle{5});
    expect_complete(*folds, rows);
    for (const auto& [label, count] : counts_of(labels, random.permutation(rows))) {
      for (const Fold& fold : *folds) {
        EXPECT_LT(std::abs(counts_of(labels, fold.test)[label] - count / folds_count), 1);
      }
    }
  }
}

TEST(FoldsTest, GroupsAreNeverDivided) {
  Random random(6);
  for (int round = 0; round < 20; ++round) {
    const size_t groups_count = 5 + random.below(30);
    const std::vector<int32_t> groups = drawn_labels(random, 200, groups_count, 1);
    const std::vector<int32_t> labels = drawn_labels(random, 200, 2, 5);
    for (const auto& folds :
         {group_k_fold(groups, 4, Shuffle{1, 2}), group_k_fold(groups, 4, std::nullopt),
          stratified_group_k_fold(labels, groups, 4, Shuffle{3})}) {
      ASSERT_TRUE(folds.ok()) << folds.status().message();
      expect_complete(*folds, 200);
      for (const Fold& fold : *folds) {
        const auto trained = counts_of(groups, fold.train);
        for (const auto& [group, count] : counts_of(groups, fold.test)) {
          EXPECT_FALSE(trained.contains(group));
        }
      }
    }
  }
}

TEST(FoldsTest, RepetitionsDiffer) {
  const auto folds = repeated_k_fold(20, 4, 3, 9);
  ASSERT_EQ(folds->size(), 12U);
  for (size_t i = 0; i < 12; i += 4) {
    expect_complete(
        {folds->begin() + static_cast<long>(i), folds->begin() + static_cast<long>(i) + 4}, 20);
  }
  EXPECT_NE((*folds)[0].test, (*folds)[4].test);
  const std::vector<int32_t> labels{0, 1, 0, 1, 0, 1, 0, 1};
  EXPECT_EQ(repeated_stratified_k_fold(labels, 2, 5, 9)->size(), 10U);
}

TEST(FoldsTest, WhatCannotBeSplitSaysWhy) {
  const std::vector<int32_t> labels{0, 0, 0, 1, 1, 7};
  EXPECT_EQ(k_fold(3, 5, std::nullopt).status().message(), "fewer rows than folds: 3 for 5");
  EXPECT_EQ(k_fold(0, 2, std::nullopt).status().message(), "fewer rows than folds: 0 for 2");
  EXPECT_EQ(k_fold(10, 1, std::nullopt).status().message(), "expected at least 2 folds, got 1");
  EXPECT_EQ(stratified_k_fold(labels, 2, std::nullopt).status().message(),
            "class 7 has fewer rows than there are folds: 1 for 2");
  EXPECT_EQ(group_k_fold(labels, 4, std::nullopt).status().message(),
            "fewer groups than folds: 3 for 4");
  EXPECT_EQ(time_series_split(5, {.folds = 5}).status().message(),
            "fewer rows than folds and a training part: 5 for 6");
  EXPECT_EQ(time_series_split(10, {.folds = 3, .gap = 4, .test_rows = 2}).status().message(),
            "10 rows do not suffice for 3 folds of 2 test rows and a gap of 4");
  EXPECT_FALSE(time_series_split(10, {.folds = 3, .gap = SIZE_MAX, .test_rows = SIZE_MAX}).ok());
  EXPECT_EQ(repeated_k_fold(10, 2, 0, 1).status().message(),
            "expected at least 1 repetition, got 0");
}

}  // namespace
}  // namespace slipway::training
