// Several targets: one estimator each, side by side (MultiOutput*) or one after the other (chains).
#include <fmt/format.h>

#include <array>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/members.h"

namespace slipway::sklearn {
namespace {

Result<Step> lower_multi_regressor(Lowering& lowering, pickle::Value self, const Features& input) {
  const Members members = TRY(lower_members(lowering, self, "estimators_", input));
  if (members.unknown) return unknown_step();
  std::vector<ValueId> values;
  for (const Step& member : members.steps) {
    values.push_back(TRY(as_numbers(lowering, *TRY(method_of(member, "predict")))));
  }
  const ValueId all = TRY(side_by_side(lowering, values));
  return regressor(all, lowering.type(all).width, false);
}

Result<Step> lower_multi_classifier(Lowering& lowering, pickle::Value self, const Features& input) {
  const Members members = TRY(lower_members(lowering, self, "estimators_", input));
  if (members.unknown) return unknown_step();
  std::vector<ValueId> indices;
  std::vector<LabelTable> labels;
  Step step;
  step.methods.emplace_back();
  const bool has_room = 1 + members.steps.size() <= kOutputsMax;
  for (size_t i = 0; i < members.steps.size(); ++i) {
    const Step& member = members.steps[i];
    labels.push_back(*TRY(classes_of(member)));
    indices.push_back(TRY(method_of(member, "predict"))->value);
    if (const Method* probabilities = member.find("predict_proba"); probabilities && has_room) {
      step.methods.push_back(*probabilities);
      step.methods.back().name = fmt::format("predict_proba_{}", i);
    }
  }
  step.methods[0] = TRY(several_labels(lowering, indices, std::move(labels)));
  return step;
}

/// The columns of a chain's answers, one for each estimator in its own order.
struct Chain {
  std::vector<ValueId> predictions;
  std::vector<ValueId> probabilities;  // of the second class; complete or to be left out
  std::vector<ValueId> scores;
  std::vector<uint32_t> places;  // target k is column places[k]
  bool unknown = false;
};

Result<std::vector<uint32_t>> inverse_order(pickle::Value self, size_t count) {
  const std::vector<int64_t> order = TRY(i64_attr(self, "order_")).values;
  std::vector<uint32_t> places(count);
  std::vector<bool> seen(count, false);
  for (size_t i = 0; i < order.size(); ++i) {
    const bool usable = order.size() == count && order[i] >= 0 &&
                        order[i] < static_cast<int64_t>(count) &&
                        !seen[static_cast<size_t>(order[i])];
    if (!usable) return invalid_argument(fmt::format("{}.order_ is no order", self.name()));
    seen[static_cast<size_t>(order[i])] = true;
    places[static_cast<size_t>(order[i])] = static_cast<uint32_t>(i);
  }
  if (order.size() != count) {
    return invalid_argument(
        fmt::format("{}.order_: {} entries for {} estimators", self.name(), order.size(), count));
  }
  return places;
}

/// What later estimators see of this one: since 1.5 chain_method_ says it.
Result<ValueId> chained(Lowering& lowering, const Step& step, const std::string& method) {
  const ValueId value = TRY(as_numbers(lowering, *TRY(method_of(step, method))));
  if (!method.starts_with("predict_") || lowering.type(value).width == 1) return value;
  return pick_columns(lowering, value, {lowering.type(value).width - 1});
}

Result<Chain> lower_chain(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const std::string method = string_attr_or(self, "chain_method_", "predict");
  const std::vector<pickle::Value> list = TRY(member_list(self, "estimators_"));
  if (list.empty()) return invalid_argument("it has no estimators: is it fitted?");
  Chain chain;
  chain.places = TRY(inverse_order(self, list.size()));
  Features seen = all_columns(x, lowering.type(x).width);
  for (size_t i = 0; i < list.size(); ++i) {
    const Step step = lowering.lower(list[i], seen, fmt::format("estimators_.{}", i));
    chain.unknown = chain.unknown || step.unknown;
    if (chain.unknown) {
      seen.unknown = true;
      continue;
    }
    chain.predictions.push_back(TRY(as_numbers(lowering, *TRY(method_of(step, "predict")))));
    if (step.find("predict_proba") != nullptr) {
      chain.probabilities.push_back(TRY(chained(lowering, step, "predict_proba")));
    }
    if (const Method* scores = step.find("decision_function"); scores && scores->width == 1) {
      chain.scores.push_back(scores->value);
    }
    const ValueId next = TRY(chained(lowering, step, method));
    if (lowering.type(next).width != 1) {
      return unimplemented("an estimator of the chain answers with several columns");
    }
    seen.append(all_columns(next, 1));
  }
  return chain;
}

Result<ValueId> in_order(Lowering& lowering, const Chain& chain,
                         const std::vector<ValueId>& values) {
  std::vector<ValueId> sorted;
  for (const uint32_t place : chain.places) sorted.push_back(values[place]);
  return side_by_side(lowering, sorted);
}

Result<Step> lower_regressor_chain(Lowering& lowering, pickle::Value self, const Features& input) {
  const Chain chain = TRY(lower_chain(lowering, self, input));
  if (chain.unknown) return unknown_step();
  const ValueId all = TRY(in_order(lowering, chain, chain.predictions));
  return regressor(all, lowering.type(all).width, false);
}

Result<Step> lower_classifier_chain(Lowering& lowering, pickle::Value self, const Features& input) {
  const Chain chain = TRY(lower_chain(lowering, self, input));
  if (chain.unknown) return unknown_step();
  const auto width = static_cast<uint32_t>(chain.places.size());
  // A chain gives its labels as numbers.
  Step step = regressor(TRY(in_order(lowering, chain, chain.predictions)), width, false);
  if (chain.probabilities.size() == width) {
    const ValueId all = TRY(in_order(lowering, chain, chain.probabilities));
    step.methods.push_back(number_method("predict_proba", all, width, false));
    step.methods.push_back(
        number_method("predict_log_proba",
                      TRY(activated(lowering, all, ActivationOp::Function::kLog)), width, false));
  }
  if (chain.scores.size() == width) {
    step.methods.push_back(number_method(
        "decision_function", TRY(in_order(lowering, chain, chain.scores)), width, false));
  }
  return step;
}

}  // namespace

std::span<const EstimatorEntry> multioutput_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"MultiOutputClassifier", lower_multi_classifier},
      EstimatorEntry{"MultiOutputRegressor", lower_multi_regressor},
      EstimatorEntry{"ClassifierChain", lower_classifier_chain},
      EstimatorEntry{"RegressorChain", lower_regressor_chain},
  };
  return kTable;
}

}  // namespace slipway::sklearn
