// One-vs-rest, one-vs-one and output codes: binary models that together know several classes.
#include <fmt/format.h>

#include <array>
#include <limits>
#include <numeric>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/members.h"
#include "graph/ops/pairwise.h"

namespace slipway::sklearn {
namespace {

/// A class that no or every row of the training had.
Result<Step> lower_constant(Lowering& lowering, pickle::Value self, const Features&) {
  const std::vector<double> y = TRY(f64_attr(self, "y_")).values;
  if (y.size() != 1) return invalid_argument("_ConstantPredictor.y_: expected one number");
  const ValueId score = TRY(lowering.add(std::make_unique<ConstantOp>(y), {}));
  LabelTable labels;
  labels.ints = {0, 1};
  Step step = TRY(score_classifier(lowering, score, labels, Probability::kNone));
  const ValueId pair =
      TRY(lowering.add(std::make_unique<ConstantOp>(std::vector<double>{1 - y[0], y[0]}), {}));
  step.methods.push_back(number_method("predict_proba", pair, 2, false));
  return step;
}

struct Binary {
  ValueId score = 0;
  double threshold = 0;  // above it the second class is meant
};

/// scikit-learn's _predict_binary and _threshold_for_binary_predict.
Result<Binary> binary_score(Lowering& lowering, const Step& step) {
  const Method* scores = step.find("decision_function");
  if (scores == nullptr) {
    if (const Method* probabilities = step.find("predict_proba")) {
      return Binary{TRY(pick_columns(lowering, probabilities->value, {1})), 0.5};
    }
    const Method* predict = TRY(method_of(step, "predict"));
    if (!predict->labels.empty()) return TRY(method_of(step, "predict_proba")), Binary{};
    return Binary{predict->value, 0.5};  // a regressor
  }
  if (lowering.type(scores->value).width != 1) {
    return invalid_argument("an estimator inside it is not for two classes");
  }
  return Binary{scores->value, 0};
}

Result<std::vector<Binary>> binary_scores(Lowering& lowering, const std::vector<Step>& steps) {
  std::vector<Binary> scores;
  scores.reserve(steps.size());
  for (const Step& step : steps) scores.push_back(TRY(binary_score(lowering, step)));
  return scores;
}

Result<ValueId> joined(Lowering& lowering, const std::vector<Binary>& scores) {
  std::vector<ValueId> values;
  values.reserve(scores.size());
  for (const Binary& score : scores) values.push_back(score.score);
  return side_by_side(lowering, values);
}

/// predict where each target is in or out by itself.
Result<Method> indicator(Lowering& lowering, const std::vector<Binary>& scores) {
  LabelTable zero_one;
  zero_one.ints = {0, 1};
  std::vector<ValueId> columns;
  columns.reserve(scores.size());
  for (const Binary& score : scores) {
    columns.push_back(
        TRY(lowering.add(std::make_unique<ArgMaxOp>(scores[0].threshold), {score.score})));
  }
  return several_labels(lowering, columns, std::vector<LabelTable>(scores.size(), zero_one));
}

Status add_rest_probabilities(Lowering& lowering, const std::vector<Step>& steps, bool multilabel,
                              const std::vector<std::string>& names, Step& step) {
  std::vector<ValueId> columns;
  for (const Step& member : steps) {
    const Method* probabilities = member.find("predict_proba");
    if (probabilities == nullptr) return {};
    columns.push_back(TRY(pick_columns(lowering, probabilities->value, {1})));
  }
  ValueId all = TRY(side_by_side(lowering, columns));
  if (columns.size() == 1) {
    all = TRY(activated(lowering, all, ActivationOp::Function::kComplementPair));
  }
  if (!multilabel) {
    all = TRY(row_function(lowering, all, RowFunctionOp::Function::kNormalizeOrKeep));
  }
  step.methods.push_back(
      number_method("predict_proba", all, lowering.type(all).width, false,
                    lowering.type(all).width == names.size() ? names : std::vector<std::string>{}));
  return {};
}

/// The class of the highest score; of equal ones the first, before scikit-learn 1.8 the last.
Result<Method> best_class(Lowering& lowering, pickle::Value self, ValueId scores, double threshold,
                          const LabelTable& labels) {
  const uint32_t width = lowering.type(scores).width;
  if (width == 1 || written_since(self, 1, 8)) {
    return label_method(TRY(lowering.add(std::make_unique<ArgMaxOp>(threshold), {scores})), labels);
  }
  std::vector<uint32_t> places;
  for (uint32_t i = 0; i < width; ++i) places.push_back(width - 1 - i);
  const ValueId reversed = TRY(pick_columns(lowering, scores, places));
  return label_method(TRY(lowering.add(std::make_unique<ArgMaxOp>(threshold), {reversed})),
                      labels_at(labels, places));
}

Result<Step> lower_one_vs_rest(Lowering& lowering, pickle::Value self, const Features& input) {
  const Members members = TRY(lower_members(lowering, self, "estimators_", input));
  if (members.unknown) return unknown_step();
  const pickle::Value binarizer = TRY(self.attr("label_binarizer_"));
  const LabelTable labels = TRY(label_table(TRY(binarizer.attr("classes_"))));
  const std::string type = string_attr_or(binarizer, "y_type_", "multiclass");
  const bool multilabel = type.starts_with("multilabel");
  const std::vector<Binary> scores = TRY(binary_scores(lowering, members.steps));
  const ValueId all = TRY(joined(lowering, scores));
  Step step;
  if (multilabel) {
    step.methods.push_back(TRY(indicator(lowering, scores)));
  } else {
    const bool binary = scores.size() == 1;
    if (labels.size() != (binary ? 2 : scores.size())) {
      return invalid_argument(
          fmt::format("it has {} classes, but {} estimators", labels.size(), scores.size()));
    }
    step.methods.push_back(TRY(best_class(lowering, self, all, scores[0].threshold, labels)));
  }
  const std::vector<std::string> names = label_names(labels);
  TRY_STATUS(add_rest_probabilities(lowering, members.steps, multilabel, names, step));
  for (const Step& member : members.steps) {
    if (member.find("decision_function") == nullptr) return step;
  }
  const uint32_t width = lowering.type(all).width;
  step.methods.push_back(number_method("decision_function", all, width, width == 1,
                                       width == names.size() ? names : std::vector<std::string>{}));
  return step;
}

Result<Step> lower_one_vs_one(Lowering& lowering, pickle::Value self, const Features& input) {
  TRY_STATUS(lowering.check_width(self, input));
  const auto pairwise = self.find_attr("pairwise_indices_");
  if (pairwise.has_value() && !pairwise->is_none()) {
    return unimplemented("its estimators take precomputed kernels");
  }
  const Members members = TRY(lower_members(lowering, self, "estimators_", input));
  if (members.unknown) return unknown_step();
  const LabelTable labels = TRY(label_table(TRY(self.attr("classes_"))));
  const std::vector<Binary> scores = TRY(binary_scores(lowering, members.steps));
  std::vector<ValueId> predictions;
  predictions.reserve(members.steps.size());
  for (const Step& member : members.steps) {
    predictions.push_back(TRY(as_numbers(lowering, *TRY(method_of(member, "predict")))));
  }
  const auto classes = static_cast<uint32_t>(labels.size());
  const ValueId ballots = TRY(side_by_side(lowering, predictions));
  const ValueId confidences = TRY(joined(lowering, scores));
  ValueId votes = TRY(lowering.add(std::make_unique<PairVotesOp>(classes), {ballots, confidences}));
  const bool binary = classes == 2;
  if (binary) votes = TRY(pick_columns(lowering, votes, {1}));
  Step step;
  const ValueId index = TRY(lowering.add(std::make_unique<ArgMaxOp>(scores[0].threshold), {votes}));
  step.methods.push_back(label_method(index, labels));
  step.methods.push_back(number_method("decision_function", votes, lowering.type(votes).width,
                                       binary,
                                       binary ? std::vector<std::string>{} : label_names(labels)));
  return step;
}

Result<Step> lower_output_code(Lowering& lowering, pickle::Value self, const Features& input) {
  const Members members = TRY(lower_members(lowering, self, "estimators_", input));
  if (members.unknown) return unknown_step();
  const LabelTable labels = TRY(label_table(TRY(self.attr("classes_"))));
  const ValueId all = TRY(joined(lowering, TRY(binary_scores(lowering, members.steps))));
  pickle::Array<double> codes = TRY(matrix_attr(self, "code_book_"));
  if (codes.rows() != labels.size()) {
    return invalid_argument(
        fmt::format("code_book_: {} codes for {} classes", codes.rows(), labels.size()));
  }
  const ValueId distances = TRY(lowering.add(
      std::make_unique<PairwiseOp>(PairwiseProgram::distance(PairwiseFunction::kSquaredEuclidean),
                                   lowering.type(all).width, std::move(codes.values)),
      {all}));
  const ValueId index =
      TRY(lowering.add(std::make_unique<ArgMaxOp>(), {TRY(scaled(lowering, distances, -1))}));
  Step step;
  step.methods.push_back(label_method(index, labels));
  return step;
}

}  // namespace

std::span<const EstimatorEntry> multiclass_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"OneVsRestClassifier", lower_one_vs_rest},
      EstimatorEntry{"OneVsOneClassifier", lower_one_vs_one},
      EstimatorEntry{"OutputCodeClassifier", lower_output_code},
      EstimatorEntry{"_ConstantPredictor", lower_constant},
  };
  return kTable;
}

}  // namespace slipway::sklearn
