// What the ops of meta-estimators, kernels and clusters prove of their constants.
#include <gtest/gtest.h>

#include <limits>

#include "graph/ops/cluster_tree.h"
#include "graph/ops/combine.h"
#include "graph/ops/gaussian_process.h"
#include "graph/ops/interpolate.h"
#include "graph/ops/naive_bayes.h"
#include "graph/ops/neighborhood.h"
#include "graph/ops/pairwise.h"
#include "graph/ops/quadratic.h"
#include "graph/ops/unwarp.h"

namespace slipway {
namespace {

ValueType dense(uint32_t width) { return {ValueKind::kDense, width}; }
ValueType index(uint32_t width) { return {ValueKind::kIndex, width}; }

bool takes(const Op& op, std::vector<ValueType> inputs) { return op.infer(inputs).ok(); }
uint32_t width_of(const Op& op, std::vector<ValueType> inputs) {
  const Result<ValueType> type = op.infer(inputs);
  return type.ok() ? type->width : 0;
}

TEST(MemberOps, AConstantIsAsWideAsItsRowWhateverItsInputs) {
  EXPECT_EQ(width_of(ConstantOp({1, 2, 3}), {}), 3U);
  EXPECT_EQ(width_of(ConstantOp({1}), {dense(4), index(1)}), 1U);
  EXPECT_FALSE(takes(ConstantOp({}), {}));
}

TEST(MemberOps, ALookupNeedsWholeRowsAndOneColumnOfIndices) {
  EXPECT_EQ(width_of(LookupOp(2, {1, 2, 3, 4}), {index(1)}), 2U);
  EXPECT_FALSE(takes(LookupOp(2, {1, 2, 3}), {index(1)}));
  EXPECT_FALSE(takes(LookupOp(0, {}), {index(1)}));
  EXPECT_FALSE(takes(LookupOp(1, {1}), {index(2)}));
  EXPECT_FALSE(takes(LookupOp(1, {1}), {dense(1)}));
}

TEST(MemberOps, AnIndexColumnMustBeThere) {
  EXPECT_TRUE(takes(SelectIndexOp(1), {index(2)}));
  EXPECT_FALSE(takes(SelectIndexOp(2), {index(2)}));
}

TEST(MemberOps, PlacesAreDistinctAndWithinTheWidth) {
  EXPECT_EQ(width_of(PlaceColumnsOp(3, {2, 0}, 0), {dense(2)}), 3U);
  EXPECT_FALSE(takes(PlaceColumnsOp(3, {2, 2}, 0), {dense(2)}));
  EXPECT_FALSE(takes(PlaceColumnsOp(3, {3}, 0), {dense(1)}));
  EXPECT_FALSE(takes(PlaceColumnsOp(3, {0}, 0), {dense(2)}));
}

TEST(MemberOps, WhatIsCombinedIsEquallyWideAndHasAWeightEach) {
  using Function = CombineOp::Function;
  EXPECT_EQ(width_of(CombineOp(Function::kSum, {}, 2), {dense(3), dense(3)}), 3U);
  EXPECT_FALSE(takes(CombineOp(Function::kSum, {}, 1), {dense(3), dense(2)}));
  EXPECT_FALSE(takes(CombineOp(Function::kSum, {1}, 1), {dense(3), dense(3)}));
  EXPECT_FALSE(takes(CombineOp(Function::kSum, {}, 1), {}));
}

TEST(MemberOps, AMedianHasAWeightForEachColumn) {
  EXPECT_EQ(width_of(WeightedMedianOp({1, 2}), {dense(2)}), 1U);
  EXPECT_FALSE(takes(WeightedMedianOp({1, 2}), {dense(3)}));
  EXPECT_FALSE(takes(WeightedMedianOp({}), {dense(0)}));
}

TEST(MemberOps, VotesOfPairsNeedAllPairs) {
  EXPECT_EQ(width_of(PairVotesOp(4), {dense(6), dense(6)}), 4U);
  EXPECT_FALSE(takes(PairVotesOp(4), {dense(6), dense(5)}));
  EXPECT_FALSE(takes(PairVotesOp(1), {dense(0), dense(0)}));
  EXPECT_FALSE(takes(PairVotesOp(1U << 20), {dense(1), dense(1)}));
}

TEST(MemberOps, PointsOfALineAscend) {
  using Outside = InterpolateOp::Outside;
  EXPECT_TRUE(takes(InterpolateOp({1, 1, 2}, {0, 1, 2}, Outside::kClip), {dense(1)}));
  EXPECT_FALSE(takes(InterpolateOp({2, 1}, {0, 1}, Outside::kClip), {dense(1)}));
  EXPECT_FALSE(takes(InterpolateOp({1, 2}, {0}, Outside::kClip), {dense(1)}));
  EXPECT_FALSE(takes(InterpolateOp({}, {}, Outside::kClip), {dense(1)}));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(takes(InterpolateOp({1, nan, 2}, {0, 1, 2}, Outside::kClip), {dense(1)}));
}

TEST(MemberOps, AProgramLeavesOneValue) {
  using Kind = PairwiseStep::Kind;
  const auto program = [](std::vector<Kind> kinds) {
    PairwiseProgram made;
    for (const Kind kind : kinds) {
      made.steps.emplace_back();
      made.steps.back().kind = kind;
    }
    return PairwiseOp(std::move(made), 2, {0, 0, 1, 1});
  };
  EXPECT_EQ(width_of(program({Kind::kFunction}), {dense(2)}), 2U);
  EXPECT_TRUE(takes(program({Kind::kFunction, Kind::kConstant, Kind::kSum}), {dense(2)}));
  EXPECT_FALSE(takes(program({Kind::kFunction, Kind::kConstant}), {dense(2)}));
  EXPECT_FALSE(takes(program({Kind::kFunction, Kind::kSum}), {dense(2)}));
  EXPECT_FALSE(takes(program({Kind::kPower}), {dense(2)}));
  EXPECT_FALSE(takes(program({}), {dense(2)}));
  EXPECT_FALSE(takes(program({Kind::kFunction}), {dense(3)}));
  EXPECT_FALSE(takes(program(std::vector<Kind>(100, Kind::kConstant)), {dense(2)}));
}

TEST(MemberOps, LengthsOfAKernelAreAsManyAsFeatures) {
  PairwiseProgram program = PairwiseProgram::of(PairwiseFunction::kRbf, 0.5, 0, 0);
  program.steps[0].lengths = {1};
  EXPECT_FALSE(takes(PairwiseOp(program, 2, {0, 0}), {dense(2)}));
  program.steps[0].lengths = {1, 2};
  EXPECT_TRUE(takes(PairwiseOp(program, 2, {0, 0}), {dense(2)}));
  EXPECT_FALSE(takes(PairwiseOp(program, 2, {0, 0, 1}), {dense(2)}));
  EXPECT_FALSE(takes(PairwiseOp(program, 2, {}), {dense(2)}));
  EXPECT_EQ(width_of(PairwiseOp(program, 2, {}, true), {dense(2)}), 1U);
}

TEST(MemberOps, ChildrenOfAClusterTreeLieBehindTheirParents) {
  ClusterTreeOp::Tables tables{1, {{1, 0}, {0, 0}, {0, 1}}, {0, -1, 1}};
  EXPECT_EQ(width_of(ClusterTreeOp(tables), {dense(1)}), 1U);
  tables.nodes[0].left = 2;  // the right child is missing
  EXPECT_FALSE(takes(ClusterTreeOp(tables), {dense(1)}));
  tables.nodes[0].left = 1;
  tables.nodes[1].left = 1;  // itself
  EXPECT_FALSE(takes(ClusterTreeOp(tables), {dense(1)}));
}

TEST(MemberOps, FormsFitTheFeatures) {
  QuadraticFormsOp::Form form;
  form.mean = {0, 0};
  form.matrix = {1, 0, 0, 1, 1, 1};
  EXPECT_EQ(width_of(QuadraticFormsOp(2, 1, {form}), {dense(2)}), 1U);
  form.kind = QuadraticFormsOp::Kind::kBilinear;
  EXPECT_FALSE(takes(QuadraticFormsOp(2, 1, {form}), {dense(2)}));
  form.kind = QuadraticFormsOp::Kind::kDiagonal;
  EXPECT_FALSE(takes(QuadraticFormsOp(2, 1, {form}), {dense(2)}));
  EXPECT_FALSE(takes(QuadraticFormsOp(2, 1, {}), {dense(2)}));
}

TEST(MemberOps, LaplaceTablesFitTheTrainingRows) {
  LaplaceOp::Tables tables{2, {1, 1}, {1, 1}, {1, 0, 1, 1}};
  EXPECT_EQ(width_of(LaplaceOp(tables), {dense(2), dense(1)}), 2U);
  EXPECT_FALSE(takes(LaplaceOp(tables), {dense(3), dense(1)}));
  tables.triangle.pop_back();
  EXPECT_FALSE(takes(LaplaceOp(tables), {dense(2), dense(1)}));
}

TEST(MemberOps, EveryColumnHasItsCategories) {
  CategoricalBayesOp::Tables tables{{{0, 0, 0, 0}, {0, 0}}, {0, 0}};
  EXPECT_EQ(width_of(CategoricalBayesOp(tables), {dense(2)}), 2U);
  EXPECT_FALSE(takes(CategoricalBayesOp(tables), {dense(3)}));
  tables.features[1] = {0, 0, 0};
  EXPECT_FALSE(takes(CategoricalBayesOp(tables), {dense(2)}));
}

TEST(MemberOps, LabelsWithinARadiusAreClasses) {
  RadiusNeighborsOp::Search search;
  search.features = 1;
  search.points = {0, 1, 2};
  NeighborsOp::Targets targets;
  targets.class_counts = {2};
  targets.labels = {0, 1, 1};
  EXPECT_EQ(width_of(RadiusNeighborsOp(search, targets, {false, {2}}), {dense(1)}), 3U);
  EXPECT_FALSE(takes(RadiusNeighborsOp(search, targets, {false, {3}}), {dense(1)}));
  targets.labels[0] = 2;
  EXPECT_FALSE(takes(RadiusNeighborsOp(search, targets, {false, {2}}), {dense(1)}));
  targets.labels = {0, 1};
  EXPECT_FALSE(takes(RadiusNeighborsOp(search, targets, {false, {2}}), {dense(1)}));
}

TEST(MemberOps, ExponentsAreAsManyAsColumns) {
  using Function = UnwarpOp::Function;
  EXPECT_TRUE(takes(UnwarpOp(Function::kBoxCox, {1, 2}), {dense(2)}));
  EXPECT_FALSE(takes(UnwarpOp(Function::kBoxCox, {1}), {dense(2)}));
  EXPECT_TRUE(takes(UnwarpOp(Function::kNormalCdf, {}), {dense(2)}));
}

}  // namespace
}  // namespace slipway
