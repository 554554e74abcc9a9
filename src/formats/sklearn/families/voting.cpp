// VotingClassifier, VotingRegressor, StackingClassifier, StackingRegressor.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/composition.h"
#include "formats/sklearn/families/members.h"

namespace slipway::sklearn {
namespace {

/// `weights` without those of dropped estimators; empty if there are none.
Result<std::vector<double>> voting_weights(pickle::Value self, size_t members) {
  const auto attr = self.find_attr("weights");
  if (!attr.has_value() || attr->is_none()) return std::vector<double>{};
  const std::vector<double> all = TRY(pickle::to_f64(*attr)).values;
  const std::vector<NamedPart> parts = TRY(named_parts(self, "estimators"));
  std::vector<double> kept;
  for (size_t i = 0; i < std::min(all.size(), parts.size()); ++i) {
    if (!is_drop(parts[i].estimator) && !parts[i].estimator.is_none()) kept.push_back(all[i]);
  }
  if (kept.size() != members || all.size() != parts.size()) {
    return invalid_argument(
        fmt::format("{}.weights: {} of them for {} estimators", self.name(), all.size(), members));
  }
  return kept;
}

/// What numpy.average divides by.
double divisor_of(const std::vector<double>& weights, size_t members) {
  return weights.empty() ? static_cast<double>(members)
                         : std::accumulate(weights.begin(), weights.end(), 0.0);
}

/// Members were trained on codes 0, 1, ... of the outer classes.
Result<ValueId> hard_votes(Lowering& lowering, const std::vector<Step>& steps,
                           const std::vector<double>& weights, uint32_t classes) {
  std::vector<ValueId> votes;
  for (size_t i = 0; i < steps.size(); ++i) {
    const LabelTable* codes = TRY(classes_of(steps[i]));
    const Method* predict = TRY(method_of(steps[i], "predict"));
    votes.push_back(TRY(class_votes(lowering, *predict, TRY(code_places(*codes, classes)), classes,
                                    weights.empty() ? 1 : weights[i])));
  }
  return combined(lowering, std::move(votes));
}

/// The members' numbers for a pipeline that goes on behind the ensemble.
Status add_transform(Lowering& lowering, const std::vector<ValueId>& values, Step& step) {
  const ValueId all = TRY(side_by_side(lowering, values));
  step.transform = all_columns(all, lowering.type(all).width);
  return {};
}

Result<std::vector<ValueId>> member_values(Lowering& lowering, const std::vector<Step>& steps,
                                           std::string_view method) {
  std::vector<ValueId> values;
  for (const Step& step : steps) {
    values.push_back(TRY(as_numbers(lowering, *TRY(method_of(step, method)))));
  }
  return values;
}

Result<Step> lower_voting_classifier(Lowering& lowering, pickle::Value self,
                                     const Features& input) {
  const Members members = TRY(lower_members(lowering, self, "estimators_", input));
  if (members.unknown) return unknown_step();
  const LabelTable labels = TRY(label_table(TRY(self.attr("classes_"))));
  const auto classes = static_cast<uint32_t>(labels.size());
  const std::vector<double> weights = TRY(voting_weights(self, members.steps.size()));
  if (string_attr_or(self, "voting", "hard") == "hard") {
    const ValueId votes = TRY(hard_votes(lowering, members.steps, weights, classes));
    Step step;
    // One class alone has one column of votes, of which ArgMaxOp would ask whether it is above 0.
    const double threshold = classes == 1 ? std::numeric_limits<double>::infinity() : 0;
    step.methods.push_back(
        label_method(TRY(lowering.add(std::make_unique<ArgMaxOp>(threshold), {votes})), labels));
    TRY_STATUS(
        add_transform(lowering, TRY(member_values(lowering, members.steps, "predict")), step));
    return step;
  }
  const std::vector<ValueId> values = TRY(member_values(lowering, members.steps, "predict_proba"));
  const ValueId mean = TRY(combined(lowering, values, weights, divisor_of(weights, values.size())));
  Step step = TRY(plain_probability_classifier(lowering, mean, labels));
  // Otherwise transform() gives a matrix for each estimator.
  if (TRY(bool_attr_or(self, "flatten_transform", true))) {
    TRY_STATUS(add_transform(lowering, values, step));
  }
  return step;
}

Result<Step> lower_voting_regressor(Lowering& lowering, pickle::Value self, const Features& input) {
  const Members members = TRY(lower_members(lowering, self, "estimators_", input));
  if (members.unknown) return unknown_step();
  const std::vector<double> weights = TRY(voting_weights(self, members.steps.size()));
  const std::vector<ValueId> values = TRY(member_values(lowering, members.steps, "predict"));
  const ValueId mean = TRY(combined(lowering, values, weights, divisor_of(weights, values.size())));
  Step step = regressor(mean, lowering.type(mean).width, lowering.type(mean).width == 1);
  TRY_STATUS(add_transform(lowering, values, step));
  return step;
}

/// One estimator's columns of what the final estimator sees.
Result<std::vector<ValueId>> stacked_columns(Lowering& lowering, const Step& step,
                                             const std::string& method, bool drops_first) {
  const std::vector<const Method*> methods = methods_of(step, method);
  if (methods.empty()) return TRY(method_of(step, method)), std::vector<ValueId>{};
  std::vector<ValueId> values;
  for (const Method* found : methods) {
    ValueId value = TRY(as_numbers(lowering, *found));
    const uint32_t width = lowering.type(value).width;
    // Probabilities of two classes add up to 1, so that one says all.
    const bool several = found->name != method;
    if (several || (drops_first && method == "predict_proba" && width == 2)) {
      std::vector<uint32_t> picks(width - 1);
      std::iota(picks.begin(), picks.end(), 1U);
      if (picks.empty()) continue;
      value = TRY(pick_columns(lowering, value, picks));
    }
    values.push_back(value);
  }
  return values;
}

struct Stacked {
  Features features;
  Step final_step;
  bool unknown = false;
};

Result<Stacked> lower_stack(Lowering& lowering, pickle::Value self, const Features& input,
                            bool drops_first) {
  const Members members = TRY(lower_members(lowering, self, "estimators_", input));
  Stacked stacked;
  stacked.unknown = members.unknown;
  const std::vector<std::string> methods =
      TRY(pickle::to_strings(TRY(self.attr("stack_method_")))).values;
  if (methods.size() != members.steps.size()) {
    return invalid_argument(fmt::format("{}.stack_method_: {} names for {} estimators", self.name(),
                                        methods.size(), members.steps.size()));
  }
  for (size_t i = 0; i < methods.size() && !members.unknown; ++i) {
    for (const ValueId value :
         TRY(stacked_columns(lowering, members.steps[i], methods[i], drops_first))) {
      TRY_STATUS(lowering.spend(lowering.type(value).width));
      stacked.features.append(all_columns(value, lowering.type(value).width));
    }
  }
  if (TRY(bool_attr_or(self, "passthrough", false))) {
    TRY_STATUS(lowering.spend(input.size()));
    stacked.features.append(input);
    stacked.features.names.clear();
  }
  stacked.features.unknown = members.unknown;
  stacked.final_step =
      lowering.lower(TRY(self.attr("final_estimator_")), stacked.features, "final_estimator_");
  stacked.unknown = stacked.unknown || stacked.final_step.unknown;
  return stacked;
}

Result<Step> lower_stacking_regressor(Lowering& lowering, pickle::Value self,
                                      const Features& input) {
  Stacked stacked = TRY(lower_stack(lowering, self, input, false));
  if (stacked.unknown) return unknown_step();
  Step step;
  step.methods.push_back(*TRY(method_of(stacked.final_step, "predict")));
  step.transform = std::move(stacked.features);
  return step;
}

/// The final estimator learnt codes; its answers are given as labels.
Result<Method> as_labels(const Method& predict, const std::vector<LabelTable>& labels) {
  if (predict.labels.size() != labels.size()) {
    return unimplemented("its final estimator is no classifier of its targets");
  }
  Method made = predict;
  for (size_t i = 0; i < labels.size(); ++i) {
    made.labels[i] = labels_at(labels[i], TRY(code_places(predict.labels[i], labels[i].size())));
  }
  made.dtype = labels[0].dtype;
  return made;
}

Result<Step> multilabel_stack(Lowering& lowering, pickle::Value classes, Stacked stacked) {
  std::vector<LabelTable> labels;
  for (const pickle::Value one : TRY(pickle::to_values(classes)).values) {
    labels.push_back(TRY(label_table(one)));
  }
  if (labels.empty()) return invalid_argument("it has no targets");
  Step step;
  step.methods.push_back(TRY(as_labels(*TRY(method_of(stacked.final_step, "predict")), labels)));
  // predict_proba gives the first class of each target.
  std::vector<ValueId> firsts;
  for (const Method* method : methods_of(stacked.final_step, "predict_proba")) {
    if (method->name == "predict_proba") break;
    firsts.push_back(TRY(pick_columns(lowering, method->value, {0})));
  }
  if (!firsts.empty()) {
    const ValueId all = TRY(side_by_side(lowering, firsts));
    step.methods.push_back(
        number_method("predict_proba", all, static_cast<uint32_t>(firsts.size()), false));
  }
  step.transform = std::move(stacked.features);
  return step;
}

Result<Step> lower_stacking_classifier(Lowering& lowering, pickle::Value self,
                                       const Features& input) {
  const pickle::Value classes = TRY(self.attr("classes_"));
  const bool several = classes.kind() == pickle::Kind::kList;
  LabelTable labels;
  if (!several) labels = TRY(label_table(classes));
  Stacked stacked = TRY(lower_stack(lowering, self, input, !several && labels.size() == 2));
  if (stacked.unknown) return unknown_step();
  if (several) return multilabel_stack(lowering, classes, std::move(stacked));
  Step step;
  step.methods.push_back(TRY(as_labels(*TRY(method_of(stacked.final_step, "predict")), {labels})));
  for (const std::string_view name : {"predict_proba", "decision_function"}) {
    const Method* method = stacked.final_step.find(name);
    if (method == nullptr) continue;
    step.methods.push_back(*method);
    if (method->width == labels.size()) step.methods.back().columns = label_names(labels);
  }
  step.transform = std::move(stacked.features);
  return step;
}

}  // namespace

std::span<const EstimatorEntry> voting_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"VotingClassifier", lower_voting_classifier},
      EstimatorEntry{"VotingRegressor", lower_voting_regressor},
      EstimatorEntry{"StackingClassifier", lower_stacking_classifier},
      EstimatorEntry{"StackingRegressor", lower_stacking_regressor},
  };
  return kTable;
}

}  // namespace slipway::sklearn
