// LGBMClassifier, LGBMRegressor, LGBMRanker and lightgbm.basic.Booster: the booster lies in the
// pickle as the text of its model file; formats/lightgbm reads it.
#include "formats/sklearn/families/boosters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"

namespace slipway::sklearn {
namespace {

using formats::ForeignModel;

/// The wrapper's booster, or the booster itself.
Result<pickle::Value> booster_of(pickle::Value self) {
  return self.name() == "Booster" ? Result<pickle::Value>(self) : self.attr("_Booster");
}

/// The text of its model file, as long as the pickle's tree lives.
Result<std::string_view> booster_text(pickle::Value booster) {
  // Before 4.0 the attribute had no underscore.
  auto text = booster.find_attr("_handle");
  if (!text.has_value()) text = booster.find_attr("handle");
  if (!text.has_value() || !text->is_string()) {
    return invalid_argument(fmt::format("{} holds no model: is it fitted?", booster.name()));
  }
  return text->text();
}

/// The numbers and the texts of the columns that reach the booster, each as one matrix.
Result<formats::ForeignInputs> gather(Lowering& lowering, const ForeignModel& model,
                                      const Features& input) {
  const auto [numbers, texts] = TRY(split_columns(model, input.size()));
  formats::ForeignInputs inputs;
  if (!numbers.empty()) inputs.numbers = TRY(lowering.dense(input.pick(numbers)));
  if (!texts.empty()) inputs.strings = TRY(lowering.strings(input.pick(texts)));
  return inputs;
}

Result<std::vector<OutputSpec>> lower_booster(Lowering& lowering, pickle::Value self,
                                              const Features& input) {
  // A prediction that ends before the last tree depends on the order of the trees' values.
  if (const auto early = self.find_attr("pred_early_stop"); early.has_value()) {
    const Result<bool> is_on = early->as_bool();
    if (!is_on.ok() || *is_on) return unimplemented("pred_early_stop is not supported");
  }
  const pickle::Value booster = TRY(booster_of(self));
  const auto model = TRY(lowering.parse_foreign("lightgbm", TRY(booster_text(booster))));
  const formats::ForeignInputs inputs = TRY(gather(lowering, *model, input));
  formats::ForeignOptions options;
  const int64_t best = TRY(int_attr_or(booster, "best_iteration", 0));
  options.iterations =
      static_cast<uint32_t>(std::clamp<int64_t>(best, 0, std::numeric_limits<uint32_t>::max()));
  return lowering.add_foreign(*model, inputs, options);
}

Method method_of(const OutputSpec& output) {
  return number_method(output.name, output.value, output.width, output.is_vector);
}

Result<Step> lower_regressor(Lowering& lowering, pickle::Value self, const Features& input) {
  Step step;
  for (const OutputSpec& output : TRY(lower_booster(lowering, self, input))) {
    step.methods.push_back(method_of(output));
  }
  return step;
}

/// The wrapper's objective is the user's own function: LightGBM gives raw scores for everything.
bool has_own_objective(pickle::Value self) {
  const auto objective = self.find_attr("_objective");
  return objective.has_value() && !objective->is_none() && !objective->is_string();
}

Result<Step> lower_classifier(Lowering& lowering, pickle::Value self, const Features& input) {
  const std::vector<OutputSpec> outputs = TRY(lower_booster(lowering, self, input));
  const OutputSpec& scores = outputs.front();
  Step step;
  if (has_own_objective(self)) {
    step.methods.push_back(method_of(scores));
    step.methods.push_back(
        number_method("predict_proba", scores.value, scores.width, scores.is_vector));
  } else {
    const pickle::Value encoder = TRY(self.attr("_le"));
    const LabelTable labels = TRY(label_table(TRY(encoder.attr("classes_"))));
    const bool is_binary = scores.width == 1;
    if (labels.size() != (is_binary ? 2 : scores.width)) {
      return unimplemented(fmt::format("it has {} classes, but {} probabilities", labels.size(),
                                       is_binary ? 2 : scores.width));
    }
    ValueId probabilities = scores.value;
    if (is_binary) {
      probabilities = TRY(lowering.add(
          std::make_unique<ActivationOp>(ActivationOp::Function::kComplementPair), {scores.value}));
    }
    const ValueId index = TRY(lowering.add(std::make_unique<ArgMaxOp>(), {probabilities}));
    step.methods.push_back(label_method(index, labels));
    step.methods.push_back(number_method("predict_proba", probabilities,
                                         static_cast<uint32_t>(labels.size()), false,
                                         label_names(labels)));
  }
  for (size_t i = 1; i < outputs.size(); ++i) step.methods.push_back(method_of(outputs[i]));
  return step;
}

}  // namespace

Result<std::string_view> lightgbm_bytes(pickle::Value self) {
  return booster_text(TRY(booster_of(self)));
}

std::span<const EstimatorEntry> lightgbm_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"LGBMClassifier", lower_classifier},
      EstimatorEntry{"LGBMRegressor", lower_regressor},
      EstimatorEntry{"LGBMRanker", lower_regressor},
      EstimatorEntry{"LGBMModel", lower_regressor},
      EstimatorEntry{"Booster", lower_regressor},
  };
  return kTable;
}

}  // namespace slipway::sklearn
