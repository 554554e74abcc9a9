#include "formats/lightgbm/trees.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace slipway::lightgbm {
namespace {

/// Where each feature is for a split that takes zeros for missing: a column of its own behind the
/// others if other splits look at the feature as it is.
class Columns {
 public:
  explicit Columns(uint32_t features) : as_is_(features, false), zero_missing_(features, kNone) {}

  /// INVALID_ARGUMENT if a tree uses a feature that is not there.
  Status look_at(const BoosterTree& tree) {
    for (const BoosterTree::Split& split : tree.splits) {
      TRY_STATUS(check(split.feature));
      if (split.missing == Missing::kZero && !split.is_categorical) {
        zero_missing_[split.feature] = split.feature;
      } else {
        as_is_[split.feature] = true;
      }
    }
    for (const uint32_t feature : tree.term_features) {
      TRY_STATUS(check(feature));
      as_is_[feature] = true;
    }
    return {};
  }
  /// After all trees.
  std::vector<ZeroAsMissingOp::Pick> picks() {
    std::vector<ZeroAsMissingOp::Pick> picks;
    if (std::all_of(zero_missing_.begin(), zero_missing_.end(),
                    [](uint32_t column) { return column == kNone; })) {
      return picks;
    }
    const auto features = static_cast<uint32_t>(as_is_.size());
    for (uint32_t i = 0; i < features; ++i) {
      picks.push_back({i, zero_missing_[i] != kNone && !as_is_[i]});
    }
    for (uint32_t i = 0; i < features; ++i) {
      if (zero_missing_[i] == kNone || !as_is_[i]) continue;
      zero_missing_[i] = static_cast<uint32_t>(picks.size());
      picks.push_back({i, true});
    }
    return picks;
  }
  uint32_t column(const BoosterTree::Split& split) const {
    const bool zero = split.missing == Missing::kZero && !split.is_categorical;
    return zero ? zero_missing_[split.feature] : split.feature;
  }

 private:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  Status check(uint32_t feature) const {
    if (feature < as_is_.size()) return {};
    return invalid_argument(fmt::format("a tree uses feature {} of {}", feature, as_is_.size()));
  }

  std::vector<bool> as_is_;
  std::vector<uint32_t> zero_missing_;
};

/// LightGBM compares 0 in place of all numbers from -kZero to kZero. The threshold that does the
/// same to the numbers themselves.
double threshold_beyond_zero(double threshold) {
  if (threshold >= kZero || threshold < -kZero) return threshold;
  if (threshold >= 0) return kZero;
  return std::nextafter(-kZero, -std::numeric_limits<double>::infinity());
}

Result<SourceTreeNode> source_split(const BoosterTree& tree, const BoosterTree::Split& split,
                                    const Columns& columns, TreeEnsembleBuilder& builder) {
  SourceTreeNode node;
  const auto splits = static_cast<int64_t>(tree.splits.size());
  // Leaves follow the splits.
  const auto place = [splits](int32_t child) -> int64_t {
    return child >= 0 ? (child < splits ? child : -1) : splits + ~child;
  };
  node.left = place(split.left);
  node.right = place(split.right);
  node.feature = columns.column(split);
  if (split.is_categorical) {
    const uint32_t begin = tree.set_starts[split.category_set];
    const uint32_t end = tree.set_starts[split.category_set + 1];
    const std::span<const uint32_t> words = std::span(tree.set_words).subspan(begin, end - begin);
    node.category_set = TRY(builder.add_wide_category_set(words));
    return node;
  }
  if (std::isnan(split.threshold)) return invalid_argument("a threshold is NaN");
  node.threshold = threshold_beyond_zero(split.threshold);
  node.missing_left = split.missing == Missing::kNone ? 0 <= node.threshold : split.default_left;
  return node;
}

Status add_tree(const BoosterTree& tree, uint32_t output, const Columns& columns,
                TreeEnsembleBuilder& builder) {
  const size_t splits = tree.splits.size();
  std::vector<SourceTreeNode> nodes;
  nodes.reserve(splits + tree.leaf_values.size());
  for (const BoosterTree::Split& split : tree.splits) {
    nodes.push_back(TRY(source_split(tree, split, columns, builder)));
  }
  for (uint32_t leaf = 0; leaf < tree.leaf_values.size(); ++leaf) {
    SourceTreeNode node;
    node.is_leaf = true;
    node.leaf = leaf;
    nodes.push_back(node);
  }
  std::vector<double> values(splits, 0.0);
  values.insert(values.end(), tree.leaf_values.begin(), tree.leaf_values.end());
  return builder.add_tree(nodes, values, output);
}

/// A tree without linear models counts as one whose models are its leaves' values.
Status add_linear_leaves(const BoosterTree& tree, LinearLeaves& linear) {
  const size_t first = linear.terms.size();
  if (tree.term_features.size() > TreeEnsembleBuilder::kLeafValuesMax - first) {
    return resource_exhausted("the linear models of the leaves need too much memory");
  }
  for (size_t i = 0; i < tree.term_features.size(); ++i) {
    linear.terms.push_back({tree.term_features[i], tree.term_weights[i]});
  }
  for (size_t leaf = 0; leaf < tree.leaf_values.size(); ++leaf) {
    const size_t terms = tree.is_linear ? tree.leaf_term_starts[leaf + 1] : 0;
    linear.constants.push_back(tree.is_linear ? tree.leaf_constants[leaf] : tree.leaf_values[leaf]);
    linear.term_starts.push_back(static_cast<uint32_t>(first + terms));
  }
  linear.tree_starts.push_back(static_cast<uint32_t>(linear.constants.size()));
  return {};
}

}  // namespace

Result<LoweredTrees> lower_trees(const Booster& booster, size_t count) {
  LoweredTrees lowered;
  Columns columns(booster.features());
  bool any_linear = false;
  for (size_t i = 0; i < count; ++i) {
    TRY_STATUS(columns.look_at(booster.trees[i]));
    any_linear = any_linear || booster.trees[i].is_linear;
  }
  lowered.picks = columns.picks();
  TreeEnsemble shape;
  shape.features =
      lowered.picks.empty() ? booster.features() : static_cast<uint32_t>(lowered.picks.size());
  shape.outputs = booster.trees_per_iteration;
  shape.base.assign(shape.outputs, 0.0);
  TreeEnsembleBuilder builder(std::move(shape));
  if (any_linear) lowered.linear = LinearLeaves{{0}, {}, {0}, {}};
  for (size_t i = 0; i < count; ++i) {
    const auto output = static_cast<uint32_t>(i % booster.trees_per_iteration);
    Status status = add_tree(booster.trees[i], output, columns, builder);
    if (status.ok() && any_linear) status = add_linear_leaves(booster.trees[i], *lowered.linear);
    if (!status.ok()) return std::move(status).with_context(fmt::format("tree {}", i));
  }
  lowered.ensemble = std::make_shared<const TreeEnsemble>(std::move(builder).finish());
  return lowered;
}

}  // namespace slipway::lightgbm
