// Linear models: sklearn.linear_model, LinearSVC, LinearSVR.
#include "formats/sklearn/families/linear_scores.h"

#include <fmt/format.h>

#include <array>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/members.h"
#include "graph/ops/linear.h"

namespace slipway::sklearn {
namespace {

/// coef_ as outputs x features, and whether it was stored 1-D: then y was a vector.
struct Coefficients {
  pickle::Array<double> weights;
  bool is_vector = false;
};

Result<Coefficients> coefficients(pickle::Value self) {
  const pickle::Value value = TRY(fitted_attr(self, "coef_"));
  Coefficients found;
  if (pickle::is_sparse(value)) {  // sparsify() was called
    found.weights = TRY(pickle::to_dense(value));
    return found;
  }
  found.is_vector = TRY(pickle::array_info(value)).shape.size() < 2;
  found.weights = TRY(matrix_attr(self, "coef_"));
  return found;
}

}  // namespace

Result<LinearScores> linear_scores(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite_or_sparse(self, input));
  Coefficients found = TRY(coefficients(self));
  const uint64_t outputs = found.weights.rows();
  if (outputs == 0 || outputs > kWidthMax || found.weights.columns() > kWidthMax) {
    return invalid_argument(fmt::format("{}.coef_: no usable shape", self.name()));
  }
  pickle::Array<double> intercept = TRY(f64_attr(self, "intercept_"));
  // A scalar 0.0 (fit_intercept=False) or a scalar for one output stands for all outputs.
  if (intercept.values.size() == 1) intercept.values.resize(outputs, intercept.values[0]);
  LinearScores scores;
  scores.value = TRY(lowering.add(
      std::make_unique<LinearOp>(static_cast<uint32_t>(outputs),
                                 static_cast<uint32_t>(found.weights.columns()),
                                 std::move(found.weights.values), std::move(intercept.values)),
      {x}));
  scores.width = static_cast<uint32_t>(outputs);
  scores.is_vector = found.is_vector;
  return scores;
}

