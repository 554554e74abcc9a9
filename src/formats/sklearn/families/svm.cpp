// Kernel machines of sklearn.svm. Linear ones (LinearSVC, LinearSVR) are in linear.cpp.
//
// dual_coef_ and intercept_ are turned around for two classes; _dual_coef_ and _intercept_ keep
// libsvm's signs, which the op wants.
#include <fmt/format.h>

#include <array>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "graph/ops/linear.h"
#include "graph/ops/svm.h"

namespace slipway::sklearn {
namespace {

/// A dense or sparse matrix as a dense one.
Result<pickle::Array<double>> any_matrix(pickle::Value self, std::string_view name) {
  const pickle::Value value = TRY(self.attr(name));
  if (!pickle::is_sparse(value)) return matrix_attr(self, name);
  return pickle::to_dense(value);
}

Result<SvmOp::Parameters> parameters(pickle::Value self) {
  using Function = SvmOp::KernelFunction;
  SvmOp::Parameters found;
  const pickle::Value kernel = TRY(self.attr("kernel"));
  const Result<std::string_view> name = kernel.as_string();
  if (!name.ok()) {
    return unimplemented(fmt::format("{}.kernel is a Python function", self.name()));
  }
  if (*name == "linear") {
    found.function = Function::kLinear;
  } else if (*name == "poly") {
    found.function = Function::kPoly;
  } else if (*name == "rbf") {
    found.function = Function::kRbf;
  } else if (*name == "sigmoid") {
    found.function = Function::kSigmoid;
  } else {
    return unimplemented(fmt::format("{}.kernel '{}' is not supported", self.name(), *name));
  }
  found.gamma = TRY(double_attr_or(self, "_gamma", 0));
  found.coef0 = TRY(double_attr_or(self, "coef0", 0));
  const int64_t degree = TRY(int_attr_or(self, "degree", 3));
  if (degree < 0 || degree > INT32_MAX) {
    return invalid_argument(fmt::format("{}.degree: no usable value, {}", self.name(), degree));
  }
  found.degree = static_cast<uint32_t>(degree);
  return found;
}

/// n_support_ is a property since 0.23.
Result<std::vector<uint32_t>> support_counts(pickle::Value self) {
  const std::string_view name =
      self.find_attr("_n_support").has_value() ? "_n_support" : "n_support_";
  std::vector<uint32_t> counts;
  for (const int64_t count : TRY(i64_attr(self, name)).values) {
    if (count < 0 || count > int64_t{1} << 30) {
      return invalid_argument(fmt::format("{}.{}: no usable count, {}", self.name(), name, count));
    }
    counts.push_back(static_cast<uint32_t>(count));
  }
  return counts;
}

/// The decision values. `counts` is empty for one output.
Result<ValueId> decisions(Lowering& lowering, pickle::Value self, const Features& input,
                          std::vector<uint32_t> counts) {
  const ValueId x = TRY(lowering.finite_or_sparse(self, input));
  const SvmOp::Parameters kernel = TRY(parameters(self));
  SvmOp::Tables tables;
  pickle::Array<double> vectors = TRY(any_matrix(self, "support_vectors_"));
  tables.features = lowering.type(x).width;
  if (vectors.columns() != tables.features && !vectors.values.empty()) {
    return invalid_argument(fmt::format("{}.support_vectors_: expected {} columns, got {}",
                                        self.name(), tables.features, vectors.columns()));
  }
  tables.vectors = std::move(vectors.values);
  tables.dual = TRY(any_matrix(self, "_dual_coef_")).values;
  tables.intercepts = TRY(f64_attr(self, "_intercept_")).values;
  tables.counts = std::move(counts);
  return lowering.add(std::make_unique<SvmOp>(kernel, std::move(tables)), {x});
}

Result<Step> lower_regression(Lowering& lowering, pickle::Value self, const Features& input) {
  return regressor(TRY(decisions(lowering, self, input, {})), 1, true);
}

Result<Step> lower_one_class(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId decision = TRY(decisions(lowering, self, input, {}));
  LabelTable labels;
  labels.ints = {-1, 1};
  Step step = TRY(score_classifier(lowering, decision, labels, Probability::kNone));
  // score_samples is the decision without the offset that training chose.
  const std::vector<double> offset = TRY(f64_attr(self, "offset_")).values;
  const ValueId samples = TRY(
      lowering.add(std::make_unique<LinearOp>(1, 1, std::vector<double>{1}, offset), {decision}));
  step.methods.push_back(number_method("score_samples", samples, 1, true));
  return step;
}

/// predict_proba and predict_log_proba, if the model was trained with probability=True.
Status add_probabilities(Lowering& lowering, pickle::Value self, ValueId pairs,
                         const LabelTable& labels, Step& step) {
  // Since 1.8 the default is the text "deprecated".
  const auto wanted = self.find_attr("probability");
  if (!wanted.has_value() || wanted->is_string() || !TRY(wanted->as_bool())) return {};
  std::vector<double> a = TRY(f64_attr(self, "_probA")).values;
  std::vector<double> b = TRY(f64_attr(self, "_probB")).values;
  if (a.empty() && b.empty()) return {};
  const auto classes = static_cast<uint32_t>(labels.size());
  const ValueId value = TRY(lowering.add(
      std::make_unique<SvmProbabilityOp>(classes, std::move(a), std::move(b)), {pairs}));
  const ValueId logs =
      TRY(lowering.add(std::make_unique<ActivationOp>(ActivationOp::Function::kLog), {value}));
  const std::vector<std::string> names = label_names(labels);
  step.methods.push_back(number_method("predict_proba", value, classes, false, names));
  step.methods.push_back(number_method("predict_log_proba", logs, classes, false, names));
  return {};
}

Result<Step> lower_classification(Lowering& lowering, pickle::Value self, const Features& input) {
  const pickle::Value classes_attr = TRY(self.attr("classes_"));
  const LabelTable labels = TRY(label_table(classes_attr));
  const auto classes = static_cast<uint32_t>(labels.size());
  std::vector<uint32_t> counts = TRY(support_counts(self));
  if (counts.size() != classes || classes < 2) {
    return invalid_argument(fmt::format("{}: {} classes, but support vectors of {}", self.name(),
                                        classes, counts.size()));
  }
  const ValueId pairs = TRY(decisions(lowering, self, input, std::move(counts)));
  const bool one_vs_rest = string_attr_or(self, "decision_function_shape", "ovr") == "ovr";
  const bool break_ties = TRY(bool_attr_or(self, "break_ties", false));

  Step step;
  ValueId decision = pairs;
  if (classes == 2) {
    decision = TRY(lowering.add(
        std::make_unique<LinearOp>(1, 1, std::vector<double>{-1}, std::vector<double>{0}),
        {pairs}));
  } else if (one_vs_rest) {
    decision = TRY(lowering.add(std::make_unique<SvmOneVsRestOp>(classes), {pairs}));
  }
  std::unique_ptr<const Op> choose = std::make_unique<SvmVoteOp>(classes);
  const bool by_score = break_ties && one_vs_rest && classes > 2;
  if (by_score) choose = std::make_unique<ArgMaxOp>();
  const ValueId index = TRY(lowering.add(std::move(choose), {by_score ? decision : pairs}));
  // With 'ovo' and break_ties scikit-learn refuses to predict, but not to give decisions.
  if (!break_ties || one_vs_rest) step.methods.push_back(label_method(index, labels));
  TRY_STATUS(add_probabilities(lowering, self, pairs, labels, step));
  const uint32_t width = lowering.type(decision).width;
  step.methods.push_back(
      number_method("decision_function", decision, width, classes == 2,
                    classes > 2 && one_vs_rest ? label_names(labels) : std::vector<std::string>{}));
  return step;
}

}  // namespace

std::span<const EstimatorEntry> svm_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"SVC", lower_classification},    EstimatorEntry{"NuSVC", lower_classification},
      EstimatorEntry{"SVR", lower_regression},        EstimatorEntry{"NuSVR", lower_regression},
      EstimatorEntry{"OneClassSVM", lower_one_class},
  };
  return kTable;
}

}  // namespace slipway::sklearn
