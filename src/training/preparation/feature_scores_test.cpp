// What scikit-learn says of the same features: tests/data/preparation/make.py.
#include "training/preparation/internal/feature_scores.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "training/learners/fixture_test.h"
#include "training/preparation/internal/number_statistics.h"

namespace slipway::training {
namespace {

struct Expected {
  Fixture fixture;
  std::vector<double> variance;
  std::vector<double> f;
  std::vector<double> chi2;
  std::vector<double> mutual_information;
  std::vector<std::vector<double>> uniform_edges;
  std::vector<std::vector<double>> quantile_edges;

  ScoredRows rows() const {
    ScoredRows rows;
    rows.x = fixture.rows.x;
    rows.columns = fixture.rows.columns;
    rows.classes = fixture.rows.classes;
    rows.class_count = fixture.rows.class_count;
    rows.values = fixture.rows.values;
    rows.threads = 2;
    return rows;
  }
};

std::vector<std::vector<double>> lists_of(simdjson::dom::element element, std::string_view key) {
  std::vector<std::vector<double>> lists;
  for (const auto list : element[key].get_array()) {
    std::vector<double>& numbers = lists.emplace_back();
    for (const auto number : list.get_array()) numbers.push_back(number.get_double().value());
  }
  return lists;
}

std::vector<Expected> all_expected() {
  simdjson::dom::parser parser;
  const simdjson::dom::element document =
      parser.load(SLIPWAY_TEST_DATA_DIR "/preparation/scores.json").value();
  std::vector<Expected> all;
  for (const auto entry : document.get_array()) {
    Expected& one = all.emplace_back();
    one.fixture = read_fixture(std::string(entry["data"].get_string().value()));
    one.variance = numbers_of(entry, "variance");
    one.f = numbers_of(entry, "f");
    one.chi2 = numbers_of(entry, "chi2");
    one.mutual_information = numbers_of(entry, "mutual_information");
    one.uniform_edges = lists_of(entry, "uniform_edges");
    one.quantile_edges = lists_of(entry, "quantile_edges");
  }
  return all;
}

void expect_near_all(const std::vector<double>& ours, const std::vector<double>& theirs,
                     double relative, double absolute = 0) {
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    EXPECT_NEAR(ours[i], theirs[i], absolute + relative * std::abs(theirs[i])) << i;
  }
}

/// Of several seeds, as theirs is: where numbers are equal, noise decides on the second digit.
std::vector<double> mean_information(ScoredRows rows) {
  constexpr size_t kSeeds = 10;
  std::vector<double> means(rows.columns);
  for (rows.seed = 0; rows.seed < kSeeds; ++rows.seed) {
    const std::vector<double> found = mutual_information(rows);
    for (size_t j = 0; j < found.size(); ++j) means[j] += found[j] / kSeeds;
  }
  return means;
}

TEST(FeatureScores, AreScikitLearns) {
  const std::vector<Expected> all = all_expected();
  ASSERT_EQ(all.size(), 2U);
  for (const Expected& expected : all) {
    const ScoredRows rows = expected.rows();
    expect_near_all(variances(rows.x, rows.columns), expected.variance, 1e-12);
    expect_near_all(f_scores(rows), expected.f, 1e-9);
    expect_near_all(mean_information(rows), expected.mutual_information, 0.02, 0.01);
  }
}

TEST(FeatureScores, Chi2IsScikitLearns) {
  const Expected expected = all_expected()[0];
  ScoredRows rows = expected.rows();
  const std::vector<std::string> names(rows.columns, "a");
  EXPECT_NE(chi2_scores(rows, names).status().message().find("from 0 on"), std::string::npos);
  std::vector<double> x = expected.fixture.rows.x;
  for (size_t j = 0; j < rows.columns; ++j) {
    double least = x[j];
    for (size_t at = j; at < x.size(); at += rows.columns) least = std::min(least, x[at]);
    for (size_t at = j; at < x.size(); at += rows.columns) x[at] -= least;
  }
  rows.x = x;
  expect_near_all(chi2_scores(rows, names).value(), expected.chi2, 1e-9);
  EXPECT_FALSE(chi2_scores(all_expected()[1].rows(), names).ok());
}

TEST(NumberStatistics, EdgesOfBinsAreScikitLearns) {
  for (const Expected& expected : all_expected()) {
    const ScoredRows rows = expected.rows();
    PreparationPlan plan;
    plan.bins = 5;
    for (size_t j = 0; j < rows.columns; ++j) {
      std::vector<double> column;
      for (size_t i = 0; i < rows.rows(); ++i) column.push_back(rows.at(i, j));
      std::ranges::sort(column);
      plan.bins_by = PreparationPlan::Bins::kUniform;
      expect_near_all(inner_edges(plan, column), expected.uniform_edges[j], 1e-12, 1e-12);
      plan.bins_by = PreparationPlan::Bins::kQuantile;
      expect_near_all(inner_edges(plan, column), expected.quantile_edges[j], 1e-12);
    }
  }
}

}  // namespace
}  // namespace slipway::training
