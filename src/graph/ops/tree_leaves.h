// What can be computed from an ensemble's trees beside the sum of their leaves' numbers: which leaf
// each tree ends in, and sums of linear models in the leaves. The ensemble has leaf_width 1; its
// leaves know their numbers (SourceTreeNode::leaf).
//
//   auto trees = std::make_shared<const TreeEnsemble>(std::move(builder).finish());
//   ValueId sums = TRY(graph.add(std::make_unique<TreeEnsembleOp>(trees), {x}, path));
//   ValueId leaves = TRY(graph.add(std::make_unique<TreeLeavesOp>(trees, false), {x}, path));
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/ops/tree_ensemble.h"

namespace slipway {

/// A column per tree: the number of the leaf that the row ends in.
class TreeLeavesOp final : public Op {
 public:
  /// `counts_memory`: false if another node holds the same ensemble and counts it.
  TreeLeavesOp(std::shared_ptr<const TreeEnsemble> trees, bool counts_memory)
      : shared(std::move(trees)), ensemble(*shared), counts_memory(counts_memory) {}
  std::string_view name() const override { return "tree_leaves"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return counts_memory ? heap_bytes(ensemble) : 0; }

  const std::shared_ptr<const TreeEnsemble> shared;
  const TreeEnsemble& ensemble;
  const bool counts_memory;
};

/// A linear model for each leaf of each tree: the leaf's number is its place in its tree's run.
struct LinearLeaves {
  struct Term {
    uint32_t feature;
    double weight;
  };
  std::vector<uint32_t> tree_starts;  // per tree: its first leaf; one entry more than trees
  std::vector<double> constants;      // per leaf
  std::vector<uint32_t> term_starts;  // per leaf: its first term; one entry more than leaves
  std::vector<Term> terms;
};

/// Sums of the linear models over the trees, each constant first, then its terms in their order.
/// Where one of a leaf's features is NaN, the leaf's own value counts instead. The ensemble's base
/// and divisor are as in TreeEnsembleOp.
class LinearTreesOp final : public Op {
 public:
  LinearTreesOp(std::shared_ptr<const TreeEnsemble> trees, LinearLeaves leaves)
      : shared(std::move(trees)), ensemble(*shared), leaves(std::move(leaves)) {}
  std::string_view name() const override { return "linear_trees"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;

  const std::shared_ptr<const TreeEnsemble> shared;
  const TreeEnsemble& ensemble;
  const LinearLeaves leaves;
};

}  // namespace slipway
