#include "formats/onnx/internal/forest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace slipway::onnx {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr size_t kNoNode = SIZE_MAX;
constexpr size_t kNodesMax = size_t{1} << 24;
constexpr size_t kMembersMax = 4096;  // of one merged test
constexpr size_t kMergesMax = size_t{1} << 24;

/// Makes the graph's trees, collecting the membership tests on the way.
class ForestLowering {
 public:
  ForestLowering(const Forest& forest, uint32_t targets, TreeCombine combine, uint32_t width)
      : forest_(forest), targets_(targets), combine_(combine), width_(width) {}

  Status collect_tests();
  Result<TreeEnsemble> ensemble();
  std::vector<TensorMembershipOp::Test> take_tests() { return std::move(tests_); }

 private:
  /// A node in its place in one tree. Converters let several splits share a child: here it is there
  /// for each of them.
  struct Placed {
    size_t node = 0;
    size_t if_true = 0;  // places in the same list
    size_t if_false = 0;
  };
  /// The nodes of the tree from its root on, parents before children.
  Result<std::vector<Placed>> order_of(size_t root);
  SourceTreeNode split_of(const ForestNode& node, size_t if_true, size_t if_false) const;
  bool is_narrow() const;

  const Forest& forest_;
  const uint32_t targets_;
  const TreeCombine combine_;
  const uint32_t width_;
  std::vector<TensorMembershipOp::Test> tests_;
  std::map<std::pair<uint32_t, std::vector<double>>, uint32_t> test_columns_;
  size_t placed_ = 0;  // nodes of all trees
};

std::vector<double> members_of(const ForestNode& node) {
  if (node.test == TreeTest::kMember) return node.members;
  return std::isnan(node.value) ? std::vector<double>() : std::vector<double>{node.value};
}

bool is_membership(TreeTest test) {
  return test == TreeTest::kEqual || test == TreeTest::kNotEqual || test == TreeTest::kMember;
}

Status ForestLowering::collect_tests() {
  std::vector<bool> seen(forest_.nodes.size(), false);
  std::vector<size_t> pending = forest_.roots;
  while (!pending.empty()) {
    const size_t at = pending.back();
    pending.pop_back();
    if (at >= seen.size() || seen[at]) continue;
    seen[at] = true;
    const ForestNode& node = forest_.nodes[at];
    if (node.test != TreeTest::kLeaf && node.feature >= width_) {
      return invalid_argument(fmt::format("a tree tests feature {} of {}", node.feature, width_));
    }
    if (node.test != TreeTest::kLeaf) {
      pending.push_back(node.if_true);
      pending.push_back(node.if_false);
    }
    if (!is_membership(node.test)) continue;
    std::vector<double> members = members_of(node);
    const auto column = width_ + static_cast<uint32_t>(tests_.size());
    if (test_columns_.emplace(std::pair(node.feature, members), column).second) {
      tests_.push_back({node.feature, std::move(members)});
    }
  }
  return {};
}

Result<std::vector<ForestLowering::Placed>> ForestLowering::order_of(size_t root) {
  std::vector<Placed> order = {{root, 0, 0}};
  for (size_t i = 0; i < order.size(); ++i) {
    const size_t at = order[i].node;
    if (at >= forest_.nodes.size()) return invalid_argument("a tree's child does not exist");
    // A cycle ends here too.
    if (++placed_ > kNodesMax) {
      return resource_exhausted(
          fmt::format("its trees have too many nodes or go in circles, limit {}", kNodesMax));
    }
    const ForestNode& node = forest_.nodes[at];
    if (node.test == TreeTest::kLeaf) continue;
    order[i].if_true = order.size();
    order[i].if_false = order.size() + 1;
    order.push_back({node.if_true, 0, 0});
    order.push_back({node.if_false, 0, 0});
  }
  return order;
}

SourceTreeNode ForestLowering::split_of(const ForestNode& node, size_t if_true,
                                        size_t if_false) const {
  SourceTreeNode split;
  split.feature = node.feature;
  split.threshold = node.value;
  bool left_is_true = true;
  switch (node.test) {
    case TreeTest::kLessOrEqual: break;
    case TreeTest::kLess: split.threshold = std::nextafter(node.value, -kInfinity); break;
    case TreeTest::kGreater: left_is_true = false; break;
    case TreeTest::kGreaterOrEqual:
      left_is_true = false;
      split.threshold = std::nextafter(node.value, -kInfinity);
      break;
    default:  // 1 is in the set
      left_is_true = node.test == TreeTest::kNotEqual;
      split.threshold = 0.5;
      split.feature = test_columns_.at({node.feature, members_of(node)});
  }
  // A missing value is not less, not greater and not equal: all tests but "not equal" are false.
  const bool missing_is_true = node.missing_is_true || node.test == TreeTest::kNotEqual;
  split.missing_left = missing_is_true == left_is_true;
  split.left = static_cast<int64_t>(left_is_true ? if_true : if_false);
  split.right = static_cast<int64_t>(left_is_true ? if_false : if_true);
  return split;
}

