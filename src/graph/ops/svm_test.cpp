#include "graph/ops/svm.h"

#include <gtest/gtest.h>

namespace slipway {
namespace {

constexpr ValueType kTwo{ValueKind::kDense, 2};

SvmOp::Tables three_classes() {
  return {2, std::vector<double>(8, 1.0), {2, 1, 1}, std::vector<double>(8, 0.5), {1, 2, 3}};
}

bool accepts(const SvmOp::Tables& tables, const ValueType& input = kTwo) {
  return SvmOp({}, tables).infer({&input, 1}).ok();
}

TEST(SvmOp, GivesOneDecisionPerPairOfClasses) {
  const SvmOp op({}, three_classes());
  const auto type = op.infer({&kTwo, 1});
  ASSERT_TRUE(type.ok()) << type.status().to_string();
  EXPECT_EQ(*type, (ValueType{ValueKind::kDense, 3}));
}

TEST(SvmOp, GivesOneColumnWithoutClasses) {
  EXPECT_TRUE(accepts({2, {1, 2, 3, 4}, {}, {0.5, 1}, {0}}));
}

TEST(SvmOp, RefusesTablesThatDoNotFitEachOther) {
  SvmOp::Tables tables = three_classes();
  tables.counts = {2, 1, 2};
  EXPECT_FALSE(accepts(tables)) << "more support vectors counted than there are";
  tables.counts = {UINT32_MAX, UINT32_MAX, 6};
  EXPECT_FALSE(accepts(tables)) << "counts that would overflow";
  tables = three_classes();
  tables.counts = {4};
  EXPECT_FALSE(accepts(tables)) << "a single class";
  tables = three_classes();
  tables.dual.pop_back();
  EXPECT_FALSE(accepts(tables)) << "a dual coefficient is missing";
  tables = three_classes();
  tables.vectors.pop_back();
  EXPECT_FALSE(accepts(tables)) << "a coordinate is missing";
  tables = three_classes();
  tables.intercepts.pop_back();
  EXPECT_FALSE(accepts(tables)) << "an intercept is missing";
  EXPECT_FALSE(accepts(three_classes(), {ValueKind::kDense, 3})) << "another input width";
  EXPECT_FALSE(accepts(three_classes(), {ValueKind::kString, 2})) << "texts";
}

TEST(SvmPairOps, RefuseAnotherNumberOfPairs) {
  const ValueType three{ValueKind::kDense, 3};
  EXPECT_TRUE(SvmVoteOp(3).infer({&three, 1}).ok());
  EXPECT_FALSE(SvmVoteOp(4).infer({&three, 1}).ok());
  EXPECT_FALSE(SvmVoteOp(1).infer({&three, 1}).ok());
  EXPECT_FALSE(SvmVoteOp(UINT32_MAX).infer({&three, 1}).ok());
  EXPECT_TRUE(SvmOneVsRestOp(3).infer({&three, 1}).ok());
  EXPECT_FALSE(SvmOneVsRestOp(2).infer({&three, 1}).ok());
  EXPECT_TRUE(SvmProbabilityOp(3, {1, 2, 3}, {1, 2, 3}).infer({&three, 1}).ok());
  EXPECT_FALSE(SvmProbabilityOp(3, {1, 2}, {1, 2, 3}).infer({&three, 1}).ok());
  EXPECT_FALSE(SvmProbabilityOp(3, {1, 2, 3}, {1, 2}).infer({&three, 1}).ok());
}

}  // namespace
}  // namespace slipway
