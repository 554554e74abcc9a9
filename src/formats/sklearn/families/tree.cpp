// Decision trees and forests: sklearn.tree, RandomForest*, ExtraTrees*.
//
// A forest's answer is the mean of its trees' answers, and a single tree is a forest of one.
#include <fmt/format.h>

#include <array>
#include <numeric>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/fitted_tree.h"

namespace slipway::sklearn {
namespace {

/// What a forest does with what the leaves of its trees hold.
enum class LeafValues : uint8_t {
  kNumbers,    // taken as they are
  kFractions,  // of the classes; normalised only if they are weights after all
  kWeights,    // of the classes, as trees kept them before 1.4; normalised
};

/// A tree as the builder of ensembles takes it.
class ForestTree {
 public:
  ForestTree(const StoredTree& tree, LeafValues leaves) : tree_(tree), leaves_(leaves) {}

  size_t size() const { return tree_.size(); }
  /// Numbers in a leaf.
  uint64_t width() const { return uint64_t{tree_.outputs} * tree_.output_width; }
  SourceTreeNode node(size_t i) const { return tree_.node(i); }
  void leaf(size_t i, double* out) const {
    const uint64_t count = width();
    for (uint64_t j = 0; j < count; ++j) out[j] = tree_.values[i * count + j];
    if (leaves_ == LeafValues::kNumbers) return;
    for (uint64_t j = 0; j < count; j += tree_.output_width) normalize(out + j);
  }

 private:
  /// Class weights to class fractions, as predict_proba did while trees kept weights; each target
  /// apart.
  void normalize(double* values) const {
    const double sum = std::accumulate(values, values + tree_.output_width, 0.0);
    const bool fractions = sum > 1 - 1e-9 && sum < 1 + 1e-9;
    if (sum == 0 || (fractions && leaves_ == LeafValues::kFractions)) return;
    for (uint32_t i = 0; i < tree_.output_width; ++i) values[i] /= sum;
  }