/// Each tree speaks for one target only, and each of its leaves has a weight.
bool ForestLowering::is_narrow() const {
  return std::ranges::all_of(forest_.nodes, [](const ForestNode& node) {
    return node.test != TreeTest::kLeaf || node.weights.size() == 1;
  });
}

Result<TreeEnsemble> ForestLowering::ensemble() {
  const bool apart = combine_ != TreeCombine::kSum;  // each tree has outputs of its own
  const uint64_t outputs = apart ? uint64_t{targets_} * forest_.roots.size() : targets_;
  if (outputs == 0 || outputs > kWidthMax) return unimplemented("its trees have too many outputs");
  std::vector<std::vector<Placed>> orders;
  bool narrow = is_narrow();
  for (const size_t root : forest_.roots) {
    orders.push_back(TRY(order_of(root)));
    std::optional<uint32_t> target;
    for (const Placed& placed : orders.back()) {
      for (const TreeWeight& weight : forest_.nodes[placed.node].weights) {
        if (weight.target >= targets_) return invalid_argument("a leaf's target does not exist");
        narrow = narrow && target.value_or(weight.target) == weight.target;
        target = weight.target;
      }
    }
  }
  narrow = narrow && !apart;
  TreeEnsemble shape;
  shape.features = width_ + static_cast<uint32_t>(tests_.size());
  shape.outputs = static_cast<uint32_t>(outputs);
  shape.leaf_width = narrow ? 1 : targets_;
  shape.base.assign(outputs, 0.0);
  TreeEnsembleBuilder builder(std::move(shape));
  const double none = combine_ == TreeCombine::kMin   ? kInfinity
                      : combine_ == TreeCombine::kMax ? -kInfinity
                                                      : 0;
  for (size_t tree = 0; tree < orders.size(); ++tree) {
    const std::vector<Placed>& order = orders[tree];
    const size_t leaf_width = narrow ? 1 : targets_;
    if (order.size() > TreeEnsembleBuilder::kLeafValuesMax / leaf_width) {
      return resource_exhausted("its leaves hold too many numbers");
    }
    std::vector<SourceTreeNode> nodes(order.size());
    std::vector<double> values(order.size() * leaf_width, none);
    uint32_t column = apart ? static_cast<uint32_t>(tree) * targets_ : 0;
    for (size_t i = 0; i < order.size(); ++i) {
      const ForestNode& node = forest_.nodes[order[i].node];
      if (node.test != TreeTest::kLeaf) {
        nodes[i] = split_of(node, order[i].if_true, order[i].if_false);
        continue;
      }
      nodes[i].is_leaf = true;
      std::vector<bool> given(leaf_width, false);
      for (const TreeWeight& weight : node.weights) {
        if (narrow) column = weight.target;
        const size_t at = narrow ? 0 : weight.target;
        double& value = values[i * leaf_width + at];
        value = given[at] && !apart ? value + weight.weight : weight.weight;
        given[at] = true;
      }
    }
    TRY_STATUS(builder.add_tree(nodes, values, column));
  }
  return std::move(builder).finish();
}

/// "x is a, else x is b" with one child for both is "x is a or b": how converters write LightGBM's
/// categories. Chains are as long as there are categories.
void merge_equalities(Forest& forest) {
  size_t merges = 0;
  for (size_t i = forest.nodes.size(); i-- > 0;) {
    ForestNode& node = forest.nodes[i];
    if (node.test != TreeTest::kEqual || std::isnan(node.value)) continue;
    node.test = TreeTest::kMember;
    node.members = {node.value};
    while (node.if_false < forest.nodes.size() && node.if_false != i) {
      const ForestNode& next = forest.nodes[node.if_false];
      const bool same = next.feature == node.feature && next.if_true == node.if_true &&
                        next.missing_is_true == node.missing_is_true;
      const bool tests = next.test == TreeTest::kMember ||
                         (next.test == TreeTest::kEqual && !std::isnan(next.value));
      if (!same || !tests || node.members.size() > kMembersMax || merges > kMergesMax) break;
      merges += next.members.size() + 1;
      if (next.test == TreeTest::kEqual) node.members.push_back(next.value);
      node.members.insert(node.members.end(), next.members.begin(), next.members.end());
      node.if_false = next.if_false;
    }
    std::ranges::sort(node.members);
  }
}

}  // namespace

