#include "writers/tree_layout.h"

#include <gtest/gtest.h>

#include <vector>

namespace slipway::writers {
namespace {

TEST(ObliviousTrees, BecomePlainTreesWithTheSameLeaves) {
  ObliviousEnsemble oblivious;
  oblivious.columns = 2;
  oblivious.borders = {0.5F, 1.5F};
  oblivious.features = {{0, 0, 1, false}, {1, 1, 1, true}};
  oblivious.depths = {2};
  oblivious.splits = {{0, 1}, {1, 1}};  // bit 0: the first feature, bit 1: the second
  oblivious.leaf_values = {10, 11, 12, 13};
  const Result<TreeEnsemble> trees = expand(oblivious);
  ASSERT_TRUE(trees.ok());
  const auto leaf = [&](double a, double b) {
    const double x[] = {a, b};
    uint32_t at = 0;
    while (!trees->nodes[at].is_leaf()) {
      const TreeNode& node = trees->nodes[at];
      at = node.child + (x[node.feature()] <= node.threshold ? 0 : 1);
    }
    return trees->nodes[at].threshold;
  };
  EXPECT_EQ(leaf(0, 0), 10);
  EXPECT_EQ(leaf(1, 0), 11);
  EXPECT_EQ(leaf(0, 2), 12);
  EXPECT_EQ(leaf(1, 2), 13);
}

}  // namespace
}  // namespace slipway::writers
