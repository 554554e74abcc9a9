// Ensembles of decision trees: single trees, forests and boosted trees of every library.
//
//   reader --TreeEnsembleBuilder--> TreeEnsemble --TreeEnsembleOp--> kernels
//
// All trees lie in one flat array of 16-byte nodes. The two children of a split stand side by side
// and behind their parent, so that one index names both, a walk only moves forward and ends.
//
//   TreeEnsembleBuilder builder({.features = 4, .outputs = 3, .leaf_width = 3, .divisor = 100});
//   for (...) TRY_STATUS(builder.add_tree(nodes, leaf_values, 0));
//   ValueId y = TRY(graph.add(std::make_unique<TreeEnsembleOp>(std::move(builder).finish()), {x}));
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace slipway {

/// A split sends a row left where `x[feature] <= threshold`, right otherwise; NaN goes left if the
/// missing_left bit is set. A categorical split sends a row left where its set holds the category.
struct TreeNode {
  static constexpr uint32_t kLeaf = 1U << 31;
  static constexpr uint32_t kMissingLeft = 1U << 30;
  static constexpr uint32_t kCategorical = 1U << 29;
  static constexpr uint32_t kFeatureMask = kCategorical - 1;

  /// Split: the threshold; of a categorical split the index of its set, a whole number. Leaf of an
  /// ensemble whose leaf_width is 1: its value.
  double threshold = 0;
  /// Split: index of the left child, the right one follows it. Leaf: its row in leaf_values; of an
  /// ensemble whose leaf_width is 1 the leaf's number in its own library (SourceTreeNode::leaf).
  uint32_t child = 0;
  /// The feature (0 for leaves) and the flags above.
  uint32_t bits = kLeaf;

  bool is_leaf() const { return (bits & kLeaf) != 0; }
  bool missing_left() const { return (bits & kMissingLeft) != 0; }
  bool is_categorical() const { return (bits & kCategorical) != 0; }
  uint32_t feature() const { return bits & kFeatureMask; }
};
static_assert(sizeof(TreeNode) == 16);

/// The categories 0 to 255 that go left, as bits. A number's category is its integral part modulo
/// 256, and 0 if that does not fit int32 (what scikit-learn's conversion gives on x86).
using CategorySet = std::array<uint32_t, 8>;

/// Sets of categories of any size, for libraries that know more than 256: set s holds category c
/// if it has the word offsets[s] + c / 32 (below offsets[s + 1]) and that has the bit c % 32. A
/// number's category is its integral part; below 0, beyond the set or beyond int32 it is in none.
struct WideCategorySets {
  std::vector<uint32_t> offsets;  // ascending from 0, one more than there are sets; or empty
  std::vector<uint32_t> words;

  size_t size() const { return offsets.empty() ? 0 : offsets.size() - 1; }
};

struct TreeEnsemble {
  uint32_t features = 0;    // columns of the input
  uint32_t outputs = 1;     // columns of the result
  uint32_t leaf_width = 1;  // numbers in each leaf
  /// The sum over the trees, in their order, is divided by this at the end.
  double divisor = 1;
  std::vector<double> base;         // what the sums start from: one number per output
  std::vector<TreeNode> nodes;      // tree after tree, each with its root first
  std::vector<uint32_t> roots;      // first node of each tree, ascending
  std::vector<uint32_t> columns;    // per tree: the output that the leaf's first number goes to
  std::vector<double> leaf_values;  // rows of leaf_width numbers; empty if leaf_width is 1
  std::vector<CategorySet> category_sets;
  WideCategorySets wide_category_sets;  // an ensemble has sets of one kind only
  /// Numbers below 0 are taken modulo 256 as well; otherwise they are missing where a category is
  /// asked for.
  bool negative_categories = false;
  /// Sums are rounded to float32 after each tree, and base and leaves hold float32 numbers: what a
  /// library that adds in float32 gets (the sum of two of its numbers is exact in float64).
  bool float_sums = false;

  uint32_t tree_end(size_t tree) const {
    return tree + 1 < roots.size() ? roots[tree + 1] : static_cast<uint32_t>(nodes.size());
  }
};

/// Takes a dense matrix of float64, or of float32 as scikit-learn's trees see it. A second dense
/// input of `outputs` columns, where there is one, is what the sums start from instead of `base`.
class TreeEnsembleOp final : public Op {
 public:
  explicit TreeEnsembleOp(TreeEnsemble ensemble)
      : TreeEnsembleOp(std::make_shared<const TreeEnsemble>(std::move(ensemble))) {}
  /// Shares the ensemble with other ops (tree_leaves.h).
  explicit TreeEnsembleOp(std::shared_ptr<const TreeEnsemble> trees)
      : shared(std::move(trees)), ensemble(*shared) {}
  std::string_view name() const override { return "tree_ensemble"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;

  const std::shared_ptr<const TreeEnsemble> shared;
  const TreeEnsemble& ensemble;

 private:
  // The trees do not change: a graph that asks again need not wait for another look at all nodes.
  mutable std::atomic<bool> is_checked_ = false;
};

/// What the op's infer() proves of the trees and of their input; for ops that walk them too.
Status check_trees(const TreeEnsemble& ensemble, std::span<const ValueType> inputs);
/// Memory of the tables.
size_t heap_bytes(const TreeEnsemble& ensemble);

/// A node as files have it: children anywhere in the tree's own array.
struct SourceTreeNode {
  bool is_leaf = false;
  bool missing_left = false;
  int64_t left = 0;
  int64_t right = 0;
  int64_t feature = 0;
  double threshold = 0;
  int64_t category_set = -1;  // index into category_sets; -1: a numeric split
  uint32_t leaf = 0;          // kept if leaf_width is 1
};

/// Brings trees into the layout above.
class TreeEnsembleBuilder {
 public:
  static constexpr size_t kNodesMax = size_t{1} << 26;
  static constexpr size_t kLeafValuesMax = size_t{1} << 27;
  static constexpr size_t kTreesMax = size_t{1} << 20;
  static constexpr size_t kCategoryWordsMax = size_t{1} << 28;

  /// Sizes, divisor and base; no trees yet.
  explicit TreeEnsembleBuilder(TreeEnsemble shape) : ensemble_(std::move(shape)) {}

  /// Room for so many nodes, within bounds; more is made as needed.
  void reserve(uint64_t nodes);
  /// The set's index, for SourceTreeNode.
  int64_t add_category_set(const CategorySet& set);
  /// The same for a set of any size. RESOURCE_EXHAUSTED beyond kCategoryWordsMax.
  Result<int64_t> add_wide_category_set(std::span<const uint32_t> words);
  /// Appends a tree whose root is node 0. `values` holds leaf_width numbers for each node.
  /// INVALID_ARGUMENT where a child or feature is out of range or a node has two parents (or is its
  /// own ancestor); RESOURCE_EXHAUSTED beyond the limits above.
  Status add_tree(std::span<const SourceTreeNode> nodes, std::span<const double> values,
                  uint32_t column);
  /// The same for a tree in which every node comes after its parent, without a copy: `source` has
  /// size(), node(i) and leaf(i, out), which writes leaf_width numbers. False, with nothing added,
  /// if it is no such tree: add_tree() then says what is wrong, if anything is.
  template <typename Source>
  Result<bool> add_ordered_tree(const Source& source, uint32_t column);
  TreeEnsemble finish() && { return std::move(ensemble_); }

 private:
  static constexpr uint32_t kNowhere = UINT32_MAX;

  Status check_room(size_t nodes) const;
  Status check_sizes(std::span<const SourceTreeNode> nodes, std::span<const double> values) const;
  Status check_split(std::span<const SourceTreeNode> nodes, size_t index) const;
  void place_leaf(TreeNode& node, std::span<const double> values, size_t index);
  /// Room for a tree of so many nodes, and for the leaves that it then has.
  Status begin_tree(size_t nodes, uint32_t column);
  void undo_tree(size_t leaf_values);

  TreeEnsemble ensemble_;
  std::vector<uint32_t> places_;  // of the nodes of the tree that is being added
};

template <typename Source>
Result<bool> TreeEnsembleBuilder::add_ordered_tree(const Source& source, uint32_t column) {
  const size_t size = source.size();
  const size_t leaf_values = ensemble_.leaf_values.size();
  TRY_STATUS(begin_tree(size, column));
  const uint32_t width = ensemble_.leaf_width;
  TreeNode* const nodes = ensemble_.nodes.data();
  uint32_t next = places_[0] + 1;
  size_t leaf_row = leaf_values / width;
  for (size_t i = 0; i < size; ++i) {
    const SourceTreeNode from = source.node(i);
    if (places_[i] == kNowhere) {
      undo_tree(leaf_values);
      return false;
    }
    TreeNode& node = nodes[places_[i]];
    if (from.is_leaf) {
      node.child = width == 1 ? from.leaf : static_cast<uint32_t>(leaf_row);
      node.bits = TreeNode::kLeaf;
      source.leaf(i, width == 1 ? &node.threshold : &ensemble_.leaf_values[leaf_row++ * width]);
      continue;
    }
    const auto left = static_cast<uint64_t>(from.left);
    const auto right = static_cast<uint64_t>(from.right);
    const bool is_right = left < size && right < size && left != right &&
                          places_[left] == kNowhere && places_[right] == kNowhere &&
                          static_cast<uint64_t>(from.feature) < ensemble_.features;
    if (!is_right) {
      undo_tree(leaf_values);
      return false;
    }
    const bool categorical = from.category_set >= 0;
    node.threshold = categorical ? static_cast<double>(from.category_set) : from.threshold;
    node.child = next;
    node.bits = static_cast<uint32_t>(from.feature) |
                (from.missing_left ? TreeNode::kMissingLeft : 0) |
                (categorical ? TreeNode::kCategorical : 0);
    places_[left] = next;
    places_[right] = next + 1;
    next += 2;
  }
  return true;
}

}  // namespace slipway
