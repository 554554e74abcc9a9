// AdaBoostClassifier (SAMME and SAMME.R) and AdaBoostRegressor (weighted median).
#include <fmt/format.h>

#include <array>
#include <cfloat>
#include <limits>
#include <numeric>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/members.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/linear.h"

namespace slipway::sklearn {
namespace {

struct Boosted {
  Members members;
  std::vector<double> weights;  // one for each member
  double total = 0;             // of all weights in the file
};

Result<Boosted> boosted_members(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  Boosted boosted;
  boosted.members = TRY(lower_members(lowering, self, "estimators_",
                                      all_columns(x, lowering.type(x).width, input.names)));
  boosted.weights = TRY(f64_attr(self, "estimator_weights_")).values;
  if (boosted.weights.size() < boosted.members.steps.size()) {
    return invalid_argument(fmt::format("{}.estimator_weights_: {} for {} estimators", self.name(),
                                        boosted.weights.size(), boosted.members.steps.size()));
  }
  boosted.total = std::accumulate(boosted.weights.begin(), boosted.weights.end(), 0.0);
  boosted.weights.resize(boosted.members.steps.size());
  return boosted;
}

/// SAMME.R: (n - 1) * (log p - mean of log p), p clipped from below; summed over the members.
Result<ValueId> real_scores(Lowering& lowering, const Boosted& boosted, uint32_t classes) {
  std::vector<ValueId> logs;
  for (const Step& step : boosted.members.steps) {
    const Method* probabilities = TRY(method_of(step, "predict_proba"));
    const ElementwiseOp::Parameters range{DBL_EPSILON, std::numeric_limits<double>::infinity(), 0};
    const ValueId clipped =
        TRY(lowering.add(std::make_unique<ElementwiseOp>(ElementwiseOp::Function::kClip, range),
                         {probabilities->value}));
    logs.push_back(TRY(activated(lowering, clipped, ActivationOp::Function::kLog)));
  }
  const ValueId sum = TRY(combined(lowering, std::move(logs)));
  const ValueId centered = TRY(row_function(lowering, sum, RowFunctionOp::Function::kSubtractMean));
  return scaled(lowering, centered, static_cast<double>(classes - 1) / boosted.total);
}

/// SAMME: each member's weight for its class; since 1.3 a share of it against all others.
Result<ValueId> discrete_scores(Lowering& lowering, pickle::Value self, const Boosted& boosted,
                                const LabelTable& labels) {
  const auto classes = static_cast<uint32_t>(labels.size());
  const bool against = written_since(self, 1, 3);
  std::vector<ValueId> votes;
  for (size_t i = 0; i < boosted.members.steps.size(); ++i) {
    const Step& step = boosted.members.steps[i];
    const double weight = boosted.weights[i];
    const double miss = against ? -1.0 / (classes - 1) * weight : 0;
    votes.push_back(
        TRY(class_votes(lowering, *TRY(method_of(step, "predict")),
                        TRY(label_places(*TRY(classes_of(step)), labels)), classes, weight, miss)));
  }
  return combined(lowering, std::move(votes), {}, boosted.total);
}

/// scikit-learn's _compute_proba_from_decision.
Result<ValueId> probabilities_of(Lowering& lowering, ValueId decision, uint32_t classes) {
  ValueId logits = 0;
  if (classes == 2) {
    logits = TRY(lowering.add(
        std::make_unique<LinearOp>(2, 1, std::vector<double>{-0.5, 0.5}, std::vector<double>{0, 0}),
        {decision}));
  } else {
    logits = TRY(combined(lowering, {decision}, {}, static_cast<double>(classes - 1)));
  }
  return activated(lowering, logits, ActivationOp::Function::kSoftmax);
}

Result<Step> lower_classifier(Lowering& lowering, pickle::Value self, const Features& input) {
  const Boosted boosted = TRY(boosted_members(lowering, self, input));
  if (boosted.members.unknown) return unknown_step();
  const LabelTable labels = TRY(label_table(TRY(self.attr("classes_"))));
  const auto classes = static_cast<uint32_t>(labels.size());
  if (classes < 2) return unimplemented("it was trained on one class alone");
  const bool real = string_attr_or(self, "algorithm", "SAMME") == "SAMME.R";
  ValueId scores = TRY(real ? real_scores(lowering, boosted, classes)
                            : discrete_scores(lowering, self, boosted, labels));
  if (lowering.type(scores).width != classes) {
    return invalid_argument("its estimators know other classes than it does");
  }
  if (classes == 2) {
    scores = TRY(lowering.add(
        std::make_unique<LinearOp>(1, 2, std::vector<double>{-1, 1}, std::vector<double>{0}),
        {scores}));
  }
  Step step = TRY(score_classifier(lowering, scores, labels, Probability::kNone));
  const ValueId probabilities = TRY(probabilities_of(lowering, scores, classes));
  Step proba = TRY(probability_classifier(lowering, probabilities, labels));
  for (Method& method : proba.methods) {
    if (method.name != "predict") step.methods.push_back(std::move(method));
  }
  return step;
}

Result<Step> lower_regressor(Lowering& lowering, pickle::Value self, const Features& input) {
  Boosted boosted = TRY(boosted_members(lowering, self, input));
  if (boosted.members.unknown) return unknown_step();
  std::vector<ValueId> values;
  for (const Step& step : boosted.members.steps) {
    values.push_back(TRY(as_numbers(lowering, *TRY(method_of(step, "predict")))));
  }
  const ValueId all = TRY(side_by_side(lowering, values));
  const ValueId median =
      TRY(lowering.add(std::make_unique<WeightedMedianOp>(std::move(boosted.weights)), {all}));
  return regressor(median, 1, true);
}

}  // namespace

std::span<const EstimatorEntry> ada_boost_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"AdaBoostClassifier", lower_classifier},
      EstimatorEntry{"AdaBoostRegressor", lower_regressor},
  };
  return kTable;
}

}  // namespace slipway::sklearn
