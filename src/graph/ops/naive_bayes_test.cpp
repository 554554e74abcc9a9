#include "graph/ops/naive_bayes.h"

#include <gtest/gtest.h>

namespace slipway {
namespace {

constexpr ValueType kTwo{ValueKind::kDense, 2};

bool accepts(const GaussianBayesOp::Tables& tables) {
  return GaussianBayesOp(tables).infer({&kTwo, 1}).ok();
}

TEST(GaussianBayesOp, RefusesTablesThatDoNotFitEachOther) {
  EXPECT_TRUE(accepts({2, {1, 2, 3, 4}, {1, 2, 3, 4}, {0.5, 0.5}}));
  EXPECT_FALSE(accepts({2, {1, 2, 3}, {1, 2, 3}, {0.5, 0.5}}));
  EXPECT_FALSE(accepts({2, {1, 2, 3, 4}, {1, 2, 3}, {0.5, 0.5}}));
  EXPECT_FALSE(accepts({2, {1, 2, 3, 4}, {1, 2, 3, 4}, {1}}));
  EXPECT_FALSE(accepts({2, {}, {}, {}}));
  EXPECT_FALSE(accepts({4, {1, 2, 3, 4}, {1, 2, 3, 4}, {1}}));
}

TEST(LogNormalizeOp, KeepsTheTypeAndRefusesOthers) {
  EXPECT_EQ(*LogNormalizeOp().infer({&kTwo, 1}), kTwo);
  const ValueType sparse{ValueKind::kSparse, 2, 2};
  EXPECT_FALSE(LogNormalizeOp().infer({&sparse, 1}).ok());
  const ValueType empty{ValueKind::kDense, 0};
  EXPECT_FALSE(LogNormalizeOp().infer({&empty, 1}).ok());
}

}  // namespace
}  // namespace slipway
