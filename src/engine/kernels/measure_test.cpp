// The comparison measures by themselves: distances and similarities that can be worked out by hand.
// tests/data/pmml compares them with JPMML-Evaluator.
#include "graph/ops/measure.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/kernels/op_chain_test.h"

namespace slipway::engine {
namespace {

using Measure = MeasureOp::Measure;
using Compare = MeasureOp::Compare;
using Field = MeasureOp::Field;

const double kNan = std::numeric_limits<double>::quiet_NaN();

/// Of rows of two fields to the points (0, 0) and (3, 4).
std::vector<double> measured(const MeasureOp::Parameters& parameters,
                             const std::vector<double>& rows,
                             const std::vector<Field>& fields = {Field(), Field()},
                             const std::vector<double>& points = {0, 0, 3, 4}) {
  return run_numbers(*chain(only<MeasureOp>(parameters, fields, points), 2), rows);
}

std::vector<double> measured(Measure measure, const std::vector<double>& rows,
                             const std::vector<Field>& fields = {Field(), Field()}) {
  return measured(MeasureOp::Parameters{.measure = measure}, rows, fields);
}

TEST(MeasureKernelTest, EachMeasureIsItsFormula) {
  const std::vector<double> rows = {0, 0, 3, 0};
  EXPECT_EQ(measured(Measure::kEuclidean, rows), (std::vector<double>{0, 5, 3, 4}));
  EXPECT_EQ(measured(Measure::kSquaredEuclidean, rows), (std::vector<double>{0, 25, 9, 16}));
  EXPECT_EQ(measured(Measure::kCityBlock, rows), (std::vector<double>{0, 7, 3, 4}));
  EXPECT_EQ(measured(Measure::kChebychev, rows), (std::vector<double>{0, 4, 3, 4}));
  const std::vector<double> cubic =
      measured(MeasureOp::Parameters{.measure = Measure::kMinkowski, .p = 3}, rows);
  EXPECT_DOUBLE_EQ(cubic[1], std::cbrt(27.0 + 64.0));
  EXPECT_DOUBLE_EQ(cubic[3], 4);
}

TEST(MeasureKernelTest, AFieldWeighsAndComparesInItsOwnWay) {
  const std::vector<Field> fields = {{.compare = Compare::kDelta, .weight = 10},
                                     {.compare = Compare::kEqual}};
  // Differing from 3 costs 10, agreeing with 4 costs 1.
  EXPECT_EQ(measured(Measure::kCityBlock, {3, 4, 7, 0}, fields),
            (std::vector<double>{10, 1, 11, 10}));
  const std::vector<Field> gaussian = {{.compare = Compare::kGaussian, .scale = 3}, Field()};
  EXPECT_DOUBLE_EQ(measured(Measure::kCityBlock, {0, 4}, gaussian)[1], 0.5) << "at one scale: half";
}

TEST(MeasureKernelTest, WhatARowLacksIsMadeUpForByTheOtherFields) {
  EXPECT_EQ(measured(Measure::kCityBlock, {3, kNan}), (std::vector<double>{6, 0}));
  EXPECT_DOUBLE_EQ(measured(Measure::kEuclidean, {3, kNan})[0], std::sqrt(18.0));
  const std::vector<Field> weighted = {{.missing_weight = 1}, {.missing_weight = 3}};
  EXPECT_EQ(measured(Measure::kCityBlock, {3, kNan}, weighted), (std::vector<double>{12, 0}));
  for (const double distance : measured(Measure::kChebychev, {kNan, kNan})) {
    EXPECT_TRUE(std::isnan(distance)) << "nothing to compare";
  }
}

TEST(MeasureKernelTest, APointThatLacksAValueIsAtNoDistance) {
  for (const Measure measure : {Measure::kChebychev, Measure::kEuclidean, Measure::kCityBlock}) {
    const std::vector<double> out = measured(MeasureOp::Parameters{.measure = measure}, {1, 2},
                                             {Field(), Field()}, {kNan, 100, 1, 2});
    EXPECT_TRUE(std::isnan(out[0]));
    EXPECT_EQ(out[1], 0);
  }
}

TEST(MeasureKernelTest, ASimilarityIsARatioOfCounts) {
  // Jaccard's: both / (both + either alone).
  const MeasureOp::Parameters jaccard{
      .measure = Measure::kBinary, .numerator = {1, 0, 0, 0}, .denominator = {1, 1, 1, 0}};
  const std::vector<double> points = {1, 1, 0, 1, 0, 0};
  const std::vector<double> out =
      measured(jaccard, {1, 1, 1, 0, kNan, 1}, {Field(), Field()}, points);
  EXPECT_EQ(std::vector<double>(out.begin(), out.begin() + 6),
            (std::vector<double>{1, 0.5, 0, 0.5, 0, 0}));
  for (size_t i = 6; i < 9; ++i) EXPECT_TRUE(std::isnan(out[i])) << "a missing truth value";
  EXPECT_TRUE(std::isnan(measured(jaccard, {0, 0}, {Field(), Field()}, {0, 0})[0]))
      << "nothing is counted";
}

TEST(SmallestKernelTest, TheFirstOfEqualsComesFirstAndNaNLast) {
  EXPECT_EQ(run_numbers(*chain(only<SmallestOp>(2U), 4), {5, 1, 1, 3, kNan, 7, kNan, 6}),
            (std::vector<double>{1, 2, 1, 1, 3, 1, 6, 7}));
  const std::vector<double> all = run_numbers(*chain(only<SmallestOp>(3U), 3), {kNan, 2, kNan});
  EXPECT_EQ(all[0], 1);
  EXPECT_EQ(all[1], 0);
  EXPECT_EQ(all[2], 2);
  EXPECT_EQ(all[3], 2);
  EXPECT_TRUE(std::isnan(all[4]) && std::isnan(all[5]));
}

}  // namespace
}  // namespace slipway::engine
