#include "graph/ops/tree_leaves.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/heap_bytes.h"

namespace slipway {
namespace {

Status check_numbered(const TreeEnsemble& ensemble, std::span<const ValueType> inputs) {
  TRY_STATUS(check_trees(ensemble, inputs));
  if (ensemble.leaf_width != 1 || inputs.size() != 1 || inputs[0].kind != ValueKind::kDense) {
    return invalid_argument("expected trees of leaves with one number, and one dense input");
  }
  return {};
}

/// True if `starts` has an entry for each of `count` and one more, ascending from 0 to `end`.
bool are_starts(const std::vector<uint32_t>& starts, size_t count, size_t end) {
  return starts.size() == count + 1 && starts.front() == 0 && starts.back() == end &&
         std::is_sorted(starts.begin(), starts.end());
}

}  // namespace

Result<ValueType> TreeLeavesOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(check_numbered(ensemble, inputs));
  if (ensemble.roots.empty() || ensemble.roots.size() > kWidthMax) {
    return invalid_argument(fmt::format("expected trees, got {}", ensemble.roots.size()));
  }
  return ValueType{ValueKind::kDense, static_cast<uint32_t>(ensemble.roots.size())};
}

std::string TreeLeavesOp::describe() const {
  return fmt::format("{} trees, {} nodes", ensemble.roots.size(), ensemble.nodes.size());
}

Result<ValueType> LinearTreesOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(check_numbered(ensemble, inputs));
  if (!are_starts(leaves.tree_starts, ensemble.roots.size(), leaves.constants.size()) ||
      !are_starts(leaves.term_starts, leaves.constants.size(), leaves.terms.size())) {
    return invalid_argument("the tables of linear models do not fit each other");
  }
  for (const LinearLeaves::Term& term : leaves.terms) {
    if (term.feature >= ensemble.features) {
      return invalid_argument(
          fmt::format("a leaf uses feature {} of {}", term.feature, ensemble.features));
    }
  }
  for (size_t tree = 0; tree < ensemble.roots.size(); ++tree) {
    const uint32_t count = leaves.tree_starts[tree + 1] - leaves.tree_starts[tree];
    for (uint32_t i = ensemble.roots[tree]; i < ensemble.tree_end(tree); ++i) {
      const TreeNode& node = ensemble.nodes[i];
      if (node.is_leaf() && node.child >= count) {
        return invalid_argument(
            fmt::format("tree {} has leaf {}, but linear models for {}", tree, node.child, count));
      }
    }
  }
  return ValueType{ValueKind::kDense, ensemble.outputs};
}

std::string LinearTreesOp::describe() const {
  return fmt::format("{} trees, {} nodes, {} terms, {} to {}", ensemble.roots.size(),
                     ensemble.nodes.size(), leaves.terms.size(), ensemble.features,
                     ensemble.outputs);
}

size_t LinearTreesOp::size_bytes() const {
  return heap_bytes(ensemble) + heap_bytes(leaves.tree_starts) + heap_bytes(leaves.constants) +
         heap_bytes(leaves.term_starts) + heap_bytes(leaves.terms);
}

}  // namespace slipway
