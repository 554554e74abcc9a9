// Every number against scikit-learn's: tests/data/metrics, written by
// tools/make_evaluation_fixtures.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
#include <limits>
#include <string>

#include "training/metrics/calibration.h"
#include "training/metrics/classification.h"
#include "training/metrics/regression.h"

namespace slipway::training {
namespace {

using simdjson::dom::element;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kTolerance = 1e-9;

double number(element value) { return value.is_null() ? kNan : double(value); }

std::vector<double> numbers(element value) {
  std::vector<double> out;
  if (value.is_null()) return out;
  for (const element one : value.get_array()) out.push_back(number(one));
  return out;
}

std::vector<int32_t> labels(element value) {
  std::vector<int32_t> out;
  for (const element one : value.get_array()) out.push_back(static_cast<int32_t>(int64_t(one)));
  return out;
}

/// Equal to 1e-9, relative where numbers are large; NaN stands for itself and, in fixtures, for
/// infinity.
void expect_equal(double got, double expected, const std::string& what) {
  if (std::isnan(expected)) {
    EXPECT_FALSE(std::isfinite(got)) << what;
    return;
  }
  EXPECT_NEAR(got, expected, kTolerance * std::max(1.0, std::abs(expected))) << what;
}

void expect_equal(const std::vector<double>& got, const std::vector<double>& expected,
                  const std::string& what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  for (size_t i = 0; i < got.size(); ++i) {
    expect_equal(got[i], expected[i], what + " at " + std::to_string(i));
  }
}

void expect_values(const Metrics& metrics, element expected, const std::string& name) {
  const std::vector<double> values = metrics.values({});
  ASSERT_EQ(values.size(), expected.get_object().size()) << name;
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string what = name + ": " + std::string(metrics.names()[i]);
    expect_equal(values[i], number(expected[metrics.names()[i]]), what);
  }
}

struct ClassificationCase {
  explicit ClassificationCase(element from)
      : truth(labels(from["truth"])),
        predicted(labels(from["predicted"])),
        probabilities(numbers(from["probabilities"])),
        scores(numbers(from["scores"])),
        weights(numbers(from["weights"])),
        judged{static_cast<size_t>(int64_t(from["classes"])),
               truth,
               predicted,
               probabilities,
               scores,
               weights,
               static_cast<int32_t>(int64_t(from["positive"]))} {}
  std::vector<int32_t> truth, predicted;
  std::vector<double> probabilities, scores, weights;
  Classification judged;
};

void expect_confusion(const ClassificationMetrics& metrics, element from, const std::string& name) {
  const ConfusionMatrix matrix = metrics.confusion();
  std::vector<double> cells;
  std::vector<double> scores;
  for (size_t i = 0; i < matrix.classes(); ++i) {
    for (size_t j = 0; j < matrix.classes(); ++j) cells.push_back(matrix.cell(i, j));
    const ClassScores one = matrix.scores(i);
    scores.insert(scores.end(), {one.precision, one.recall, one.f1, one.support});
  }
  expect_equal(cells, numbers(from["confusion"]), name + ": confusion");
  expect_equal(scores, numbers(from["per_class"]), name + ": per class");
}

void expect_curves(const ClassificationMetrics& metrics, element from, const std::string& name) {
  const RocCurve roc = metrics.ranking(1).roc();
  expect_equal(roc.false_positive_rate, numbers(from["roc"].at(0)), name + ": fpr");
  expect_equal(roc.true_positive_rate, numbers(from["roc"].at(1)), name + ": tpr");
  expect_equal(roc.thresholds, numbers(from["roc"].at(2)), name + ": thresholds");
  const PrecisionRecallCurve curve = metrics.ranking(1).precision_recall();
  const element expected = from["precision_recall"];
  expect_equal(curve.precision, numbers(expected.at(0)), name + ": precision");
  expect_equal(curve.recall, numbers(expected.at(1)), name + ": recall");
  expect_equal(curve.thresholds, numbers(expected.at(2)), name + ": thresholds");
}

void expect_calibration(const ClassificationCase& one, element curves, const std::string& name) {
  for (const element expected : curves.get_array()) {
    const bool uniform = std::string_view(expected["strategy"]) == "uniform";
    const auto positive = static_cast<size_t>(one.judged.positive);
    const CalibrationCurve curve = calibration_curve(
        {std::span(one.probabilities).subspan(positive), 2, one.truth, one.judged.positive},
        size_t(uint64_t(expected["bins"])), uniform ? Binning::kUniform : Binning::kQuantile);
    expect_equal(curve.observed, numbers(expected["curve"].at(0)), name + ": observed");
    expect_equal(curve.predicted, numbers(expected["curve"].at(1)), name + ": predicted");
  }
}

TEST(MetricsTest, ClassificationEqualsScikitLearns) {
  simdjson::dom::parser parser;
  const element cases = parser.load(SLIPWAY_TEST_DATA_DIR "/metrics/classification.json");
  size_t count = 0, curves = 0, calibrations = 0;
  for (const auto& [key, from] : cases.get_object()) {
    const std::string name(key);
    const ClassificationCase one(from);
    const auto metrics = ClassificationMetrics::create(one.judged);
    ASSERT_TRUE(metrics.ok()) << name << metrics.status().to_string();
    expect_values(*metrics, from["expected"], name);
    expect_confusion(*metrics, from, name);
    element found;
    if (from["roc"].get(found) == simdjson::SUCCESS) {
      expect_curves(*metrics, from, name);
      ++curves;
    }
    if (from["calibration"].get(found) == simdjson::SUCCESS) {
      expect_calibration(one, found, name);
      ++calibrations;
    }
    ++count;
  }
  EXPECT_GE(count, 20U);
  EXPECT_GE(curves, 10U);
  EXPECT_GE(calibrations, 8U);
}

TEST(MetricsTest, RegressionEqualsScikitLearns) {
  simdjson::dom::parser parser;
  const element cases = parser.load(SLIPWAY_TEST_DATA_DIR "/metrics/regression.json");
  size_t count = 0;
  for (const auto& [key, from] : cases.get_object()) {
    const std::vector<double> truth = numbers(from["truth"]);
    const std::vector<double> predicted = numbers(from["predicted"]);
    const std::vector<double> weights = numbers(from["weights"]);
    const auto metrics = RegressionMetrics::create({truth, predicted, weights});
    ASSERT_TRUE(metrics.ok()) << key << metrics.status().to_string();
    expect_values(*metrics, from["expected"], std::string(key));
    ++count;
  }
  EXPECT_GE(count, 12U);
}

/// Rows counted several times give what the rows written so often give.
TEST(MetricsTest, RepeatedRowsCountAsWrittenOut) {
  const std::vector<int32_t> truth{0, 1, 2, 1, 0, 2};
  const std::vector<int32_t> predicted{0, 1, 1, 2, 0, 0};
  const std::vector<double> p{.6, .3, .1, .2, .5, .3, .1, .6, .3,
                              .2, .2, .6, .6, .3, .1, .5, .1, .4};
  const std::vector<double> weights{1, 2, 0.5, 1, 3, 1};
  const std::vector<uint32_t> repeats{2, 0, 3, 1, 0, 1};
  std::vector<int32_t> truth_out, predicted_out;
  std::vector<double> p_out, weights_out, off, off_out;
  for (size_t row = 0; row < truth.size(); ++row) {
    off.push_back(predicted[row] * 1.7 - weights[row]);
    for (uint32_t i = 0; i < repeats[row]; ++i) {
      truth_out.push_back(truth[row]);
      predicted_out.push_back(predicted[row]);
      p_out.insert(p_out.end(), p.begin() + static_cast<long>(row) * 3,
                   p.begin() + static_cast<long>(row) * 3 + 3);
      weights_out.push_back(weights[row]);
      off_out.push_back(off.back());
    }
  }
  const auto metrics = ClassificationMetrics::create({3, truth, predicted, p, {}, weights});
  const auto written =
      ClassificationMetrics::create({3, truth_out, predicted_out, p_out, {}, weights_out});
  expect_equal(metrics->values(repeats), written->values({}), "classification");
  const std::vector<double> numbers_truth(truth.begin(), truth.end());
  const std::vector<double> numbers_out(truth_out.begin(), truth_out.end());
  const auto regression = RegressionMetrics::create({numbers_truth, off, weights});
  const auto regression_written = RegressionMetrics::create({numbers_out, off_out, weights_out});
  expect_equal(regression->values(repeats), regression_written->values({}), "regression");
}

std::string refused(const Classification& judged) {
  const auto metrics = ClassificationMetrics::create(judged);
  return metrics.ok() ? "accepted" : metrics.status().message();
}

TEST(MetricsTest, WhatCannotBeJudgedIsRefused) {
  const std::vector<int32_t> truth{0, 1};
  const std::vector<int32_t> wrong{0, 2};
  const std::vector<double> p{.5, .5, kNan, .5};
  const std::vector<double> above{.5, .5, -.5, 1.5};
  const std::vector<double> nan{1, kNan};
  const std::vector<double> negative{1, -1};
  EXPECT_EQ(refused({2, {}, {}}), "there are no rows to evaluate");
  EXPECT_EQ(refused({2, truth, wrong}), "row 1: no class from 0 to 1");
  EXPECT_EQ(refused({2, wrong, truth}), "row 1: no class from 0 to 1");
  EXPECT_EQ(refused({2, truth, truth, p}), "row 1: expected a probability from 0 to 1, got nan");
  EXPECT_EQ(refused({2, truth, truth, above}),
            "row 1: expected a probability from 0 to 1, got -0.5");
  EXPECT_EQ(refused({2, truth, truth, {}, nan}), "row 1: the score is NaN");
  EXPECT_EQ(refused({2, truth, truth, {}, {}, negative}),
            "row 1: expected a weight of 0 or more, got -1");
  EXPECT_EQ(refused({2, truth, std::span(truth).first(1)}),
            "expected as many predictions as rows, 2");
  EXPECT_EQ(refused({2, truth, truth, nan}), "expected as many predictions as rows, 2");
  EXPECT_EQ(refused({5000, truth, truth}), "expected 1 to 4096 classes, got 5000");
  const std::vector<double> one{1, 2};
  EXPECT_EQ(RegressionMetrics::create({one, nan}).status().message(),
            "row 1: the prediction is not finite: nan");
  EXPECT_EQ(RegressionMetrics::create({nan, one}).status().message(),
            "row 1: the true value is not finite: nan");
  EXPECT_EQ(RegressionMetrics::create({{}, {}}).status().message(),
            "there are no rows to evaluate");
}

}  // namespace
}  // namespace slipway::training
