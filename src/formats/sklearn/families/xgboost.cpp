// XGBClassifier, XGBRegressor, XGBRanker, their random forests and xgboost.core.Booster: the
// booster lies in the pickle as the bytes that XGBoost serialises; formats/xgboost reads them. What
// the wrappers make of its predictions: XGBoost's python-package/xgboost/sklearn.py.
#include "formats/sklearn/families/boosters.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/float32_scores.h"

namespace slipway::sklearn {
namespace {

using formats::ForeignModel;

Result<pickle::Value> booster_of(pickle::Value self) {
  return self.name() == "Booster" ? Result<pickle::Value>(self) : self.attr("_Booster");
}

/// The bytes of its model file, as long as the pickle's tree lives.
Result<std::string_view> booster_bytes(pickle::Value booster) {
  const auto handle = booster.find_attr("handle");
  if (!handle.has_value() || handle->kind() != pickle::Kind::kBytes) {
    return invalid_argument(fmt::format("{} holds no model: is it fitted?", booster.name()));
  }
  return handle->text();
}

/// The wrapper's number for missing values; NaN is missing in any case.
Result<ValueId> replace_missing(Lowering& lowering, pickle::Value self, ValueId numbers) {
  const double missing = TRY(double_attr_or(self, "missing", std::nan("")));
  if (std::isnan(missing)) return numbers;
  return lowering.add(std::make_unique<Float32MissingOp>(static_cast<float>(missing)), {numbers});
}

/// The numbers and the texts of the columns that reach the booster, each as one matrix.
Result<formats::ForeignInputs> gather(Lowering& lowering, pickle::Value self,
                                      const ForeignModel& model, const Features& input) {
  const auto [numbers, texts] = TRY(split_columns(model, input.size()));
  for (const uint32_t i : texts) {
    // Behind other steps the categories' codes arrive, not their names.
    if (!lowering.may_be_text(input.columns[i])) {
      return unimplemented(
          fmt::format("column {} was a text with categories in training, here it is a number", i));
    }
  }
  formats::ForeignInputs inputs;
  if (!numbers.empty()) {
    const ValueId value = TRY(lowering.dense(input.pick(numbers)));
    inputs.numbers = TRY(replace_missing(lowering, self, value));
  }
  if (!texts.empty()) inputs.strings = TRY(lowering.strings(input.pick(texts)));
  return inputs;
}

/// Rounds up to the best one, as the wrappers take them; 0: all.
Result<uint32_t> wrapper_rounds(pickle::Value self, const ForeignModel& model) {
  if (self.name() == "Booster" || string_attr_or(self, "booster", "") == "gblinear") return 0;
  const std::optional<uint32_t> best = model.best_iteration();
  return best.has_value() ? *best + 1 : 0;
}

/// "predict" first, then "margin".
Result<std::vector<OutputSpec>> lower_booster(Lowering& lowering, pickle::Value self,
                                              const Features& input) {
  const pickle::Value booster = TRY(booster_of(self));
  const auto model = TRY(lowering.parse_foreign("xgboost", TRY(booster_bytes(booster))));
  const formats::ForeignInputs inputs = TRY(gather(lowering, self, *model, input));
  formats::ForeignOptions options;
  options.iterations = TRY(wrapper_rounds(self, *model));
  return lowering.add_foreign(*model, inputs, options);
}

Method method_of(const OutputSpec& output) {
  Method method = number_method(output.name, output.value, output.width, output.is_vector);
  method.labels = output.labels;
  return method;
}

Result<Step> lower_regressor(Lowering& lowering, pickle::Value self, const Features& input) {
  Step step;
  for (const OutputSpec& output : TRY(lower_booster(lowering, self, input))) {
    step.methods.push_back(method_of(output));
  }
  return step;
}

/// 0, 1, ..., or what older wrappers' label encoder held.
Result<LabelTable> labels_of(pickle::Value self, int64_t classes) {
  const auto encoder = self.find_attr("_le");
  if (encoder.has_value() && !encoder->is_none()) {
    return label_table(TRY(encoder->attr("classes_")));
  }
  LabelTable labels;
  for (int64_t i = 0; i < classes; ++i) labels.ints.push_back(i);
  return labels;
}

/// Several labels at once: 1 where the probability is above a half.
Result<Method> multi_label(Lowering& lowering, const OutputSpec& scores) {
  const ValueId value =
      TRY(lowering.add(std::make_unique<ElementwiseOp>(ElementwiseOp::Function::kBinarize,
                                                       ElementwiseOp::Parameters{0.5, 0, 0}),
                       {scores.value}));
  return number_method("predict", value, scores.width, false);
}

Result<Step> lower_classifier(Lowering& lowering, pickle::Value self, const Features& input) {
  const std::vector<OutputSpec> outputs = TRY(lower_booster(lowering, self, input));
  const OutputSpec& scores = outputs[0];
  const OutputSpec& margin = outputs[1];
  const auto add_link = [&](ValueId from, Float32LinkOp::Function function) {
    return lowering.add(std::make_unique<Float32LinkOp>(function), {from});
  };
  const int64_t classes = TRY(int_attr_or(self, "n_classes_", 0));
  if (classes < 0 || classes > int64_t{kWidthMax}) {
    return invalid_argument(fmt::format("it has {} classes", classes));
  }
  Step step;
  if (scores.width > 1 && classes == 2) {
    step.methods.push_back(TRY(multi_label(lowering, scores)));
    step.methods.push_back(number_method("predict_proba", scores.value, scores.width, false));
    step.methods.push_back(method_of(margin));
    return step;
  }
  const bool is_arg_max = !scores.labels.empty();  // multi:softmax
  const bool is_binary = scores.width == 1 && !is_arg_max;
  const LabelTable labels = TRY(labels_of(self, is_binary ? 2 : margin.width));
  if (labels.size() != (is_binary ? 2 : margin.width)) {
    return invalid_argument(fmt::format("it has {} classes, but scores for {}", labels.size(),
                                        is_binary ? 2 : margin.width));
  }
  const ValueId probabilities =
      is_arg_max  ? TRY(add_link(margin.value, Float32LinkOp::Function::kSoftmax))
      : is_binary ? TRY(add_link(scores.value, Float32LinkOp::Function::kComplementPair))
                  : scores.value;
  const ValueId index = TRY(
      lowering.add(std::make_unique<ArgMaxOp>(0.5), {is_arg_max ? margin.value : scores.value}));
  step.methods.push_back(label_method(index, labels));
  step.methods.push_back(number_method("predict_proba", probabilities,
                                       lowering.type(probabilities).width, false,
                                       label_names(labels)));
  step.methods.push_back(method_of(margin));
  return step;
}

}  // namespace

Result<std::string_view> xgboost_bytes(pickle::Value self) {
  return booster_bytes(TRY(booster_of(self)));
}

std::span<const EstimatorEntry> xgboost_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"XGBClassifier", lower_classifier},
      EstimatorEntry{"XGBRFClassifier", lower_classifier},
      EstimatorEntry{"XGBRegressor", lower_regressor},
      EstimatorEntry{"XGBRFRegressor", lower_regressor},
      EstimatorEntry{"XGBRanker", lower_regressor},
      EstimatorEntry{"XGBModel", lower_regressor},
      EstimatorEntry{"Booster", lower_regressor},
  };
  return kTable;
}

}  // namespace slipway::sklearn
