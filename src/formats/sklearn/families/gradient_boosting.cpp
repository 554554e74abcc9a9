// GradientBoostingClassifier and GradientBoostingRegressor: scaled trees on top of a first
// estimator.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/boosted.h"
#include "formats/sklearn/families/fitted_tree.h"
#include "graph/ops/boosting.h"

namespace slipway::sklearn {
namespace {

/// What the sums start from: constants, or a value of another estimator.
struct Start {
  std::vector<double> base;
  std::optional<ValueId> value;
  bool unknown = false;  // the other estimator is a gap
};

BoostingStartOp start_op(pickle::Value self, uint32_t scores) {
  using Link = BoostingStartOp::Link;
  constexpr double kFloatEpsilon = 1.0 / (1 << 23);
  constexpr double kDoubleEpsilon = kFloatEpsilon / (1 << 29);
  const double margin = written_before(self, 1, 9) ? kFloatEpsilon : kDoubleEpsilon;
  if (string_attr_or(self, "loss", "") == "exponential") return {Link::kHalfLogit, margin};
  if (scores == 1) return {Link::kLogit, margin};
  return {written_before(self, 1, 4) ? Link::kLog : Link::kCenteredLog, margin};
}

/// The start from an estimator of the user's: it sees what the trees see, numbers of float32.
Result<Start> estimator_start(Lowering& lowering, pickle::Value self, pickle::Value init, ValueId x,
                              uint32_t scores, bool classifier) {
  Start start;
  const ValueId rounded = TRY(lowering.add(std::make_unique<RoundFloat32Op>(), {x}));
  const Step step = lowering.lower(
      init, all_columns(rounded, lowering.type(rounded).width, feature_names(init)), "init_");
  start.unknown = step.unknown;
  if (step.unknown) return start;
  const std::string_view name = classifier ? "predict_proba" : "predict";
  const Method* method = step.find(name);
  if (method == nullptr || lowering.type(method->value).kind != ValueKind::kDense) {
    return unimplemented(
        fmt::format("its first estimator, a {}, has no {} of numbers", init.name(), name));
  }
  start.value = method->value;
  if (classifier) {
    start.value = TRY(
        lowering.add(std::make_unique<BoostingStartOp>(start_op(self, scores)), {method->value}));
  }
  return start;
}

/// What a DummyClassifier's predict_proba gives for every row.
Result<std::vector<double>> dummy_probabilities(pickle::Value dummy, uint32_t scores) {
  std::vector<double> prior = TRY(f64_attr(dummy, "class_prior_")).values;
  const size_t expected = scores == 1 ? 2 : scores;
  if (prior.size() != expected) {
    return invalid_argument(fmt::format("DummyClassifier.class_prior_: expected {} numbers, got {}",
                                        expected, prior.size()));
  }
  // Before 1.0 the strategy that was not said is kept apart.
  const std::string strategy =
      string_attr_or(dummy, "_strategy", string_attr_or(dummy, "strategy", ""));
  if (strategy == "prior") return prior;
  if (strategy == "uniform")
    return std::vector<double>(expected, 1 / static_cast<double>(expected));
  std::vector<double> certain(expected, 0.0);
  if (strategy == "most_frequent") {
    certain[static_cast<size_t>(std::max_element(prior.begin(), prior.end()) - prior.begin())] = 1;
    return certain;
  }
  if (strategy == "constant") {
    const std::vector<double> constant = TRY(f64_attr(dummy, "constant")).values;
    const std::vector<double> classes = TRY(f64_attr(dummy, "classes_")).values;
    for (size_t i = 0; i < std::min(classes.size(), expected) && constant.size() == 1; ++i) {
      certain[i] = classes[i] == constant[0] ? 1 : 0;
    }
    return certain;
  }
  return unimplemented(
      fmt::format("its first estimator, a DummyClassifier, draws at random ('{}')", strategy));
}

Result<Start> read_start(Lowering& lowering, pickle::Value self, ValueId x, uint32_t scores,
                         bool classifier) {
  const pickle::Value init = TRY(self.attr("init_"));
  Start start;
  start.base.assign(scores, 0.0);
  if (init.is_string()) {
    const std::string_view kind = TRY(init.as_string());
    if (kind == "zero") return start;
    return invalid_argument(fmt::format("init_: expected an estimator or 'zero', got '{}'", kind));
  }
  if (init.is("sklearn.", "DummyRegressor") && !classifier) {
    const pickle::Array<double> constant = TRY(f64_attr(init, "constant_"));
    if (constant.values.size() != 1) {
      return invalid_argument(fmt::format("DummyRegressor.constant_: expected one number, got {}",
                                          constant.values.size()));
    }
    start.base = constant.values;
    return start;
  }
  if (init.is("sklearn.", "DummyClassifier") && classifier) {
    start_op(self, scores).compute(TRY(dummy_probabilities(init, scores)), start.base.data());
    return start;
  }
  return estimator_start(lowering, self, init, x, scores, classifier);
}

struct Sum {
  ValueId scores = 0;
  bool unknown = false;
};

Result<Sum> boosted_sum(Lowering& lowering, pickle::Value self, const Features& input,
                        bool classifier) {
  RequireFiniteOp::Options check;
  check.float32_range = true;
  const ValueId x = TRY(lowering.finite(self, input, check));
  const pickle::Array<pickle::Value> trees = TRY(values_attr(self, "estimators_"));
  if (trees.shape.size() != 2 || trees.values.empty() || trees.columns() > kWidthMax) {
    return invalid_argument(fmt::format("{}.estimators_: expected a matrix of trees", self.name()));
  }
  TreeEnsemble shape;
  shape.features = lowering.type(x).width;
  shape.outputs = static_cast<uint32_t>(trees.columns());
  if (!classifier && shape.outputs != 1) {
    return invalid_argument("a regressor has several trees in each stage");
  }
  Start start = TRY(read_start(lowering, self, x, shape.outputs, classifier));
  shape.base = start.value.has_value() ? std::vector<double>(shape.outputs) : start.base;
  const pickle::Value learning_rate = TRY(self.attr("learning_rate"));
  const double rate = TRY(learning_rate.as_double());
  TreeEnsembleBuilder builder(std::move(shape));
  for (size_t i = 0; i < trees.values.size(); ++i) {
    FittedTree tree = TRY(read_tree(trees.values[i]));
    if (tree.outputs != 1 || tree.output_width != 1) {
      return invalid_argument("a boosted tree has several numbers in each leaf");
    }
    for (double& value : tree.values) value *= rate;
    TRY_STATUS(
        builder.add_tree(tree.nodes, tree.values, static_cast<uint32_t>(i % trees.columns())));
  }
  std::vector<ValueId> inputs = {TRY(lowering.add(std::make_unique<CastFloat32Op>(), {x}))};
  if (start.value.has_value()) inputs.push_back(*start.value);
  if (start.unknown) return Sum{0, true};
  return Sum{TRY(lowering.add(std::make_unique<TreeEnsembleOp>(std::move(builder).finish()),
                              std::move(inputs))),
             false};
}

Step unknown_step() {
  Step step;
  step.unknown = true;
  return step;
}

Result<Step> lower_classifier(Lowering& lowering, pickle::Value self, const Features& input) {
  const Sum sum = TRY(boosted_sum(lowering, self, input, true));
  if (sum.unknown) return unknown_step();
  const std::string loss = string_attr_or(self, "loss", "");
  if (loss != "log_loss" && loss != "deviance" && loss != "exponential") {
    return unimplemented(fmt::format("its loss '{}' is not supported", loss));
  }
  const bool exponential = loss == "exponential";
  BoostedOptions options;
  options.doubled = exponential;
  // Until 1.3 predict() took the largest probability, except under the exponential loss.
  options.labels_by_scores = exponential || !written_before(self, 1, 4);
  options.inclusive = true;
  const pickle::Value classes = TRY(self.attr("classes_"));
  const LabelTable labels = TRY(label_table(classes));
  return boosted_classifier(lowering, sum.scores, labels, options);
}

Result<Step> lower_regressor(Lowering& lowering, pickle::Value self, const Features& input) {
  const Sum sum = TRY(boosted_sum(lowering, self, input, false));
  if (sum.unknown) return unknown_step();
  return regressor(sum.scores, 1, true);
}

}  // namespace

std::span<const EstimatorEntry> gradient_boosting_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"GradientBoostingClassifier", lower_classifier},
      EstimatorEntry{"GradientBoostingRegressor", lower_regressor},
  };
  return kTable;
}

}  // namespace slipway::sklearn
