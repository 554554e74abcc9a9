// HistGradientBoostingClassifier and HistGradientBoostingRegressor: float64 thresholds, missing
// values, categorical splits, and from 1.4 on an encoder for the categorical columns.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/boosted.h"
#include "formats/sklearn/families/fitted_tree.h"

namespace slipway::sklearn {
namespace {

constexpr size_t kSetWords = std::tuple_size_v<CategorySet>;

/// The known categories of each feature; features without categories have none.
using KnownCategories = std::vector<std::optional<CategorySet>>;

Result<KnownCategories> read_known_categories(pickle::Value self, uint32_t features) {
  const pickle::Value mapper = TRY(self.attr("_bin_mapper"));
  const pickle::Array<int64_t> categorical = TRY(i64_attr(mapper, "is_categorical_"));
  const pickle::Array<pickle::Value> thresholds = TRY(values_attr(mapper, "bin_thresholds_"));
  if (categorical.values.size() != features || thresholds.values.size() != features) {
    return invalid_argument(
        fmt::format("{}._bin_mapper does not describe {} features", self.name(), features));
  }
  KnownCategories known(features);
  for (uint32_t feature = 0; feature < features; ++feature) {
    if (categorical.values[feature] == 0) continue;
    CategorySet set{};
    const pickle::Array<double> categories = TRY(pickle::to_f64(thresholds.values[feature]));
    for (const double category : categories.values) {
      if (!(category >= 0 && category < 256)) {
        return invalid_argument(
            fmt::format("feature {} has the category {}, expected 0 to 255", feature, category));
      }
      const auto bit = static_cast<uint32_t>(category);
      set[bit / 32] |= 1U << (bit % 32);
    }
    known[feature] = set;
  }
  return known;
}

/// One of the predictors' trees, field by field (their types changed between versions).
struct HistTree {
  std::vector<double> value;
  std::vector<double> threshold;
  std::vector<int64_t> left;
  std::vector<int64_t> right;
  std::vector<int64_t> feature;
  std::vector<int64_t> is_leaf;
  std::vector<int64_t> missing_left;
  std::vector<int64_t> is_categorical;  // empty before 0.24
  std::vector<int64_t> set;
  pickle::Array<int64_t> left_sets;  // n x 8
};

Result<HistTree> read_hist_tree(pickle::Value predictor) {
  const pickle::Value nodes = TRY(predictor.attr("nodes"));
  HistTree tree;
  tree.value = TRY(double_field(nodes, "value"));
  tree.threshold = TRY(double_field(nodes, "num_threshold"));
  tree.left = TRY(int_field(nodes, "left"));
  tree.right = TRY(int_field(nodes, "right"));
  tree.feature = TRY(int_field(nodes, "feature_idx"));
  tree.is_leaf = TRY(int_field(nodes, "is_leaf"));
  tree.missing_left = TRY(int_field(nodes, "missing_go_to_left"));
  tree.is_categorical = TRY(int_field(nodes, "is_categorical"));
  tree.set = TRY(int_field(nodes, "bitset_idx"));
  tree.left_sets = TRY(i64_attr(predictor, "raw_left_cat_bitsets"));
  const size_t words = tree.left_sets.values.size();
  if (words > 0 && (tree.left_sets.shape.size() != 2 || tree.left_sets.columns() != kSetWords)) {
    return invalid_argument("raw_left_cat_bitsets: expected rows of 8 numbers");
  }
  if (words / kSetWords > tree.value.size()) {
    return invalid_argument("raw_left_cat_bitsets: more rows than the tree has nodes");
  }
  return tree;
}

/// The set of categories that go left at a node: those that the node names, and where missing
/// values go left all that are unknown.
Result<CategorySet> left_set(const HistTree& tree, size_t node, const KnownCategories& known) {
  const int64_t row = tree.set[node];
  const int64_t feature = tree.feature[node];
  const auto rows = static_cast<int64_t>(tree.left_sets.values.size() / kSetWords);
  if (row < 0 || row >= rows) {
    return invalid_argument(fmt::format("node {} names category set {} of {}", node, row, rows));
  }
  const bool is_known = feature >= 0 && feature < static_cast<int64_t>(known.size()) &&
                        known[static_cast<size_t>(feature)].has_value();
  if (!is_known) {
    return invalid_argument(
        fmt::format("node {} splits categories of feature {}, which has none", node, feature));
  }
  const CategorySet& all = *known[static_cast<size_t>(feature)];
  CategorySet set;
  for (size_t i = 0; i < kSetWords; ++i) {
    const size_t place = static_cast<size_t>(row) * kSetWords + i;
    set[i] = static_cast<uint32_t>(tree.left_sets.values[place]);
    if (tree.missing_left[node] != 0) set[i] |= ~all[i];
  }
  return set;
}

Status add_hist_tree(pickle::Value self, pickle::Value predictor, uint32_t features,
                     uint32_t column, std::optional<KnownCategories>& known,
                     TreeEnsembleBuilder& builder) {
  const HistTree tree = TRY(read_hist_tree(predictor));
  std::vector<SourceTreeNode> nodes(tree.value.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    SourceTreeNode& node = nodes[i];
    node.is_leaf = tree.is_leaf[i] != 0;
    node.left = tree.left[i];
    node.right = tree.right[i];
    node.feature = tree.feature[i];
    node.threshold = tree.threshold[i];
    node.missing_left = tree.missing_left[i] != 0;
    if (!node.is_leaf && tree.is_categorical[i] != 0) {
      if (!known.has_value()) known = TRY(read_known_categories(self, features));
      node.category_set = builder.add_category_set(TRY(left_set(tree, i, *known)));
    }
  }
  return builder.add_tree(nodes, tree.value, column);
}

struct Columns {
  Features features;
  bool unknown = false;
};

/// From 1.4 on the categorical columns go through an OrdinalEncoder and come first.
Result<Columns> encoded_columns(Lowering& lowering, pickle::Value self, const Features& input) {
  const auto preprocessor = self.find_attr("_preprocessor");
  if (!preprocessor.has_value() || preprocessor->is_none()) return Columns{input, false};
  const pickle::Array<int64_t> categorical = TRY(i64_attr(self, "is_categorical_"));
  if (categorical.values.size() != input.size()) {
    return invalid_argument(fmt::format("it was fitted on {} columns, but {} reach it",
                                        categorical.values.size(), input.size()));
  }
  const pickle::Value fitted = TRY(preprocessor->attr("transformers_"));
  std::optional<pickle::Value> encoder;
  for (size_t i = 0; i < fitted.size(); ++i) {
    const pickle::Value entry = fitted.at(i);
    if (entry.kind() == pickle::Kind::kTuple && entry.size() == 3 && entry.at(0).is_string() &&
        entry.at(0).text() == "encoder") {
      encoder = entry.at(1);
    }
  }
  if (!encoder.has_value()) return invalid_argument("its _preprocessor has no encoder");
  std::vector<uint32_t> encoded;
  std::vector<uint32_t> numeric;
  for (uint32_t i = 0; i < input.size(); ++i) {
    (categorical.values[i] != 0 ? encoded : numeric).push_back(i);
  }
  const Step step = lowering.lower(*encoder, input.pick(encoded), "_preprocessor.encoder");
  if (step.unknown || !step.transform.has_value()) return Columns{{}, true};
  Columns columns{*step.transform, false};
  columns.features.append(input.pick(numeric));
  return columns;
}

struct Sum {
  ValueId scores = 0;
  bool unknown = false;
};

Result<Sum> boosted_sum(Lowering& lowering, pickle::Value self, const Features& input) {
  const Columns columns = TRY(encoded_columns(lowering, self, input));
  if (columns.unknown) return Sum{0, true};
  const ValueId x = TRY(lowering.dense(self, columns.features));
  TreeEnsemble shape;
  shape.features = lowering.type(x).width;
  shape.base = TRY(f64_attr(self, "_baseline_prediction")).values;
  if (shape.base.empty() || shape.base.size() > kWidthMax) {
    return invalid_argument(fmt::format("{}._baseline_prediction is empty", self.name()));
  }
  shape.outputs = static_cast<uint32_t>(shape.base.size());
  shape.negative_categories = !written_since(self, 1, 3);
  const uint32_t features = shape.features;
  const uint32_t outputs = shape.outputs;
  TreeEnsembleBuilder builder(std::move(shape));
  const pickle::Value iterations = TRY(self.attr("_predictors"));
  std::optional<KnownCategories> known;
  for (size_t i = 0; i < iterations.size(); ++i) {
    const pickle::Value trees = iterations.at(i);
    if (trees.kind() != pickle::Kind::kList || trees.size() != outputs) {
      return invalid_argument(
          fmt::format("{}._predictors: expected lists of {} trees", self.name(), outputs));
    }
    for (uint32_t k = 0; k < outputs; ++k) {
      TRY_STATUS(add_hist_tree(self, trees.at(k), features, k, known, builder));
    }
  }
  return Sum{TRY(lowering.add(std::make_unique<TreeEnsembleOp>(std::move(builder).finish()), {x})),
             false};
}

Step unknown_step() {
  Step step;
  step.unknown = true;
  return step;
}

Result<Step> lower_classifier(Lowering& lowering, pickle::Value self, const Features& input) {
  const Sum sum = TRY(boosted_sum(lowering, self, input));
  if (sum.unknown) return unknown_step();
  BoostedOptions options;
  options.labels_by_scores = written_since(self, 1, 4);
  options.with_log_probability = false;
  const pickle::Value classes = TRY(self.attr("classes_"));
  return boosted_classifier(lowering, sum.scores, TRY(label_table(classes)), options);
}

Result<Step> lower_regressor(Lowering& lowering, pickle::Value self, const Features& input) {
  static constexpr std::array<std::string_view, 5> kIdentityLosses = {
      "squared_error", "least_squares", "absolute_error", "least_absolute_deviation", "quantile"};
  const std::string loss = string_attr_or(self, "loss", "");
  const bool log_link = loss == "poisson" || loss == "gamma";
  if (!log_link &&
      std::find(kIdentityLosses.begin(), kIdentityLosses.end(), loss) == kIdentityLosses.end()) {
    return unimplemented(fmt::format("its loss '{}' is not supported", loss));
  }
  const Sum sum = TRY(boosted_sum(lowering, self, input));
  if (sum.unknown) return unknown_step();
  if (lowering.type(sum.scores).width != 1) {
    return invalid_argument("a regressor has several trees in each iteration");
  }
  ValueId y = sum.scores;
  if (log_link) {
    y = TRY(lowering.add(std::make_unique<ActivationOp>(ActivationOp::Function::kExp), {y}));
  }
  return regressor(y, 1, true);
}

}  // namespace

std::span<const EstimatorEntry> hist_gradient_boosting_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"HistGradientBoostingClassifier", lower_classifier},
      EstimatorEntry{"HistGradientBoostingRegressor", lower_regressor},
  };
  return kTable;
}

}  // namespace slipway::sklearn
