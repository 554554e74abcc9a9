// sklearn.dummy: the same answer for every row. What draws at random is not served.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/members.h"

namespace slipway::sklearn {
namespace {

/// The values that reach the estimator: it does not look at them, but they may not be refused.
std::vector<ValueId> values_of(const Features& input) {
  std::vector<ValueId> values;
  for (const ColumnRef& column : input.columns) {
    if (!column.open && (values.empty() || values.back() != column.value)) {
      values.push_back(column.value);
    }
  }
  return values;
}

Result<Step> lower_regressor(Lowering& lowering, pickle::Value self, const Features& input) {
  const std::vector<double> constants = TRY(f64_attr(self, "constant_")).values;
  const auto width = static_cast<uint32_t>(constants.size());
  const ValueId y = TRY(lowering.add(std::make_unique<ConstantOp>(constants), values_of(input)));
  return regressor(y, width, width == 1);
}

/// One target: probabilities, of which the first maximum is the label.
Result<std::vector<double>> target_probabilities(const std::string& strategy,
                                                 const std::vector<double>& prior,
                                                 const LabelTable& labels,
                                                 const std::optional<pickle::Value>& constant) {
  if (prior.size() != labels.size() || prior.empty()) {
    return invalid_argument("class_prior_: another number than of classes");
  }
  if (strategy == "prior") return prior;
  std::vector<double> certain(prior.size(), 0.0);
  if (strategy == "most_frequent") {
    certain[static_cast<size_t>(std::max_element(prior.begin(), prior.end()) - prior.begin())] = 1;
    return certain;
  }
  if (strategy == "constant" && constant.has_value()) {
    certain[TRY(label_places(TRY(label_table(*constant)), labels)).at(0)] = 1;
    return certain;
  }
  return unimplemented(fmt::format("its strategy '{}' draws at random", strategy));
}

Result<Step> one_target(Lowering& lowering, const std::vector<double>& proba,
                        const LabelTable& labels, const Features& input) {
  const ValueId value = TRY(lowering.add(std::make_unique<ConstantOp>(proba), values_of(input)));
  return probability_classifier(lowering, value, labels);
}

Result<Step> several_targets(Lowering& lowering, pickle::Value self, const std::string& strategy,
                             const Features& input) {
  const auto classes = TRY(pickle::to_values(TRY(self.attr("classes_")))).values;
  const auto priors = TRY(pickle::to_values(TRY(self.attr("class_prior_")))).values;
  std::vector<pickle::Value> constants;
  if (strategy == "constant") {
    constants = TRY(pickle::to_values(TRY(self.attr("constant")))).values;
  }
  if (classes.empty() || priors.size() != classes.size()) {
    return invalid_argument("class_prior_: another number than of targets");
  }
  std::vector<ValueId> indices;
  std::vector<LabelTable> labels;
  Step step;
  step.methods.emplace_back();
  const bool has_room = 1 + 2 * classes.size() <= kOutputsMax;
  for (size_t i = 0; i < classes.size(); ++i) {
    labels.push_back(TRY(label_table(classes[i])));
    const std::vector<double> prior = TRY(pickle::to_f64(priors[i])).values;
    const auto constant = i < constants.size() ? std::optional(constants[i]) : std::nullopt;
    const Step one =
        TRY(one_target(lowering, TRY(target_probabilities(strategy, prior, labels[i], constant)),
                       labels[i], input));
    indices.push_back(one.methods[0].value);
    for (size_t k = 1; k < one.methods.size() && has_room; ++k) {
      step.methods.push_back(one.methods[k]);
      step.methods.back().name += fmt::format("_{}", i);
    }
  }
  step.methods[0] = TRY(several_labels(lowering, indices, std::move(labels)));
  return step;
}

Result<Step> lower_classifier(Lowering& lowering, pickle::Value self, const Features& input) {
  // Before 1.0 the strategy that was not said is kept apart.
  const std::string strategy =
      string_attr_or(self, "_strategy", string_attr_or(self, "strategy", ""));
  if (TRY(int_attr_or(self, "n_outputs_", 1)) > 1) {
    return several_targets(lowering, self, strategy, input);
  }
  const LabelTable labels = TRY(label_table(TRY(self.attr("classes_"))));
  const std::vector<double> prior = TRY(f64_attr(self, "class_prior_")).values;
  return one_target(lowering,
                    TRY(target_probabilities(strategy, prior, labels, self.find_attr("constant"))),
                    labels, input);
}

}  // namespace

std::span<const EstimatorEntry> dummy_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"DummyClassifier", lower_classifier},
      EstimatorEntry{"DummyRegressor", lower_regressor},
  };
  return kTable;
}

}  // namespace slipway::sklearn