Result<TreeTest> tree_test(std::string_view name) {
  static constexpr std::pair<std::string_view, TreeTest> kNames[] = {
      {"BRANCH_LEQ", TreeTest::kLessOrEqual},    {"BRANCH_LT", TreeTest::kLess},
      {"BRANCH_GTE", TreeTest::kGreaterOrEqual}, {"BRANCH_GT", TreeTest::kGreater},
      {"BRANCH_EQ", TreeTest::kEqual},           {"BRANCH_NEQ", TreeTest::kNotEqual},
      {"BRANCH_MEMBER", TreeTest::kMember},      {"LEAF", TreeTest::kLeaf},
  };
  for (const auto& [known, test] : kNames) {
    if (name == known) return test;
  }
  return invalid_argument(fmt::format("a tree's node is of an unknown mode: {}", name));
}

Result<Value> lower_forest(Call& call, const Forest& forest, uint32_t targets, TreeCombine combine,
                           ValueId x, uint32_t width) {
  ForestLowering lowering(forest, targets, combine, width);
  TRY_STATUS(lowering.collect_tests());
  TreeEnsemble ensemble = TRY(lowering.ensemble());
  std::vector<TensorMembershipOp::Test> tests = lowering.take_tests();
  if (!tests.empty()) {
    x = TRY(call.lower.add(std::make_unique<TensorMembershipOp>(std::move(tests)), {x}));
  }
  const auto outputs = static_cast<int64_t>(ensemble.outputs);
  const ValueId sums =
      TRY(call.lower.add(std::make_unique<TreeEnsembleOp>(std::move(ensemble)), {x}));
  if (combine == TreeCombine::kSum) return call.lower.wrap(sums, DType::kFloat64, {outputs});
  const Value all = TRY(call.lower.wrap(sums, DType::kFloat64, {outputs / targets, targets}));
  using R = TensorReduceOp::Function;
  return call.lower.reduce(combine == TreeCombine::kMin ? R::kMin : R::kMax, all, {0}, false,
                           DType::kFloat64);
}

Result<Forest> read_flat_forest(Call& call, std::string_view weights) {
  const auto integers = [&](std::string_view name) { return call.integers(name); };
  const std::vector<int64_t> trees = integers("nodes_treeids");
  const std::vector<int64_t> ids = integers("nodes_nodeids");
  const std::vector<int64_t> features = integers("nodes_featureids");
  const std::vector<int64_t> if_true = integers("nodes_truenodeids");
  const std::vector<int64_t> if_false = integers("nodes_falsenodeids");
  const std::vector<int64_t> missing = integers("nodes_missing_value_tracks_true");
  const std::vector<std::string> modes = call.texts("nodes_modes");
  const std::vector<double> values = TRY(call.numbers("nodes_values"));
  const size_t count = trees.size();
  if (count == 0 || ids.size() != count || features.size() != count || if_true.size() != count ||
      if_false.size() != count || modes.size() != count || values.size() != count ||
      (!missing.empty() && missing.size() != count)) {
    return invalid_argument("its trees' attributes are not of one length");
  }
  std::map<std::pair<int64_t, int64_t>, size_t> places;
  for (size_t i = 0; i < count; ++i) {
    if (!places.emplace(std::pair(trees[i], ids[i]), i).second) {
      return invalid_argument(fmt::format("tree {} has two nodes {}", trees[i], ids[i]));
    }
  }
  Forest forest;
  forest.nodes.resize(count);
  std::vector<bool> is_child(count, false);
  for (size_t i = 0; i < count; ++i) {
    ForestNode& node = forest.nodes[i];
    node.test = TRY(tree_test(modes[i]));
    if (node.test == TreeTest::kMember) return invalid_argument("a tree tests for membership");
    if (node.test == TreeTest::kLeaf) continue;
    if (features[i] < 0 || features[i] > kWidthMax)
      return invalid_argument("a tree's feature is no number");
    node.feature = static_cast<uint32_t>(features[i]);
    node.value = values[i];
    node.missing_is_true = !missing.empty() && missing[i] != 0;
    for (const bool which : {true, false}) {
      const auto found = places.find({trees[i], which ? if_true[i] : if_false[i]});
      if (found == places.end()) return invalid_argument("a tree's child does not exist");
      (which ? node.if_true : node.if_false) = found->second;
      is_child[found->second] = true;
    }
  }
  for (size_t i = 0; i < count; ++i) {
    if (!is_child[i]) forest.roots.push_back(i);
  }
  const std::string prefix(weights);
  const std::vector<int64_t> leaf_trees = integers(prefix + "_treeids");
  const std::vector<int64_t> leaf_ids = integers(prefix + "_nodeids");
  const std::vector<int64_t> targets = integers(prefix + "_ids");
  const std::vector<double> leaf_weights = TRY(call.numbers(prefix + "_weights"));
  if (leaf_ids.size() != leaf_trees.size() || targets.size() != leaf_trees.size() ||
      leaf_weights.size() != leaf_trees.size()) {
    return invalid_argument("its leaves' attributes are not of one length");
  }
  for (size_t i = 0; i < leaf_trees.size(); ++i) {
    const auto found = places.find({leaf_trees[i], leaf_ids[i]});
    if (found == places.end() || targets[i] < 0 || targets[i] > kWidthMax) {
      return invalid_argument("a weight belongs to no leaf");
    }
    ForestNode& node = forest.nodes[found->second];
    if (node.test != TreeTest::kLeaf) continue;
    node.weights.push_back({static_cast<uint32_t>(targets[i]), leaf_weights[i]});
  }
  merge_equalities(forest);
  return forest;
}