namespace {

using Scores = LinearScores;

Result<ValueId> activate(Lowering& lowering, ActivationOp::Function function, ValueId value) {
  return lowering.add(std::make_unique<ActivationOp>(function), {value});
}

Result<Step> lower_regressor(Lowering& lowering, pickle::Value self, const Features& input) {
  const Scores y = TRY(linear_scores(lowering, self, input));
  return regressor(y.value, y.width, y.is_vector);
}

/// Generalised linear models: `exp_link` says whether the mean is exp of the linear predictor.
Result<Step> lower_glm(Lowering& lowering, pickle::Value self, const Features& input,
                       bool exp_link) {
  Scores y = TRY(linear_scores(lowering, self, input));
  if (exp_link) y.value = TRY(activate(lowering, ActivationOp::Function::kExp, y.value));
  return regressor(y.value, y.width, y.is_vector);
}

Result<Step> lower_exp_glm(Lowering& lowering, pickle::Value self, const Features& input) {
  return lower_glm(lowering, self, input, true);
}

Result<Step> lower_tweedie(Lowering& lowering, pickle::Value self, const Features& input) {
  const std::string link = string_attr_or(self, "link", "auto");
  const double power = TRY(double_attr_or(self, "power", 0));
  if (link != "auto" && link != "log" && link != "identity") {
    return unimplemented(fmt::format("TweedieRegressor.link '{}' is not supported", link));
  }
  return lower_glm(lowering, self, input, link == "log" || (link == "auto" && power > 0));
}

Result<Step> lower_classifier(Lowering& lowering, pickle::Value self, const Features& input,
                              Probability probability) {
  const Scores scores = TRY(linear_scores(lowering, self, input));
  const pickle::Value classes_attr = TRY(self.attr("classes_"));
  const LabelTable labels = TRY(label_table(classes_attr));
  return score_classifier(lowering, scores.value, labels, probability);
}

Result<Step> lower_score_classifier(Lowering& lowering, pickle::Value self, const Features& input) {
  return lower_classifier(lowering, self, input, Probability::kNone);
}

/// A step of score_classifier() without probabilities, and these probabilities.
Result<Step> with_probabilities(Lowering& lowering, ValueId scores, const LabelTable& labels,
                                ValueId probabilities) {
  Step step = TRY(score_classifier(lowering, scores, labels, Probability::kNone));
  Step proba = TRY(probability_classifier(lowering, probabilities, labels));
  for (Method& method : proba.methods) {
    if (method.name != "predict") step.methods.push_back(std::move(method));
  }
  return step;
}

/// Two classes under multi_class='multinomial' have one score d, but softmax of [-d, d].
Result<Step> lower_binary_multinomial(Lowering& lowering, pickle::Value self,
                                      const Features& input) {
  const Scores scores = TRY(linear_scores(lowering, self, input));
  const pickle::Value classes_attr = TRY(self.attr("classes_"));
  const LabelTable labels = TRY(label_table(classes_attr));
  const ValueId both = TRY(lowering.add(
      std::make_unique<LinearOp>(2, 1, std::vector<double>{-1, 1}, std::vector<double>{0, 0}),
      {scores.value}));
  const ValueId proba = TRY(activate(lowering, ActivationOp::Function::kSoftmax, both));
  return with_probabilities(lowering, scores.value, labels, proba);
}

Result<Step> lower_logistic(Lowering& lowering, pickle::Value self, const Features& input) {
  // The rule of LogisticRegression.predict_proba, by what the versions store: "auto" is the default
  // until 1.4, "deprecated" in 1.5 to 1.7, and the attribute is gone (or "auto") in 1.8.
  const std::string multi_class = string_attr_or(self, "multi_class", "auto");
  const bool binary = TRY(coefficients(self)).weights.rows() == 1;
  if (multi_class == "ovr" || multi_class == "warn") {
    return lower_classifier(lowering, self, input, Probability::kOneVsRest);
  }
  if (multi_class == "multinomial") {
    return binary ? lower_binary_multinomial(lowering, self, input)
                  : lower_classifier(lowering, self, input, Probability::kSoftmax);
  }
  if (multi_class != "auto" && multi_class != "deprecated") {
    return unimplemented(fmt::format("{}.multi_class '{}' is not known", self.name(), multi_class));
  }
  const std::string solver = string_attr_or(self, "solver", "");
  const bool one_vs_rest = binary || solver == "liblinear" ||
                           (solver == "newton-cholesky" && !written_since(self, 1, 6));
  return lower_classifier(lowering, self, input,
                          one_vs_rest ? Probability::kOneVsRest : Probability::kSoftmax);
}

/// loss='modified_huber': (clip(score, -1, 1) + 1) / 2, normalised over several classes.
Result<Step> lower_modified_huber(Lowering& lowering, pickle::Value self, const Features& input) {
  using Function = ActivationOp::Function;
  const Scores scores = TRY(linear_scores(lowering, self, input));
  const pickle::Value classes_attr = TRY(self.attr("classes_"));
  const LabelTable labels = TRY(label_table(classes_attr));
  const ValueId clipped = TRY(activate(lowering, Function::kModifiedHuber, scores.value));
  const ValueId proba = TRY(activate(
      lowering, scores.width == 1 ? Function::kComplementPair : Function::kNormalizeRows, clipped));
  return with_probabilities(lowering, scores.value, labels, proba);
}

Result<Step> lower_sgd_classifier(Lowering& lowering, pickle::Value self, const Features& input) {
  const std::string loss = string_attr_or(self, "loss", "hinge");
  if (loss == "modified_huber") return lower_modified_huber(lowering, self, input);
  // "log" was renamed "log_loss" in 1.1.
  const bool logistic = loss == "log_loss" || loss == "log";
  return lower_classifier(lowering, self, input,
                          logistic ? Probability::kOneVsRest : Probability::kNone);
}

/// A multilabel RidgeClassifier: each column of scores gives 0 or 1 by its sign.
Result<Step> lower_multilabel(Lowering& lowering, pickle::Value self, const Features& input) {
  const Scores scores = TRY(linear_scores(lowering, self, input));
  LabelTable zero_one;
  zero_one.ints = {0, 1};
  std::vector<ValueId> columns;
  for (uint32_t i = 0; i < scores.width; ++i) {
    const ValueId column = TRY(
        lowering.add(std::make_unique<SelectOp>(std::vector<ColumnPick>{{0, i}}), {scores.value}));
    columns.push_back(TRY(lowering.add(std::make_unique<ArgMaxOp>(), {column})));
  }
  Method predict = label_method(
      TRY(lowering.add(std::make_unique<ConcatIndexOp>(), std::move(columns))), zero_one);
  predict.width = scores.width;
  predict.is_vector = false;
  predict.labels.assign(scores.width, zero_one);
  Step step;
  step.methods.push_back(std::move(predict));
  step.methods.push_back(
      number_method("decision_function", scores.value, scores.width, scores.width == 1));
  return step;
}

Result<Step> lower_ridge_classifier(Lowering& lowering, pickle::Value self, const Features& input) {
  // classes_ is a property that asks the label binarizer; only old versions stored it.
  const auto binarizer = self.find_attr("_label_binarizer");
  if (!binarizer.has_value()) return lower_score_classifier(lowering, self, input);
  if (string_attr_or(*binarizer, "y_type_", "").starts_with("multilabel")) {
    return lower_multilabel(lowering, self, input);
  }
  const Scores scores = TRY(linear_scores(lowering, self, input));
  const pickle::Value classes_attr = TRY(binarizer->attr("classes_"));
  const LabelTable labels = TRY(label_table(classes_attr));
  return score_classifier(lowering, scores.value, labels, Probability::kNone);
}

/// Its coefficients decide together with offset_.
Result<Step> lower_sgd_one_class(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite_or_sparse(self, input));
  pickle::Array<double> weights = TRY(matrix_attr(self, "coef_"));
  const std::vector<double> offset = TRY(f64_attr(self, "offset_")).values;
  if (weights.rows() != 1 || offset.size() != 1) {
    return invalid_argument("SGDOneClassSVM: expected one row of coefficients and one offset");
  }
  const ValueId samples = TRY(
      lowering.add(std::make_unique<LinearOp>(1, lowering.type(x).width, std::move(weights.values),
                                              std::vector<double>{0}),
                   {x}));
  return outlier_detector(lowering, samples, offset[0]);
}

}  // namespace

