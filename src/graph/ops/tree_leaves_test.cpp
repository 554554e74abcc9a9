#include "graph/ops/tree_leaves.h"

#include <gtest/gtest.h>

#include <functional>

#include "graph/ops/score_link.h"

namespace slipway {
namespace {

constexpr ValueType kInput{ValueKind::kDense, 2};

/// A split of feature 0 with two leaves, and a tree of one leaf.
TreeEnsemble two_trees() {
  TreeEnsemble shape;
  shape.features = 2;
  shape.base = {0};
  TreeEnsembleBuilder builder(std::move(shape));
  std::vector<SourceTreeNode> nodes(3);
  nodes[0].left = 1;
  nodes[0].right = 2;
  nodes[1].is_leaf = nodes[2].is_leaf = true;
  nodes[2].leaf = 1;
  EXPECT_TRUE(builder.add_tree(nodes, std::vector<double>{0, 10, 20}, 0).ok());
  EXPECT_TRUE(builder.add_tree(std::vector(1, nodes[1]), std::vector<double>{5}, 0).ok());
  return std::move(builder).finish();
}

LinearLeaves linear_leaves() {
  return {{0, 2, 3}, {1, 2, 3}, {0, 1, 1, 3}, {{0, 0.5}, {1, 2}, {0, 3}}};
}

Status infer_leaves(TreeEnsemble trees, const std::vector<ValueType>& inputs = {kInput}) {
  return TreeLeavesOp(std::make_shared<const TreeEnsemble>(std::move(trees)), true)
      .infer(inputs)
      .status();
}

Status infer_linear(TreeEnsemble trees, LinearLeaves leaves) {
  const LinearTreesOp op(std::make_shared<const TreeEnsemble>(std::move(trees)), std::move(leaves));
  return op.infer(std::vector<ValueType>{kInput}).status();
}

TEST(TreeLeavesTest, GivesAColumnForEachTree) {
  const auto trees = std::make_shared<const TreeEnsemble>(two_trees());
  const TreeLeavesOp op(trees, false);
  const auto type = op.infer(std::vector<ValueType>{kInput});
  ASSERT_TRUE(type.ok()) << type.status().to_string();
  EXPECT_EQ(*type, (ValueType{ValueKind::kDense, 2}));
  EXPECT_EQ(op.size_bytes(), 0U) << "another node counts the ensemble";
  EXPECT_EQ(TreeLeavesOp(trees, true).size_bytes(), TreeEnsembleOp(trees).size_bytes());
}

TEST(TreeLeavesTest, RefusesOtherInputsAndBrokenTrees) {
  EXPECT_FALSE(infer_leaves(two_trees(), {}).ok());
  EXPECT_FALSE(infer_leaves(two_trees(), {{ValueKind::kDense, 3}}).ok());
  EXPECT_FALSE(infer_leaves(two_trees(), {{ValueKind::kDense32, 2}}).ok());
  EXPECT_FALSE(infer_leaves(two_trees(), {kInput, {ValueKind::kDense, 1}}).ok());
  TreeEnsemble trees = two_trees();
  trees.nodes[0].child = 0;
  EXPECT_FALSE(infer_leaves(trees).ok());
  EXPECT_FALSE(infer_leaves(TreeEnsemble{.features = 2, .base = {0}}).ok());
}

TEST(TreeLeavesTest, LinearTreesRefuseEachBrokenInvariant) {
  ASSERT_TRUE(infer_linear(two_trees(), linear_leaves()).ok())
      << infer_linear(two_trees(), linear_leaves()).to_string();
  const std::vector<std::function<void(LinearLeaves&)>> damages = {
      [](auto& l) { l.tree_starts.clear(); },        [](auto& l) { l.tree_starts = {0, 3}; },
      [](auto& l) { l.tree_starts = {0, 1, 3}; },    [](auto& l) { l.tree_starts = {0, 4, 3}; },
      [](auto& l) { l.tree_starts = {1, 2, 3}; },    [](auto& l) { l.constants.pop_back(); },
      [](auto& l) { l.term_starts = {0, 1, 1}; },    [](auto& l) { l.term_starts = {0, 2, 1, 3}; },
      [](auto& l) { l.term_starts = {0, 1, 1, 4}; }, [](auto& l) { l.terms[1].feature = 2; },
  };
  for (size_t i = 0; i < damages.size(); ++i) {
    LinearLeaves leaves = linear_leaves();
    damages[i](leaves);
    EXPECT_EQ(infer_linear(two_trees(), std::move(leaves)).code(), StatusCode::kInvalidArgument)
        << i;
  }
  TreeEnsemble trees = two_trees();
  trees.nodes[2].child = 2;
  EXPECT_FALSE(infer_linear(trees, linear_leaves()).ok()) << "a leaf without a linear model";
}

TEST(TreeLeavesTest, WideCategorySetsMustFitTheirTables) {
  TreeEnsemble shape;
  shape.features = 2;
  shape.base = {0};
  TreeEnsembleBuilder builder(std::move(shape));
  EXPECT_EQ(builder.add_wide_category_set(std::vector<uint32_t>{1, 2}).value(), 0);
  EXPECT_EQ(builder.add_wide_category_set({}).value(), 1);
  std::vector<SourceTreeNode> nodes(3);
  nodes[0].left = 1;
  nodes[0].right = 2;
  nodes[0].category_set = 1;
  nodes[1].is_leaf = nodes[2].is_leaf = true;
  ASSERT_TRUE(builder.add_tree(nodes, std::vector<double>{0, 1, 2}, 0).ok());
  const TreeEnsemble sound = std::move(builder).finish();
  ASSERT_TRUE(infer_leaves(sound).ok());
  const std::vector<std::function<void(TreeEnsemble&)>> damages = {
      [](auto& t) {
        t.wide_category_sets.offsets = {0, 2};
      },  // no set 1
      [](auto& t) {
        t.wide_category_sets.offsets = {0, 3, 2};
      },
      [](auto& t) {
        t.wide_category_sets.offsets = {1, 2, 2};
      },
      [](auto& t) { t.wide_category_sets.offsets.clear(); },
      [](auto& t) { t.wide_category_sets.words.pop_back(); },
      [](auto& t) { t.category_sets.push_back({}); },
  };
  for (size_t i = 0; i < damages.size(); ++i) {
    TreeEnsemble trees = sound;
    damages[i](trees);
    EXPECT_EQ(infer_leaves(trees).code(), StatusCode::kInvalidArgument) << i;
  }
}

TEST(ScoreLinkTest, RefusesWhatItsKernelsCannotTake) {
  const std::vector<ValueType> strings = {{ValueKind::kString, 2}};
  EXPECT_FALSE(ScoreLinkOp(ScoreLinkOp::Function::kSigmoid).infer(strings).ok());
  EXPECT_FALSE(ZeroAsMissingOp(1, {{0, true}}).infer(strings).ok());
  EXPECT_FALSE(ZeroAsMissingOp(1, {}).infer(std::vector{kInput}).ok());
  EXPECT_FALSE(ZeroAsMissingOp(1, {{2, true}}).infer(std::vector{kInput}).ok());
  const auto type =
      ZeroAsMissingOp(1, {{1, true}, {1, false}, {0, true}}).infer(std::vector{kInput});
  ASSERT_TRUE(type.ok());
  EXPECT_EQ(type->width, 3U);
}

}  // namespace
}  // namespace slipway
