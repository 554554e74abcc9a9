#include "graph/ops/tree_ensemble.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

namespace slipway {
namespace {

constexpr ValueType kInput{ValueKind::kDense, 3};

TreeNode split(uint32_t feature, double threshold, uint32_t child) {
  return {threshold, child, feature};
}

TreeNode leaf(double value) { return {value, 0, TreeNode::kLeaf}; }

/// Two trees: a split of feature 2 with a split of category set 0 on its left, and a single leaf.
TreeEnsemble two_trees() {
  TreeEnsemble trees;
  trees.features = 3;
  trees.base = {0.5};
  trees.category_sets = {CategorySet{6}};
  trees.nodes = {split(2, 1.5, 1), split(0, 0, 3), leaf(7), leaf(1), leaf(2), leaf(9)};
  trees.nodes[1].bits |= TreeNode::kCategorical;
  trees.roots = {0, 5};
  trees.columns = {0, 0};
  return trees;
}

Status infer(TreeEnsemble trees, std::vector<ValueType> inputs = {kInput}) {
  return TreeEnsembleOp(std::move(trees)).infer(inputs).status();
}

TEST(TreeEnsembleTest, AcceptsASoundEnsembleAndGivesItsOutputs) {
  const TreeEnsembleOp op(two_trees());
  const auto type = op.infer(std::vector<ValueType>{kInput});
  ASSERT_TRUE(type.ok()) << type.status().to_string();
  EXPECT_EQ(*type, (ValueType{ValueKind::kDense, 1}));
  EXPECT_EQ(op.describe(), "2 trees, 6 nodes, 3 to 1, categories");
  EXPECT_TRUE(infer(two_trees(), {{ValueKind::kDense32, 3}}).ok());
  EXPECT_TRUE(infer(two_trees(), {kInput, {ValueKind::kDense, 1}}).ok());
}

TEST(TreeEnsembleTest, RefusesEachBrokenInvariant) {
  struct Case {
    const char* what;
    std::function<void(TreeEnsemble&)> damage;
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<Case> cases = {
      {"child beyond the tree", [](auto& t) { t.nodes[0].child = 5; }},
      {"child beyond all nodes", [](auto& t) { t.nodes[0].child = 0xFFFFFFFFU; }},
      {"right child in the next tree", [](auto& t) { t.nodes[0].child = 4; }},
      {"child is its own parent", [](auto& t) { t.nodes[1].child = 1; }},
      {"child before its parent", [](auto& t) { t.nodes[1].child = 0; }},
      {"split without children", [](auto& t) { t.nodes[5] = split(0, 1, 6); }},
      {"feature beyond the width", [](auto& t) { t.nodes[0].bits = 3; }},
      {"leaf with a feature", [](auto& t) { t.nodes[3].bits |= 1; }},
      {"category set that is not there", [](auto& t) { t.nodes[1].threshold = 1; }},
      {"negative category set", [](auto& t) { t.nodes[1].threshold = -1; }},
      {"fractional category set", [](auto& t) { t.nodes[1].threshold = 0.5; }},
      {"category set NaN", [nan](auto& t) { t.nodes[1].threshold = nan; }},
      {"tree without nodes", [](auto& t) { t.roots[1] = 6; }},
      {"roots out of order",
       [](auto& t) {
         t.roots = {0, 0};
       }},
      {"first root not the first node",
       [](auto& t) {
         t.roots = {2, 5};
       }},
      {"nodes without a tree", [](auto& t) { t.roots.clear(), t.columns.clear(); }},
      {"a tree without a column", [](auto& t) { t.columns.pop_back(); }},
      {"column beyond the outputs", [](auto& t) { t.columns[1] = 1; }},
      {"base of another size", [](auto& t) { t.base.push_back(0); }},
      {"no outputs", [](auto& t) { t.outputs = 0, t.base.clear(); }},
      {"leaf wider than the outputs", [](auto& t) { t.leaf_width = 2; }},
      {"leaf of no numbers", [](auto& t) { t.leaf_width = 0; }},
      {"divisor zero", [](auto& t) { t.divisor = 0; }},
      {"divisor NaN", [nan](auto& t) { t.divisor = nan; }},
      {"other number of features", [](auto& t) { t.features = 4; }},
  };
  for (const Case& one : cases) {
    TreeEnsemble trees = two_trees();
    one.damage(trees);
    EXPECT_EQ(infer(trees).code(), StatusCode::kInvalidArgument) << one.what;
  }
}

TEST(TreeEnsembleTest, RefusesALeafRowBeyondTheValues) {
  TreeEnsemble trees;
  trees.features = 3;
  trees.outputs = trees.leaf_width = 2;
  trees.base = {0, 0};
  trees.nodes = {split(0, 0, 1), {0, 0, TreeNode::kLeaf}, {0, 1, TreeNode::kLeaf}};
  trees.roots = trees.columns = {0};
  trees.leaf_values = {1, 2, 3, 4};
  EXPECT_TRUE(infer(trees).ok());
  trees.nodes[2].child = 2;
  EXPECT_EQ(infer(trees).code(), StatusCode::kInvalidArgument);
  trees.nodes[2].child = 0x7FFFFFFF;
  EXPECT_EQ(infer(trees).code(), StatusCode::kInvalidArgument);
}

TEST(TreeEnsembleTest, RefusesInputsOfOtherTypes) {
  EXPECT_FALSE(infer(two_trees(), {}).ok());
  EXPECT_FALSE(infer(two_trees(), {{ValueKind::kString, 3}}).ok());
  EXPECT_FALSE(infer(two_trees(), {{ValueKind::kDense, 2}}).ok());
  EXPECT_FALSE(infer(two_trees(), {kInput, {ValueKind::kDense, 2}}).ok());
  EXPECT_FALSE(infer(two_trees(), {kInput, {ValueKind::kDense32, 1}}).ok());
}

SourceTreeNode source_split(int64_t feature, double threshold, int64_t left, int64_t right) {
  SourceTreeNode node;
  node.feature = feature;
  node.threshold = threshold;
  node.left = left;
  node.right = right;
  return node;
}

SourceTreeNode source_leaf() {
  SourceTreeNode node;
  node.is_leaf = true;
  return node;
}

TreeEnsembleBuilder builder_of(uint32_t leaf_width) {
  TreeEnsemble shape;
  shape.features = 3;
  shape.outputs = shape.leaf_width = leaf_width;
  shape.base.assign(leaf_width, 0.0);
  return TreeEnsembleBuilder(std::move(shape));
}

TEST(TreeEnsembleTest, BuilderPutsSiblingsSideBySideBehindTheirParent) {
  // Children in an order that is not the layout's: 0 -> (4, 1), 1 -> (3, 2).
  const std::vector<SourceTreeNode> nodes = {source_split(1, 0.5, 4, 1), source_split(2, 1.5, 3, 2),
                                             source_leaf(), source_leaf(), source_leaf()};
  TreeEnsembleBuilder builder = builder_of(2);
  const std::vector<double> values = {0, 0, 0, 0, 20, 21, 30, 31, 40, 41};
  ASSERT_TRUE(builder.add_tree(nodes, values, 0).ok());
  const TreeEnsemble trees = std::move(builder).finish();
  ASSERT_TRUE(infer(trees).ok());
  ASSERT_EQ(trees.nodes.size(), 5U);
  const TreeNode& root = trees.nodes[0];
  EXPECT_EQ(root.feature(), 1U);
  EXPECT_EQ(root.threshold, 0.5);
  const auto value = [&](const TreeNode& node) { return trees.leaf_values[node.child * 2]; };
  EXPECT_EQ(value(trees.nodes[root.child]), 40);
  const TreeNode& inner = trees.nodes[root.child + 1];
  EXPECT_EQ(value(trees.nodes[inner.child]), 30);
  EXPECT_EQ(value(trees.nodes[inner.child + 1]), 20);
  EXPECT_EQ(trees.leaf_values.size(), 6U) << "only leaves keep their values";
}

TEST(TreeEnsembleTest, BuilderRefusesTreesThatAreNone) {
  struct Case {
    const char* what;
    std::vector<SourceTreeNode> nodes;
  };
  const std::vector<Case> cases = {
      {"no nodes", {}},
      {"cycle to the root", {source_split(0, 0, 0, 1), source_leaf()}},
      {"cycle below the root",
       {source_split(0, 0, 1, 2), source_split(0, 0, 3, 1), source_leaf(), source_leaf()}},
      {"two parents",
       {source_split(0, 0, 1, 2), source_split(0, 0, 3, 4), source_split(0, 0, 3, 4), source_leaf(),
        source_leaf()}},
      {"both children the same", {source_split(0, 0, 1, 1), source_leaf()}},
      {"child beyond the nodes", {source_split(0, 0, 1, 2), source_leaf()}},
      {"negative child", {source_split(0, 0, -1, 1), source_leaf()}},
      {"feature beyond the width", {source_split(3, 0, 1, 2), source_leaf(), source_leaf()}},
      {"negative feature", {source_split(-2, 0, 1, 2), source_leaf(), source_leaf()}},
  };
  for (const Case& one : cases) {
    TreeEnsembleBuilder builder = builder_of(1);
    const std::vector<double> values(one.nodes.size(), 1.0);
    EXPECT_EQ(builder.add_tree(one.nodes, values, 0).code(), StatusCode::kInvalidArgument)
        << one.what;
  }
  TreeEnsembleBuilder builder = builder_of(2);
  EXPECT_FALSE(builder.add_tree(std::vector{source_leaf()}, std::vector{1.0}, 0).ok())
      << "too few values";
}

struct TreeInOrder {
  std::vector<SourceTreeNode> nodes;
  size_t size() const { return nodes.size(); }
  SourceTreeNode node(size_t i) const { return nodes[i]; }
  void leaf(size_t i, double* out) const {
    out[0] = static_cast<double>(i);
    out[1] = -out[0];
  }
};

TEST(TreeEnsembleTest, AnOrderedTreeIsAddedAsACopyOfItWouldBe) {
  // As scikit-learn grows trees best first: 0 -> (1, 2), 1 -> (3, 4), 2 -> (5, 6).
  const TreeInOrder tree = {{source_split(1, 0.5, 1, 2), source_split(2, 1.5, 3, 4),
                             source_split(0, 2.5, 5, 6), source_leaf(), source_leaf(),
                             source_leaf(), source_leaf()}};
  TreeEnsembleBuilder builder = builder_of(2);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(builder.add_ordered_tree(tree, 0).value());
  const TreeEnsemble trees = std::move(builder).finish();
  ASSERT_TRUE(infer(trees).ok());
  ASSERT_EQ(trees.roots, (std::vector<uint32_t>{0, 7}));
  ASSERT_EQ(trees.leaf_values.size(), 16U);
  for (const uint32_t root : trees.roots) {
    std::vector<double> leaves;
    const TreeNode* nodes = trees.nodes.data();
    EXPECT_EQ(nodes[root].feature(), 1U);
    for (const uint32_t inner : {nodes[root].child, nodes[root].child + 1}) {
      for (const uint32_t leaf : {nodes[inner].child, nodes[inner].child + 1}) {
        leaves.push_back(trees.leaf_values[nodes[leaf].child * 2]);
        leaves.push_back(trees.leaf_values[nodes[leaf].child * 2 + 1]);
      }
    }
    EXPECT_EQ(leaves, (std::vector<double>{3, -3, 4, -4, 5, -5, 6, -6}));
  }
}

TEST(TreeEnsembleTest, ATreeThatIsNotInOrderLeavesNothingBehind) {
  const std::vector<TreeInOrder> cases = {
      {{source_split(1, 0.5, 4, 1), source_split(2, 1.5, 3, 2), source_leaf(),
        source_split(0, 0, 0, 1), source_leaf()}},
      {{source_split(1, 0.5, 2, 3), source_leaf(), source_leaf(), source_leaf()}},
      {{source_split(0, 0, 1, 1), source_leaf()}},
      {{source_split(0, 0, 1, 9), source_leaf()}},
      {{source_split(0, 0, -1, 1), source_leaf()}},
      {{source_split(3, 0, 1, 2), source_leaf(), source_leaf()}},
      {{source_split(-2, 0, 1, 2), source_leaf(), source_leaf()}},
  };
  TreeEnsembleBuilder builder = builder_of(2);
  for (const TreeInOrder& one : cases) {
    EXPECT_FALSE(builder.add_ordered_tree(one, 0).value());
  }
  EXPECT_FALSE(builder.add_ordered_tree(TreeInOrder{}, 0).ok());
  ASSERT_TRUE(builder.add_ordered_tree(TreeInOrder{{source_leaf()}}, 0).value());
  const TreeEnsemble trees = std::move(builder).finish();
  EXPECT_EQ(trees.nodes.size(), 1U);
  EXPECT_EQ(trees.leaf_values, (std::vector<double>{0, -0.0}));
  EXPECT_TRUE(infer(trees).ok());
}

TEST(TreeEnsembleTest, BuilderTakesAVeryDeepTreeWithoutRecursion) {
  constexpr size_t kDepth = 200000;
  std::vector<SourceTreeNode> nodes;
  for (size_t i = 0; i < kDepth; ++i) {
    const auto next = static_cast<int64_t>(nodes.size()) + 1;
    nodes.push_back(source_split(0, static_cast<double>(i), next + 1, next));
    nodes.push_back(source_leaf());
  }
  nodes.push_back(source_leaf());
  TreeEnsembleBuilder builder = builder_of(1);
  ASSERT_TRUE(builder.add_tree(nodes, std::vector<double>(nodes.size(), 1.0), 0).ok());
  EXPECT_TRUE(infer(std::move(builder).finish()).ok());
}

}  // namespace
}  // namespace slipway