Result<Forest> read_rooted_forest(Call& call) {
  const std::vector<int64_t> roots = call.integers("tree_roots");
  const std::vector<int64_t> features = call.integers("nodes_featureids");
  const std::vector<int64_t> if_true = call.integers("nodes_truenodeids");
  const std::vector<int64_t> if_false = call.integers("nodes_falsenodeids");
  const std::vector<int64_t> true_leaf = call.integers("nodes_trueleafs");
  const std::vector<int64_t> false_leaf = call.integers("nodes_falseleafs");
  const std::vector<int64_t> missing = call.integers("nodes_missing_value_tracks_true");
  const std::vector<int64_t> targets = call.integers("leaf_targetids");
  const auto modes = TRY(call.tensor("nodes_modes"));
  const auto splits = TRY(call.tensor("nodes_splits"));
  const auto weights = TRY(call.tensor("leaf_weights"));
  const auto members = TRY(call.tensor("membership_values"));
  if (!modes.has_value() || !splits.has_value() || !weights.has_value()) {
    return invalid_argument("its trees' attributes are incomplete");
  }
  const size_t count = features.size();
  const size_t leaves = targets.size();
  if (modes->constant->numbers.size() != count || splits->constant->numbers.size() != count ||
      weights->constant->numbers.size() != leaves || if_true.size() != count ||
      if_false.size() != count || true_leaf.size() != count || false_leaf.size() != count ||
      (!missing.empty() && missing.size() != count)) {
    return invalid_argument("its trees' attributes are not of one length");
  }
  Forest forest;
  forest.nodes.resize(count + leaves);  // leaves behind the splits
  size_t next_member = 0;
  for (size_t i = 0; i < count; ++i) {
    ForestNode& node = forest.nodes[i];
    const double mode = modes->constant->numbers[i];
    if (!(mode >= 0 && mode <= 6)) return invalid_argument("a tree's node is of an unknown mode");
    node.test = static_cast<TreeTest>(static_cast<uint8_t>(mode));
    if (features[i] < 0 || features[i] > kWidthMax)
      return invalid_argument("a tree's feature is no number");
    node.feature = static_cast<uint32_t>(features[i]);
    node.value = splits->constant->numbers[i];
    node.missing_is_true = !missing.empty() && missing[i] != 0;
    const auto child = [&](int64_t place, bool is_leaf) {
      const bool exists = place >= 0 && static_cast<size_t>(place) < (is_leaf ? leaves : count);
      return exists ? static_cast<size_t>(place) + (is_leaf ? count : 0) : kNoNode;
    };
    node.if_true = child(if_true[i], true_leaf[i] != 0);
    node.if_false = child(if_false[i], false_leaf[i] != 0);
    if (node.test != TreeTest::kMember) continue;
    // The sets follow each other, each ended by a NaN.
    while (members.has_value() && next_member < members->constant->numbers.size()) {
      const double member = members->constant->numbers[next_member++];
      if (std::isnan(member)) break;
      node.members.push_back(member);
    }
    std::ranges::sort(node.members);
  }
  for (size_t i = 0; i < leaves; ++i) {
    if (targets[i] < 0 || targets[i] > kWidthMax)
      return invalid_argument("a leaf's target does not exist");
    forest.nodes[count + i].weights = {
        {static_cast<uint32_t>(targets[i]), weights->constant->numbers[i]}};
  }
  for (const int64_t root : roots) {
    if (root < 0 || static_cast<size_t>(root) >= count)
      return invalid_argument("a tree's root does not exist");
    // A tree of one leaf is written as a split whose children are the same leaf.
    const ForestNode& node = forest.nodes[static_cast<size_t>(root)];
    const bool is_leaf =
        node.if_true == node.if_false && node.if_true >= count && node.if_true != kNoNode;
    forest.roots.push_back(is_leaf ? node.if_true : static_cast<size_t>(root));
  }
  return forest;
}

}  // namespace slipway::onnx