std::span<const EstimatorEntry> linear_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"LinearRegression", lower_regressor},
      EstimatorEntry{"Ridge", lower_regressor},
      EstimatorEntry{"RidgeCV", lower_regressor},
      EstimatorEntry{"Lasso", lower_regressor},
      EstimatorEntry{"LassoCV", lower_regressor},
      EstimatorEntry{"ElasticNet", lower_regressor},
      EstimatorEntry{"ElasticNetCV", lower_regressor},
      EstimatorEntry{"MultiTaskLasso", lower_regressor},
      EstimatorEntry{"MultiTaskLassoCV", lower_regressor},
      EstimatorEntry{"MultiTaskElasticNet", lower_regressor},
      EstimatorEntry{"MultiTaskElasticNetCV", lower_regressor},
      EstimatorEntry{"Lars", lower_regressor},
      EstimatorEntry{"LarsCV", lower_regressor},
      EstimatorEntry{"LassoLars", lower_regressor},
      EstimatorEntry{"LassoLarsCV", lower_regressor},
      EstimatorEntry{"LassoLarsIC", lower_regressor},
      EstimatorEntry{"OrthogonalMatchingPursuit", lower_regressor},
      EstimatorEntry{"OrthogonalMatchingPursuitCV", lower_regressor},
      EstimatorEntry{"BayesianRidge", lower_regressor},
      EstimatorEntry{"ARDRegression", lower_regressor},
      EstimatorEntry{"HuberRegressor", lower_regressor},
      EstimatorEntry{"TheilSenRegressor", lower_regressor},
      EstimatorEntry{"QuantileRegressor", lower_regressor},
      EstimatorEntry{"SGDRegressor", lower_regressor},
      EstimatorEntry{"PassiveAggressiveRegressor", lower_regressor},
      EstimatorEntry{"LinearSVR", lower_regressor},
      EstimatorEntry{"PoissonRegressor", lower_exp_glm},
      EstimatorEntry{"GammaRegressor", lower_exp_glm},
      EstimatorEntry{"TweedieRegressor", lower_tweedie},
      EstimatorEntry{"SGDOneClassSVM", lower_sgd_one_class},
      EstimatorEntry{"LogisticRegression", lower_logistic},
      EstimatorEntry{"LogisticRegressionCV", lower_logistic},
      EstimatorEntry{"SGDClassifier", lower_sgd_classifier},
      EstimatorEntry{"Perceptron", lower_score_classifier},
      EstimatorEntry{"PassiveAggressiveClassifier", lower_score_classifier},
      EstimatorEntry{"RidgeClassifier", lower_ridge_classifier},
      EstimatorEntry{"RidgeClassifierCV", lower_ridge_classifier},
      EstimatorEntry{"LinearSVC", lower_score_classifier},
  };
  return kTable;
}

}  // namespace slipway::sklearn