  const StoredTree& tree_;
  const LeafValues leaves_;
};

/// Trees as scikit-learn grows them have every node behind its parent; others are taken too.
Status add_forest_tree(const ForestTree& tree, TreeEnsembleBuilder& builder) {
  const bool added = TRY(builder.add_ordered_tree(tree, 0));
  if (added) return {};
  std::vector<SourceTreeNode> nodes(tree.size());
  std::vector<double> values(tree.size() * tree.width());
  for (size_t i = 0; i < tree.size(); ++i) {
    nodes[i] = tree.node(i);
    tree.leaf(i, &values[i * tree.width()]);
  }
  return builder.add_tree(nodes, values, 0);
}

struct Mean {
  ValueId value = 0;
  uint32_t outputs = 0;
  uint32_t output_width = 0;
};

Result<Mean> mean_of_trees(Lowering& lowering, pickle::Value self, const Features& input,
                           const std::vector<pickle::Value>& trees, bool takes_missing) {
  if (trees.empty()) {
    return invalid_argument(fmt::format("{} has no trees: is it fitted?", self.name()));
  }
  RequireFiniteOp::Options check;
  check.allow_nan = takes_missing;
  check.float32_range = true;
  const ValueId x = TRY(lowering.finite(self, input, check));
  const ValueId x32 = TRY(lowering.add(std::make_unique<CastFloat32Op>(), {x}));
  const bool classifier = self.find_attr("classes_").has_value();
  const LeafValues leaves = !classifier                 ? LeafValues::kNumbers
                            : written_since(self, 1, 4) ? LeafValues::kFractions
                                                        : LeafValues::kWeights;
  Mean mean;
  std::optional<TreeEnsembleBuilder> builder;
  for (const pickle::Value estimator : trees) {
    const StoredTree tree = TRY(stored_tree(estimator));
    if (!builder.has_value()) {
      mean.outputs = tree.outputs;
      mean.output_width = tree.output_width;
      TreeEnsemble shape;
      shape.features = lowering.type(x32).width;
      shape.outputs = shape.leaf_width = tree.outputs * tree.output_width;
      shape.divisor = static_cast<double>(trees.size());
      shape.base.assign(shape.outputs, 0.0);
      builder.emplace(std::move(shape));
      // Trees of a forest are about as large as each other.
      builder->reserve(trees.size() * (tree.size() + tree.size() / 8));
    }
    if (tree.outputs != mean.outputs || tree.output_width != mean.output_width) {
      return invalid_argument(fmt::format("the trees of {} have different outputs", self.name()));
    }
    TRY_STATUS(add_forest_tree(ForestTree(tree, leaves), *builder));
  }
  mean.value =
      TRY(lowering.add(std::make_unique<TreeEnsembleOp>(std::move(*builder).finish()), {x32}));
  return mean;
}

/// predict of all targets, and for each target k predict_proba_k and predict_log_proba_k, as far as
/// there is room for so many outputs.
Result<Step> multi_output_classifier(Lowering& lowering, pickle::Value self, const Mean& mean) {
  const pickle::Array<pickle::Value> classes = TRY(values_attr(self, "classes_"));
  if (classes.values.size() != mean.outputs) {
    return invalid_argument(fmt::format("{} has classes for {} targets, but trees for {}",
                                        self.name(), classes.values.size(), mean.outputs));
  }
  const bool with_probabilities = 1 + 2 * size_t{mean.outputs} <= kOutputsMax;
  Method predict;
  predict.name = "predict";
  predict.width = mean.outputs;
  std::vector<ValueId> indices;
  Step step;
  step.methods.emplace_back();
  for (uint32_t k = 0; k < mean.outputs; ++k) {
    const LabelTable labels = TRY(label_table(classes.values[k]));
    if (labels.size() > mean.output_width) {
      return invalid_argument(fmt::format("target {} has {} classes, but its trees know {}", k,
                                          labels.size(), mean.output_width));
    }
    std::vector<ColumnPick> picks;
    for (uint32_t i = 0; i < labels.size(); ++i) picks.push_back({0, k * mean.output_width + i});
    const ValueId probabilities =
        TRY(lowering.add(std::make_unique<SelectOp>(std::move(picks)), {mean.value}));
    Step one = TRY(probability_classifier(lowering, probabilities, labels));
    for (Method& method : one.methods) {
      if (method.name == "predict") {
        indices.push_back(method.value);
      } else if (with_probabilities) {
        method.name += fmt::format("_{}", k);
        step.methods.push_back(std::move(method));
      }
    }
    if (k > 0 && labels.dtype != predict.dtype) {
      return unimplemented("targets whose labels are of different types");
    }
    predict.dtype = labels.dtype;
    predict.labels.push_back(labels);
  }
  predict.value = TRY(lowering.add(std::make_unique<ConcatIndexOp>(), std::move(indices)));
  step.methods[0] = std::move(predict);
  return step;
}

Result<Step> lower_mean(Lowering& lowering, pickle::Value self, const Features& input,
                        const std::vector<pickle::Value>& trees, bool takes_missing) {
  const Mean mean = TRY(mean_of_trees(lowering, self, input, trees, takes_missing));
  if (!self.find_attr("classes_").has_value()) {
    if (mean.output_width != 1) {
      return invalid_argument(
          fmt::format("{} is a regressor with several numbers per target", self.name()));
    }
    return regressor(mean.value, mean.outputs, mean.outputs == 1);
  }
  if (mean.outputs > 1) return multi_output_classifier(lowering, self, mean);
  const pickle::Value classes = TRY(self.attr("classes_"));
  return probability_classifier(lowering, mean.value, TRY(label_table(classes)));
}

Result<Step> lower_tree(Lowering& lowering, pickle::Value self, const Features& input) {
  return lower_mean(lowering, self, input, {self}, tree_takes_missing(self));
}

Result<Step> lower_forest(Lowering& lowering, pickle::Value self, const Features& input) {
  const pickle::Array<pickle::Value> trees = TRY(values_attr(self, "estimators_"));
  // A forest asks its first tree, since 1.4.
  const bool takes_missing =
      !trees.values.empty() && written_since(self, 1, 4) && tree_takes_missing(trees.values[0]);
  return lower_mean(lowering, self, input, trees.values, takes_missing);
}

}  // namespace

std::span<const EstimatorEntry> tree_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"DecisionTreeClassifier", lower_tree},
      EstimatorEntry{"DecisionTreeRegressor", lower_tree},
      EstimatorEntry{"ExtraTreeClassifier", lower_tree},
      EstimatorEntry{"ExtraTreeRegressor", lower_tree},
      EstimatorEntry{"RandomForestClassifier", lower_forest},
      EstimatorEntry{"RandomForestRegressor", lower_forest},
      EstimatorEntry{"ExtraTreesClassifier", lower_forest},
      EstimatorEntry{"ExtraTreesRegressor", lower_forest},
  };
  return kTable;
}

}  // namespace slipway::sklearn
