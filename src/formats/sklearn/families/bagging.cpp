// BaggingClassifier, BaggingRegressor: the mean of members that each see some columns.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/members.h"

namespace slipway::sklearn {
namespace {

/// The columns that member i sees.
Result<Features> member_input(Lowering& lowering, pickle::Value columns, const Features& input) {
  std::vector<uint32_t> picks;
  for (const int64_t column : TRY(pickle::to_i64(columns)).values) {
    if (column < 0 || column >= static_cast<int64_t>(input.size())) {
      return invalid_argument(
          fmt::format("estimators_features_: column {} of {}", column, input.size()));
    }
    picks.push_back(static_cast<uint32_t>(column));
  }
  TRY_STATUS(lowering.spend(picks.size() + 1, input.longest_name()));
  return input.pick(picks);
}

Result<Members> bagged_members(Lowering& lowering, pickle::Value self, const Features& input) {
  TRY_STATUS(lowering.check_width(self, input));
  const std::vector<pickle::Value> list = TRY(member_list(self, "estimators_"));
  const pickle::Array<pickle::Value> columns =
      TRY(pickle::to_values(TRY(self.attr("estimators_features_"))));
  if (list.empty() || columns.values.size() != list.size()) {
    return invalid_argument(fmt::format("{}: {} estimators, {} lists of columns", self.name(),
                                        list.size(), columns.values.size()));
  }
  Members members;
  for (size_t i = 0; i < list.size(); ++i) {
    const Features seen = TRY(member_input(lowering, columns.values[i], input));
    members.steps.push_back(lowering.lower(list[i], seen, fmt::format("estimators_.{}", i)));
    members.unknown = members.unknown || members.steps.back().unknown;
  }
  return members;
}

Result<double> member_count(pickle::Value self, size_t members) {
  return double_attr_or(self, "n_estimators", static_cast<double>(members));
}

Result<Step> lower_bagging_regressor(Lowering& lowering, pickle::Value self,
                                     const Features& input) {
  const Members members = TRY(bagged_members(lowering, self, input));
  if (members.unknown) return unknown_step();
  std::vector<ValueId> values;
  bool is_vector = true;
  for (const Step& step : members.steps) {
    const Method* predict = TRY(method_of(step, "predict"));
    is_vector = is_vector && predict->is_vector;
    values.push_back(TRY(as_numbers(lowering, *predict)));
  }
  const double count = TRY(member_count(self, values.size()));
  const ValueId mean = TRY(combined(lowering, std::move(values), {}, count));
  return regressor(mean, lowering.type(mean).width, is_vector);
}

/// What one member adds: its probabilities, or a vote; in the columns of all classes.
Result<ValueId> member_probabilities(Lowering& lowering, const Step& step, uint32_t classes) {
  const std::vector<uint32_t> places = TRY(code_places(*TRY(classes_of(step)), classes));
  if (const Method* probabilities = step.find("predict_proba")) {
    return placed(lowering, probabilities->value, places, classes);
  }
  return class_votes(lowering, *TRY(method_of(step, "predict")), places, classes, 1);
}

/// predict_log_proba from that of the members, where they have it.
Result<ValueId> log_probabilities(Lowering& lowering, const std::vector<Step>& steps,
                                  ValueId probabilities, uint32_t classes, double count) {
  std::vector<ValueId> logs;
  for (const Step& step : steps) {
    const Method* method = step.find("predict_log_proba");
    if (method == nullptr) {
      return activated(lowering, probabilities, ActivationOp::Function::kLog);
    }
    const std::vector<uint32_t> places = TRY(code_places(*TRY(classes_of(step)), classes));
    logs.push_back(TRY(placed(lowering, method->value, places, classes,
                              -std::numeric_limits<double>::infinity())));
  }
  const ValueId sum = TRY(lowering.add(
      std::make_unique<CombineOp>(CombineOp::Function::kLogAddExp, std::vector<double>{}, 1),
      std::move(logs)));
  return scaled(lowering, sum, 1, -std::log(count));
}

Result<Step> lower_bagging_classifier(Lowering& lowering, pickle::Value self,
                                      const Features& input) {
  const Members members = TRY(bagged_members(lowering, self, input));
  if (members.unknown) return unknown_step();
  const LabelTable labels = TRY(label_table(TRY(self.attr("classes_"))));
  const auto classes = static_cast<uint32_t>(labels.size());
  const double count = TRY(member_count(self, members.steps.size()));
  std::vector<ValueId> values;
  for (const Step& step : members.steps) {
    values.push_back(TRY(member_probabilities(lowering, step, classes)));
  }
  const ValueId mean = TRY(combined(lowering, std::move(values), {}, count));
  Step step = TRY(plain_probability_classifier(lowering, mean, labels));
  const ValueId logs = TRY(log_probabilities(lowering, members.steps, mean, classes, count));
  step.methods.push_back(
      number_method("predict_log_proba", logs, classes, false, label_names(labels)));
  // Scores can only be added up where every member knows the same classes.
  std::vector<ValueId> scores;
  bool is_vector = false;
  for (const Step& member : members.steps) {
    const Method* method = member.find("decision_function");
    if (method == nullptr) break;
    if (!scores.empty() && lowering.type(scores[0]).width != method->width) break;
    is_vector = method->is_vector;
    scores.push_back(method->value);
  }
  if (scores.size() == members.steps.size()) {
    const ValueId score = TRY(combined(lowering, std::move(scores), {}, count));
    step.methods.push_back(
        number_method("decision_function", score, lowering.type(score).width, is_vector));
  }
  return step;
}

}  // namespace

std::span<const EstimatorEntry> bagging_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"BaggingClassifier", lower_bagging_classifier},
      EstimatorEntry{"BaggingRegressor", lower_bagging_regressor},
  };
  return kTable;
}

}  // namespace slipway::sklearn
