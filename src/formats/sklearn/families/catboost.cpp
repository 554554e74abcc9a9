// CatBoost, CatBoostClassifier, CatBoostRegressor and CatBoostRanker: the state holds the bytes of
// a .cbm file, which formats/catboost reads. What the classes differ in is what predict() gives.
#include "formats/sklearn/families/boosters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"

namespace slipway::sklearn {
namespace {

using formats::ForeignModel;

/// The numbers and the categories of the columns that reach the model, each as one matrix.
Result<formats::ForeignInputs> gather(Lowering& lowering, const ForeignModel& model,
                                      const Features& input) {
  const auto [numbers, categories] = TRY(split_columns(model, input.size()));
  bool all_texts = true;
  for (const uint32_t i : categories) {
    lowering.accept_integers(input.columns[i]);
    all_texts = all_texts && lowering.may_be_text(input.columns[i]);
  }
  formats::ForeignInputs inputs;
  if (!numbers.empty()) inputs.numbers = TRY(lowering.dense(input.pick(numbers)));
  if (!categories.empty()) {
    // Whole numbers that an earlier step made are categories too.
    const Features picked = input.pick(categories);
    inputs.strings = all_texts ? TRY(lowering.strings(picked)) : TRY(lowering.cells(picked));
  }
  return inputs;
}

Result<std::vector<OutputSpec>> lower_model(Lowering& lowering, pickle::Value self,
                                            const Features& input) {
  const auto model = TRY(lowering.parse_foreign("catboost", TRY(catboost_bytes(self))));
  const formats::ForeignInputs inputs = TRY(gather(lowering, *model, input));
  return lowering.add_foreign(*model, inputs, {});
}

Method method_of(const OutputSpec& output) {
  Method method;
  method.name = output.name;
  method.value = output.value;
  method.width = output.width;
  method.is_vector = output.is_vector;
  method.dtype = output.dtype;
  method.labels = output.labels;
  method.columns = output.columns;
  return method;
}

Result<Step> lower_classifier(Lowering& lowering, pickle::Value self, const Features& input) {
  Step step;
  for (const OutputSpec& output : TRY(lower_model(lowering, self, input))) {
    step.methods.push_back(method_of(output));
  }
  if (step.find("predict_proba") != nullptr) return step;
  return unimplemented("its loss is not one of classification");
}

/// A model of classes in a class that knows none gives raw scores.
Result<Step> lower_regressor(Lowering& lowering, pickle::Value self, const Features& input) {
  const std::vector<OutputSpec> outputs = TRY(lower_model(lowering, self, input));
  const bool is_classifier = !outputs.front().labels.empty();
  Step step;
  step.methods.push_back(method_of(is_classifier ? outputs.back() : outputs.front()));
  step.methods.back().name = "predict";
  step.methods.push_back(method_of(outputs.back()));
  return step;
}

/// predict() gives raw scores.
Result<Step> lower_raw(Lowering& lowering, pickle::Value self, const Features& input) {
  const std::vector<OutputSpec> outputs = TRY(lower_model(lowering, self, input));
  Step step;
  step.methods.push_back(method_of(outputs.back()));
  step.methods.back().name = "predict";
  step.methods.push_back(method_of(outputs.back()));
  return step;
}

}  // namespace

Result<std::string_view> catboost_bytes(pickle::Value self) {
  const auto bytes = self.find_attr("__model");
  if (!bytes.has_value() || bytes->kind() != pickle::Kind::kBytes) {
    return invalid_argument(fmt::format("{} holds no model: is it fitted?", self.name()));
  }
  return bytes->text();
}

std::span<const EstimatorEntry> catboost_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"CatBoostClassifier", lower_classifier},
      EstimatorEntry{"CatBoostRegressor", lower_regressor},
      EstimatorEntry{"CatBoostRanker", lower_raw},
      EstimatorEntry{"CatBoost", lower_raw},
  };
  return kTable;
}

}  // namespace slipway::sklearn
