// Estimators that only change what an inner one answers: TunedThresholdClassifierCV and
// FixedThresholdClassifier, SelfTrainingClassifier, RANSACRegressor, RFE and RFECV.
#include <fmt/format.h>

#include <array>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/fitted_tree.h"
#include "formats/sklearn/families/members.h"

namespace slipway::sklearn {
namespace {

/// Those of an inner step's methods that the outer estimator hands on.
Step handed_on(const Step& inner, std::initializer_list<std::string_view> names) {
  Step step;
  for (const std::string_view name : names) {
    if (const Method* method = inner.find(name)) step.methods.push_back(*method);
  }
  return step;
}

/// predict by whether the score of the positive class reaches the threshold.
Result<Step> cut_classifier(Lowering& lowering, pickle::Value self, const Step& inner,
                            const std::optional<double>& threshold,
                            const std::optional<pickle::Value>& positive) {
  const LabelTable labels = *TRY(classes_of(inner));
  if (labels.size() != 2) return unimplemented("a threshold is for two classes");
  uint32_t place = 1;
  if (positive.has_value() && !positive->is_none()) {
    pickle::Array<pickle::Cell> one = TRY(pickle::to_cells(*positive));
    if (one.values.size() != 1) return invalid_argument("pos_label: expected one label");
    place = TRY(label_places(TRY(label_table(*positive)), labels))[0];
  }
  const std::string response = string_attr_or(self, "response_method", "auto");
  const Method* probabilities =
      response == "decision_function" ? nullptr : inner.find("predict_proba");
  ValueId score = 0;
  if (probabilities != nullptr) {
    score = TRY(pick_columns(lowering, probabilities->value, {place}));
  } else {
    score = TRY(method_of(inner, "decision_function"))->value;
    if (place == 0) score = TRY(scaled(lowering, score, -1));
  }
  const double at = threshold.value_or(probabilities != nullptr ? 0.5 : 0.0);
  const ValueId index = TRY(lowering.add(std::make_unique<ArgMaxOp>(at, true), {score}));
  Step step = handed_on(inner, {"predict_proba", "predict_log_proba", "decision_function"});
  const std::vector<uint32_t> order = {1 - place, place};
  step.methods.insert(step.methods.begin(), label_method(index, labels_at(labels, order)));
  return step;
}

Result<Step> lower_tuned_threshold(Lowering& lowering, pickle::Value self, const Features& input) {
  const Step inner = lowering.lower(TRY(self.attr("estimator_")), input, "estimator_");
  if (inner.unknown) return unknown_step();
  const pickle::Value scorer = TRY(self.attr("_curve_scorer"));
  std::optional<pickle::Value> positive;
  if (const auto kwargs = scorer.find_attr("_kwargs");
      kwargs.has_value() && kwargs->kind() == pickle::Kind::kDict) {
    positive = kwargs->find("pos_label");
  }
  // A score function's own default is 1 where it has such a parameter at all, and 1 is the second
  // class wherever it is one.
  const double threshold = TRY(TRY(self.attr("best_threshold_")).as_double());
  return cut_classifier(lowering, self, inner, threshold, positive);
}

Result<Step> lower_fixed_threshold(Lowering& lowering, pickle::Value self, const Features& input) {
  const bool fitted = self.find_attr("estimator_").has_value();
  const std::string_view name = fitted ? "estimator_" : "estimator";
  const Step inner = lowering.lower(TRY(self.attr(name)), input, name);
  if (inner.unknown) return unknown_step();
  const pickle::Value attr = TRY(self.attr("threshold"));
  std::optional<double> threshold;
  if (!attr.is_string()) threshold = TRY(attr.as_double());
  return cut_classifier(lowering, self, inner, threshold, self.find_attr("pos_label"));
}

Result<Step> lower_self_training(Lowering& lowering, pickle::Value self, const Features& input) {
  // base_estimator_ until 1.5.
  const bool renamed = self.find_attr("estimator_").has_value();
  const std::string_view name = renamed ? "estimator_" : "base_estimator_";
  TRY_STATUS(lowering.check_width(self, input));
  const Step inner = lowering.lower(TRY(self.attr(name)), input, name);
  if (inner.unknown) return unknown_step();
  return handed_on(inner, {"predict", "predict_proba", "predict_log_proba", "decision_function"});
}

Result<Step> lower_ransac(Lowering& lowering, pickle::Value self, const Features& input) {
  const Step inner = lowering.lower(TRY(self.attr("estimator_")), input, "estimator_");
  if (inner.unknown) return unknown_step();
  return handed_on(inner, {"predict"});
}

/// Whether an estimator is one of those that let NaN in.
bool takes_missing(pickle::Value estimator) {
  const std::string_view name = estimator.name();
  if (name.starts_with("DecisionTree") || name.starts_with("ExtraTree")) {
    if (estimator.find_attr("tree_").has_value()) return tree_takes_missing(estimator);
  }
  if (name.starts_with("RandomForest") || name.starts_with("ExtraTrees")) {
    const auto trees = estimator.find_attr("estimators_");
    if (!trees.has_value() || !written_since(estimator, 1, 4)) return false;
    const auto list = pickle::to_values(*trees);
    return list.ok() && !list->values.empty() && tree_takes_missing(list->values[0]);
  }
  return name.starts_with("HistGradientBoosting") || !estimator.module().starts_with("sklearn.");
}

Result<Step> lower_elimination(Lowering& lowering, pickle::Value self, const Features& all) {
  RequireFiniteOp::Options check;
  const pickle::Value estimator = TRY(self.attr("estimator_"));
  check.allow_nan = takes_missing(estimator);
  const ValueId x = TRY(lowering.finite(self, all, check));
  const Features input = all_columns(x, lowering.type(x).width, all.names);
  std::vector<uint32_t> kept;
  const std::vector<int64_t> mask = TRY(i64_attr(self, "support_")).values;
  if (mask.size() != input.size()) {
    return invalid_argument(
        fmt::format("support_: {} entries for {} columns", mask.size(), input.size()));
  }
  for (uint32_t i = 0; i < mask.size(); ++i) {
    if (mask[i] != 0) kept.push_back(i);
  }
  TRY_STATUS(lowering.spend(kept.size() + 1, input.longest_name()));
  Features chosen = input.pick(kept);
  const Step inner = lowering.lower(estimator, chosen, "estimator_");
  if (inner.unknown) return unknown_step();
  Step step =
      handed_on(inner, {"predict", "predict_proba", "predict_log_proba", "decision_function"});
  step.transform = std::move(chosen);
  return step;
}

}  // namespace

std::span<const EstimatorEntry> threshold_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"TunedThresholdClassifierCV", lower_tuned_threshold},
      EstimatorEntry{"FixedThresholdClassifier", lower_fixed_threshold},
      EstimatorEntry{"SelfTrainingClassifier", lower_self_training},
      EstimatorEntry{"RANSACRegressor", lower_ransac},
      EstimatorEntry{"RFE", lower_elimination},
      EstimatorEntry{"RFECV", lower_elimination},
  };
  return kTable;
}

}  // namespace slipway::sklearn
