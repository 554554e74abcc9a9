// sklearn.neural_network: multi-layer perceptrons.
#include <fmt/format.h>

#include <array>
#include <limits>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/members.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/linear.h"

namespace slipway::sklearn {
namespace {

Result<ValueId> apply(Lowering& lowering, const std::string& activation, ValueId x) {
  using Function = ElementwiseOp::Function;
  if (activation == "identity") return x;
  if (activation == "softmax") return activated(lowering, x, ActivationOp::Function::kSoftmax);
  if (activation == "logistic") return activated(lowering, x, ActivationOp::Function::kLogistic);
  if (activation == "tanh") {
    return lowering.add(std::make_unique<ElementwiseOp>(Function::kTanh), {x});
  }
  if (activation == "relu") {
    const ElementwiseOp::Parameters range{0, std::numeric_limits<double>::infinity(), 0};
    return lowering.add(std::make_unique<ElementwiseOp>(Function::kClip, range), {x});
  }
  if (activation == "exponential") {  // of poisson loss
    return activated(lowering, x, ActivationOp::Function::kExp);
  }
  return unimplemented(fmt::format("the activation '{}' is not known", activation));
}

/// x W + b, where W is features x outputs as scikit-learn stores it.
Result<ValueId> layer(Lowering& lowering, pickle::Value coefficients, pickle::Value intercepts,
                      ValueId x) {
  const pickle::Array<double> weights = TRY(pickle::to_f64(coefficients));
  std::vector<double> intercept = TRY(pickle::to_f64(intercepts)).values;
  const uint32_t features = lowering.type(x).width;
  if (weights.shape.size() != 2 || weights.rows() != features || weights.columns() == 0 ||
      weights.columns() > kWidthMax) {
    return invalid_argument(
        fmt::format("coefs_: a layer for {} columns, but {} reach it", weights.rows(), features));
  }
  const auto outputs = static_cast<uint32_t>(weights.columns());
  std::vector<double> turned(weights.values.size());
  for (size_t i = 0; i < features; ++i) {
    for (size_t k = 0; k < outputs; ++k) {
      turned[k * features + i] = weights.values[i * outputs + k];
    }
  }
  return lowering.add(
      std::make_unique<LinearOp>(outputs, features, std::move(turned), std::move(intercept)), {x});
}

Result<ValueId> forward(Lowering& lowering, pickle::Value self, const Features& input) {
  ValueId x = TRY(lowering.finite_or_sparse(self, input));
  const auto coefficients = TRY(pickle::to_values(TRY(self.attr("coefs_")))).values;
  const auto intercepts = TRY(pickle::to_values(TRY(self.attr("intercepts_")))).values;
  if (coefficients.empty() || coefficients.size() != intercepts.size()) {
    return invalid_argument(fmt::format("{} layers of weights, {} of intercepts",
                                        coefficients.size(), intercepts.size()));
  }
  const std::string hidden = string_attr_or(self, "activation", "relu");
  for (size_t i = 0; i < coefficients.size(); ++i) {
    x = TRY(layer(lowering, coefficients[i], intercepts[i], x));
    if (i + 1 < coefficients.size()) x = TRY(apply(lowering, hidden, x));
  }
  return apply(lowering, string_attr_or(self, "out_activation_", "identity"), x);
}

Result<Step> lower_regressor(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId y = TRY(forward(lowering, self, input));
  const uint32_t width = lowering.type(y).width;
  return regressor(y, width, width == 1);
}

/// Each column is a class of its own, in or out.
Result<Step> multilabel(Lowering& lowering, ValueId scores) {
  LabelTable zero_one;
  zero_one.ints = {0, 1};
  const uint32_t width = lowering.type(scores).width;
  std::vector<ValueId> columns;
  for (uint32_t i = 0; i < width; ++i) {
    columns.push_back(TRY(
        lowering.add(std::make_unique<ArgMaxOp>(0.5), {TRY(pick_columns(lowering, scores, {i}))})));
  }
  Step step;
  step.methods.push_back(
      TRY(several_labels(lowering, columns, std::vector<LabelTable>(width, zero_one))));
  step.methods.push_back(number_method("predict_proba", scores, width, false));
  return step;
}

Result<Step> lower_classifier(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId scores = TRY(forward(lowering, self, input));
  const pickle::Value binarizer = TRY(self.attr("_label_binarizer"));
  const bool several = string_attr_or(binarizer, "y_type_", "").starts_with("multilabel");
  const uint32_t width = lowering.type(scores).width;
  Step step;
  if (several) {
    step = TRY(multilabel(lowering, scores));
  } else {
    const LabelTable labels = TRY(label_table(TRY(self.attr("classes_"))));
    if (labels.size() != (width == 1 ? 2 : width)) {
      return invalid_argument(
          fmt::format("it has {} classes, but scores for {}", labels.size(), width));
    }
    const ValueId proba =
        width == 1 ? TRY(activated(lowering, scores, ActivationOp::Function::kComplementPair))
                   : scores;
    step.methods.push_back(
        label_method(TRY(lowering.add(std::make_unique<ArgMaxOp>(0.5), {scores})), labels));
    step.methods.push_back(number_method(
        "predict_proba", proba, static_cast<uint32_t>(labels.size()), false, label_names(labels)));
  }
  const Method proba = *step.find("predict_proba");
  step.methods.push_back(number_method(
      "predict_log_proba", TRY(activated(lowering, proba.value, ActivationOp::Function::kLog)),
      proba.width, false, proba.columns));
  return step;
}

}  // namespace

std::span<const EstimatorEntry> neural_network_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"MLPClassifier", lower_classifier},
      EstimatorEntry{"MLPRegressor", lower_regressor},
  };
  return kTable;
}

}  // namespace slipway::sklearn
