#include "graph/ops/tree_ensemble.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/heap_bytes.h"
#include "base/huge_pages.h"

namespace slipway {
namespace {

Status check_inputs(const TreeEnsemble& ensemble, std::span<const ValueType> inputs) {
  const bool numbers = !inputs.empty() && (inputs[0].kind == ValueKind::kDense ||
                                           inputs[0].kind == ValueKind::kDense32);
  if (!numbers || inputs.size() > 2) {
    return invalid_argument("expected a dense input, and perhaps a start for the sums");
  }
  if (inputs[0].width != ensemble.features || ensemble.features == 0 ||
      ensemble.features > TreeNode::kFeatureMask) {
    return invalid_argument(
        fmt::format("expected {} features, got {}", ensemble.features, inputs[0].width));
  }
  if (inputs.size() == 2 &&
      (inputs[1].kind != ValueKind::kDense || inputs[1].width != ensemble.outputs)) {
    return invalid_argument(
        fmt::format("expected a dense start for the sums of {} columns", ensemble.outputs));
  }
  return {};
}

Status check_wide_sets(const TreeEnsemble& ensemble) {
  const WideCategorySets& sets = ensemble.wide_category_sets;
  if (sets.offsets.empty() && sets.words.empty()) return {};
  if (!ensemble.category_sets.empty()) {
    return invalid_argument("the ensemble has category sets of two kinds");
  }
  if (sets.offsets.empty() || sets.offsets.front() != 0 ||
      sets.offsets.back() != sets.words.size() ||
      !std::is_sorted(sets.offsets.begin(), sets.offsets.end())) {
    return invalid_argument("the tables of category sets do not fit each other");
  }
  return {};
}

Status check_tables(const TreeEnsemble& ensemble) {
  if (ensemble.outputs == 0 || ensemble.outputs > kWidthMax || ensemble.leaf_width == 0 ||
      ensemble.leaf_width > ensemble.outputs) {
    return invalid_argument(fmt::format("leaves of {} numbers do not fit {} outputs",
                                        ensemble.leaf_width, ensemble.outputs));
  }
  if (ensemble.base.size() != ensemble.outputs) {
    return invalid_argument(fmt::format("expected a base of {} numbers, got {}", ensemble.outputs,
                                        ensemble.base.size()));
  }
  if (!(ensemble.divisor > 0)) {
    return invalid_argument(fmt::format("the divisor must be above 0, it is {}", ensemble.divisor));
  }
  if (ensemble.nodes.size() > TreeEnsembleBuilder::kNodesMax ||
      ensemble.columns.size() != ensemble.roots.size() ||
      ensemble.roots.empty() != ensemble.nodes.empty()) {
    return invalid_argument("the tables of trees and nodes do not fit each other");
  }
  return check_wide_sets(ensemble);
}

Status check_leaf(const TreeEnsemble& ensemble, const TreeNode& node, size_t index) {
  if (node.feature() != 0) return invalid_argument(fmt::format("leaf {} has a feature", index));
  const size_t values = ensemble.leaf_values.size();
  if (ensemble.leaf_width > 1 && (size_t{node.child} + 1) * size_t{ensemble.leaf_width} > values) {
    return invalid_argument(
        fmt::format("leaf {} points to row {} of {} values", index, node.child, values));
  }
  return {};
}

Status check_split(const TreeEnsemble& ensemble, const TreeNode& node, size_t index, size_t end) {
  if (node.child <= index || size_t{node.child} + 1 >= end) {
    return invalid_argument(fmt::format("children of node {} must follow it before node {}, got {}",
                                        index, end, node.child));
  }
  if (node.feature() >= ensemble.features) {
    return invalid_argument(
        fmt::format("node {} splits feature {} of {}", index, node.feature(), ensemble.features));
  }
  if (node.is_categorical()) {
    const size_t narrow = ensemble.category_sets.size();
    const auto sets = static_cast<double>(narrow + ensemble.wide_category_sets.size());
    const double set = node.threshold;
    if (!(set >= 0 && set < sets) || set != static_cast<double>(static_cast<size_t>(set))) {
      return invalid_argument(fmt::format("node {} names category set {} of {}", index, set, sets));
    }
  }
  return {};
}

/// True if all nodes of a tree are right and no split is categorical: what the checks below find
/// too, one after the other, without a branch that depends on the data.
bool are_plain_nodes(const TreeEnsemble& ensemble, size_t begin, size_t end) {
  const bool one_value = ensemble.leaf_width == 1;
  const size_t rows = one_value ? 0 : ensemble.leaf_values.size() / ensemble.leaf_width;
  const auto last_child = static_cast<uint32_t>(end - 1);
  const uint32_t features = ensemble.features;
  uint32_t wrong = 0;
  for (auto i = static_cast<uint32_t>(begin); i < end; ++i) {
    const TreeNode& node = ensemble.nodes[i];
    const uint32_t feature = node.feature();
    const auto wrong_leaf = static_cast<uint32_t>(feature != 0) |
                            static_cast<uint32_t>(!one_value & (node.child >= rows));
    const auto wrong_split =
        static_cast<uint32_t>(node.child <= i) | static_cast<uint32_t>(node.child >= last_child) |
        static_cast<uint32_t>(feature >= features) | static_cast<uint32_t>(node.is_categorical());
    const uint32_t leaf_mask = 0U - static_cast<uint32_t>(node.is_leaf());
    wrong |= (leaf_mask & wrong_leaf) | (~leaf_mask & wrong_split);
  }
  return wrong == 0;
}

Status check_tree(const TreeEnsemble& ensemble, size_t tree) {
  const size_t begin = ensemble.roots[tree];
  const size_t end = ensemble.tree_end(tree);
  if (begin >= end || end > ensemble.nodes.size() || (tree == 0 && begin != 0)) {
    return invalid_argument(fmt::format("tree {} has no nodes of its own", tree));
  }
  if (size_t{ensemble.columns[tree]} + ensemble.leaf_width > ensemble.outputs) {
    return invalid_argument(fmt::format("tree {} adds to output {} of {}", tree,
                                        ensemble.columns[tree], ensemble.outputs));
  }
  if (are_plain_nodes(ensemble, begin, end)) return {};
  for (size_t i = begin; i < end; ++i) {
    const TreeNode& node = ensemble.nodes[i];
    TRY_STATUS(node.is_leaf() ? check_leaf(ensemble, node, i)
                              : check_split(ensemble, node, i, end));
  }
  return {};
}

}  // namespace

Status check_trees(const TreeEnsemble& ensemble, std::span<const ValueType> inputs) {
  TRY_STATUS(check_tables(ensemble));
  TRY_STATUS(check_inputs(ensemble, inputs));
  for (size_t tree = 0; tree < ensemble.roots.size(); ++tree) {
    TRY_STATUS(check_tree(ensemble, tree));
  }
  return {};
}

size_t heap_bytes(const TreeEnsemble& ensemble) {
  return heap_bytes(ensemble.nodes) + heap_bytes(ensemble.roots) + heap_bytes(ensemble.columns) +
         heap_bytes(ensemble.leaf_values) + heap_bytes(ensemble.base) +
         heap_bytes(ensemble.category_sets) + heap_bytes(ensemble.wide_category_sets.offsets) +
         heap_bytes(ensemble.wide_category_sets.words);
}

Result<ValueType> TreeEnsembleOp::infer(std::span<const ValueType> inputs) const {
  if (is_checked_.load(std::memory_order_relaxed)) {
    TRY_STATUS(check_inputs(ensemble, inputs));
  } else {
    TRY_STATUS(check_trees(ensemble, inputs));
    is_checked_.store(true, std::memory_order_relaxed);
  }
  return ValueType{ValueKind::kDense, ensemble.outputs};
}

std::string TreeEnsembleOp::describe() const {
  return fmt::format("{} trees, {} nodes, {} to {}{}", ensemble.roots.size(), ensemble.nodes.size(),
                     ensemble.features, ensemble.outputs,
                     ensemble.category_sets.empty() && ensemble.wide_category_sets.size() == 0
                         ? ""
                         : ", categories");
}

size_t TreeEnsembleOp::size_bytes() const { return heap_bytes(ensemble); }

void TreeEnsembleBuilder::reserve(uint64_t nodes) {
  constexpr uint64_t kReserveMax = uint64_t{1} << 22;  // memory that is not touched costs nothing
  const uint64_t count = std::min(nodes, kReserveMax);
  ensemble_.nodes.reserve(count);
  advise_huge_pages(ensemble_.nodes.data(), count * sizeof(TreeNode));
  if (ensemble_.leaf_width == 1) return;
  const uint64_t values = std::min(count / 2 * ensemble_.leaf_width, 2 * kReserveMax);
  ensemble_.leaf_values.reserve(values);
  advise_huge_pages(ensemble_.leaf_values.data(), values * sizeof(double));
}

int64_t TreeEnsembleBuilder::add_category_set(const CategorySet& set) {
  ensemble_.category_sets.push_back(set);
  return static_cast<int64_t>(ensemble_.category_sets.size()) - 1;
}

Result<int64_t> TreeEnsembleBuilder::add_wide_category_set(std::span<const uint32_t> words) {
  WideCategorySets& sets = ensemble_.wide_category_sets;
  if (words.size() > kCategoryWordsMax - sets.words.size()) {
    return resource_exhausted("the categories of the model's splits need too much memory");
  }
  if (sets.offsets.empty()) sets.offsets.push_back(0);
  sets.words.insert(sets.words.end(), words.begin(), words.end());
  sets.offsets.push_back(static_cast<uint32_t>(sets.words.size()));
  return static_cast<int64_t>(sets.size()) - 1;
}

Status TreeEnsembleBuilder::check_room(size_t nodes) const {
  if (nodes == 0) return invalid_argument("a tree has no nodes");
  if (nodes > kNodesMax - ensemble_.nodes.size() || ensemble_.roots.size() >= kTreesMax) {
    return resource_exhausted(
        fmt::format("over {} tree nodes or {} trees in one model", kNodesMax, kTreesMax));
  }
  return {};
}

Status TreeEnsembleBuilder::begin_tree(size_t nodes, uint32_t column) {
  TRY_STATUS(check_room(nodes));
  const size_t leaves = (nodes + 1) / 2;  // a tree of s splits has s + 1
  const size_t values = ensemble_.leaf_width == 1 ? 0 : leaves * ensemble_.leaf_width;
  if (values > kLeafValuesMax - ensemble_.leaf_values.size()) {
    return resource_exhausted(fmt::format("over {} leaf values in one model", kLeafValuesMax));
  }
  const auto root = static_cast<uint32_t>(ensemble_.nodes.size());
  ensemble_.roots.push_back(root);
  ensemble_.columns.push_back(column);
  ensemble_.nodes.resize(root + nodes);
  ensemble_.leaf_values.resize(ensemble_.leaf_values.size() + values);
  places_.assign(nodes, kNowhere);
  places_[0] = root;
  return {};
}

void TreeEnsembleBuilder::undo_tree(size_t leaf_values) {
  ensemble_.nodes.resize(ensemble_.roots.back());
  ensemble_.leaf_values.resize(leaf_values);
  ensemble_.roots.pop_back();
  ensemble_.columns.pop_back();
}

Status TreeEnsembleBuilder::check_sizes(std::span<const SourceTreeNode> nodes,
                                        std::span<const double> values) const {
  TRY_STATUS(check_room(nodes.size()));
  if (values.size() / ensemble_.leaf_width != nodes.size() ||
      values.size() % ensemble_.leaf_width != 0) {
    return invalid_argument(fmt::format("a tree of {} nodes has {} values, expected {} for each",
                                        nodes.size(), values.size(), ensemble_.leaf_width));
  }
  return {};
}

Status TreeEnsembleBuilder::check_split(std::span<const SourceTreeNode> nodes, size_t index) const {
  const SourceTreeNode& node = nodes[index];
  const auto count = static_cast<int64_t>(nodes.size());
  for (const int64_t child : {node.left, node.right}) {
    if (child < 0 || child >= count) {
      return invalid_argument(fmt::format(
          "child {} of tree node {} does not exist: the tree has {} nodes", child, index, count));
    }
  }
  if (node.feature < 0 || node.feature >= int64_t{ensemble_.features}) {
    return invalid_argument(fmt::format("tree node {} splits feature {} of {}", index, node.feature,
                                        ensemble_.features));
  }
  return {};
}

void TreeEnsembleBuilder::place_leaf(TreeNode& node, std::span<const double> values, size_t index) {
  node.bits = TreeNode::kLeaf;
  if (ensemble_.leaf_width == 1) {
    node.threshold = values[index];
    return;
  }
  const auto row = values.subspan(index * ensemble_.leaf_width, ensemble_.leaf_width);
  node.child = static_cast<uint32_t>(ensemble_.leaf_values.size() / ensemble_.leaf_width);
  ensemble_.leaf_values.insert(ensemble_.leaf_values.end(), row.begin(), row.end());
}

Status TreeEnsembleBuilder::add_tree(std::span<const SourceTreeNode> nodes,
                                     std::span<const double> values, uint32_t column) {
  TRY_STATUS(check_sizes(nodes, values));
  struct Pending {
    size_t source;
    uint32_t place;
  };
  const auto root = static_cast<uint32_t>(ensemble_.nodes.size());
  ensemble_.roots.push_back(root);
  ensemble_.columns.push_back(column);
  ensemble_.nodes.emplace_back();
  std::vector<bool> seen(nodes.size(), false);
  seen[0] = true;
  // Depth first, left before right: the way that most rows go stays close together.
  std::vector<Pending> stack{{0, root}};
  while (!stack.empty()) {
    const auto [source, place] = stack.back();
    stack.pop_back();
    const SourceTreeNode& from = nodes[source];
    if (from.is_leaf) {
      if (ensemble_.leaf_values.size() + ensemble_.leaf_width > kLeafValuesMax) {
        return resource_exhausted(fmt::format("over {} leaf values in one model", kLeafValuesMax));
      }
      ensemble_.nodes[place].child = from.leaf;
      place_leaf(ensemble_.nodes[place], values, source);
      continue;
    }
    TRY_STATUS(check_split(nodes, source));
    const auto left = static_cast<size_t>(from.left);
    const auto right = static_cast<size_t>(from.right);
    if (left == right || seen[left] || seen[right]) {
      return invalid_argument(fmt::format(
          "the children {} and {} of tree node {} have another parent too", left, right, source));
    }
    seen[left] = seen[right] = true;
    const auto child = static_cast<uint32_t>(ensemble_.nodes.size());
    TreeNode& node = ensemble_.nodes[place];
    const bool categorical = from.category_set >= 0;
    node.threshold = categorical ? static_cast<double>(from.category_set) : from.threshold;
    node.child = child;
    node.bits = static_cast<uint32_t>(from.feature) |
                (from.missing_left ? TreeNode::kMissingLeft : 0) |
                (categorical ? TreeNode::kCategorical : 0);
    ensemble_.nodes.resize(ensemble_.nodes.size() + 2);
    stack.push_back({right, child + 1});
    stack.push_back({left, child});
  }
  // Trees can share their tables: only what the tree uses counts against the limits above.
  if (const size_t reached = ensemble_.nodes.size() - root; reached != nodes.size()) {
    return invalid_argument(fmt::format("{} of a tree's {} nodes have no parent",
                                        nodes.size() - reached, nodes.size()));
  }
  return {};
}

}  // namespace slipway
