// CalibratedClassifierCV (sigmoid, isotonic, temperature) and IsotonicRegression.
#include "formats/sklearn/families/calibration.h"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/members.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/interpolate.h"
#include "graph/ops/linear.h"

namespace slipway::sklearn {

Result<ValueId> isotonic(Lowering& lowering, pickle::Value self, ValueId column) {
  using Outside = InterpolateOp::Outside;
  std::vector<double> x = TRY(f64_attr(self, "X_thresholds_")).values;
  std::vector<double> y = TRY(f64_attr(self, "y_thresholds_")).values;
  const std::string outside = string_attr_or(self, "out_of_bounds", "nan");
  return lowering.add(std::make_unique<InterpolateOp>(std::move(x), std::move(y),
                                                      outside == "clip"    ? Outside::kClip
                                                      : outside == "raise" ? Outside::kRefuse
                                                                           : Outside::kNan),
                      {column});
}

namespace {

Result<Step> lower_isotonic(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite_part(self, input));
  if (lowering.type(x).width != 1) {
    return invalid_argument(
        fmt::format("it takes one column, but {} reach it", lowering.type(x).width));
  }
  const ValueId y = TRY(isotonic(lowering, self, x));
  Step step = regressor(y, 1, true);
  // transform() gives a vector too.
  step.methods.push_back(number_method("transform", y, 1, true));
  step.transform = all_columns(y, 1, {"isotonicregression0"});
  return step;
}

/// What the calibrators see of the inner estimator: scores, else probabilities.
struct Response {
  ValueId value = 0;
  uint32_t width = 0;
  bool is_probability = false;
};

Result<Response> response_of(Lowering& lowering, const Step& step, size_t classes) {
  Response response;
  if (const Method* scores = step.find("decision_function")) {
    response.value = scores->value;
  } else {
    response.value = TRY(method_of(step, "predict_proba"))->value;
    response.is_probability = true;
    if (classes == 2) response.value = TRY(pick_columns(lowering, response.value, {1}));
  }
  response.width = lowering.type(response.value).width;
  return response;
}

/// Isotonic regression refuses NaN and infinity, which an inner estimator can give.
Result<ValueId> checked_isotonic(Lowering& lowering, pickle::Value calibrator, ValueId column) {
  const ValueId checked = TRY(lowering.finite_part(calibrator, all_columns(column, 1)));
  return isotonic(lowering, calibrator, checked);
}

Result<ValueId> sigmoid(Lowering& lowering, pickle::Value calibrator, ValueId column) {
  const double a = TRY(TRY(calibrator.attr("a_")).as_double());
  const double b = TRY(TRY(calibrator.attr("b_")).as_double());
  // expit(-(a x + b)).
  const ValueId logit = TRY(scaled(lowering, column, -a, -b));
  return activated(lowering, logit, ActivationOp::Function::kLogistic);
}

/// One calibrator per class, put where the inner estimator's classes stand in the outer ones.
Result<ValueId> by_class(Lowering& lowering, const pickle::Array<pickle::Value>& calibrators,
                         const Response& response, const std::vector<uint32_t>& places,
                         uint32_t classes) {
  using Function = ActivationOp::Function;
  std::vector<ValueId> columns;
  std::vector<uint32_t> filled;
  for (uint32_t i = 0; i < response.width; ++i) {
    if (i >= calibrators.values.size() || i >= places.size()) break;
    const pickle::Value calibrator = calibrators.values[i];
    const ValueId column = TRY(pick_columns(lowering, response.value, {i}));
    const bool is_isotonic = calibrator.is("sklearn.", "IsotonicRegression");
    columns.push_back(TRY(is_isotonic ? checked_isotonic(lowering, calibrator, column)
                                      : sigmoid(lowering, calibrator, column)));
    filled.push_back(places[i]);
  }
  if (columns.empty()) return invalid_argument("it has no calibrators");
  if (classes == 2) return activated(lowering, columns[0], Function::kComplementPair);
  const ValueId all = TRY(side_by_side(lowering, columns));
  return activated(lowering, TRY(placed(lowering, all, filled, classes)), Function::kNormalizeRows);
}

/// softmax(beta * logits), with probabilities turned into logits first.
Result<ValueId> by_temperature(Lowering& lowering, pickle::Value calibrator,
                               const Response& response) {
  using Function = ActivationOp::Function;
  const double beta = TRY(TRY(calibrator.attr("beta_")).as_double());
  ValueId logits =
      TRY(lowering.finite_part(calibrator, all_columns(response.value, response.width)));
  if (response.is_probability) {
    if (response.width == 1) {
      logits = TRY(activated(lowering, logits, Function::kComplementPair));
    }
    logits = TRY(scaled(lowering, logits, 1, 1e-12));
    logits = TRY(activated(lowering, logits, Function::kLog));
  } else if (response.width == 1) {
    logits = TRY(lowering.add(
        std::make_unique<LinearOp>(2, 1, std::vector<double>{-1, 1}, std::vector<double>{0, 0}),
        {logits}));
  }
  return activated(lowering, TRY(scaled(lowering, logits, beta)), Function::kSoftmax);
}

/// A _CalibratedClassifier's predict_proba; nullopt behind a gap.
Result<std::optional<ValueId>> calibrated(Lowering& lowering, pickle::Value self,
                                          const LabelTable& labels, const Features& input,
                                          size_t index) {
  // base_estimator until 1.1.
  const bool renamed = self.find_attr("estimator").has_value();
  const pickle::Value estimator = TRY(self.attr(renamed ? "estimator" : "base_estimator"));
  const Step step =
      lowering.lower(estimator, input, fmt::format("calibrated_classifiers_.{}", index));
  if (step.unknown) return std::optional<ValueId>();
  const auto classes = static_cast<uint32_t>(labels.size());
  const pickle::Array<pickle::Value> calibrators =
      TRY(pickle::to_values(TRY(self.attr("calibrators"))));
  const Response response = TRY(response_of(lowering, step, classes));
  const bool temperature =
      !calibrators.values.empty() && calibrators.values[0].is("sklearn.", "_TemperatureScaling");
  ValueId proba = 0;
  if (temperature) {
    proba = TRY(by_temperature(lowering, calibrators.values[0], response));
  } else {
    const std::vector<uint32_t> places = TRY(label_places(*TRY(classes_of(step)), labels));
    proba = TRY(by_class(lowering, calibrators, response, places, classes));
  }
  // Roundings above 1.
  const ElementwiseOp::Parameters range{-std::numeric_limits<double>::infinity(), 1, 0};
  return std::optional(TRY(lowering.add(
      std::make_unique<ElementwiseOp>(ElementwiseOp::Function::kClip, range), {proba})));
}

Result<Step> lower_calibrated(Lowering& lowering, pickle::Value self, const Features& input) {
  const LabelTable labels = TRY(label_table(TRY(self.attr("classes_"))));
  const std::vector<pickle::Value> list = TRY(member_list(self, "calibrated_classifiers_"));
  if (list.empty()) return invalid_argument("it holds no calibrated classifiers: is it fitted?");
  std::vector<ValueId> values;
  bool unknown = false;
  for (size_t i = 0; i < list.size(); ++i) {
    const std::optional<ValueId> value = TRY(calibrated(lowering, list[i], labels, input, i));
    unknown = unknown || !value.has_value();
    values.push_back(value.value_or(0));
  }
  if (unknown) return unknown_step();
  const auto count = static_cast<double>(values.size());
  const ValueId mean = TRY(combined(lowering, std::move(values), {}, count));
  return plain_probability_classifier(lowering, mean, labels);
}

}  // namespace

std::span<const EstimatorEntry> calibration_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"CalibratedClassifierCV", lower_calibrated},
      EstimatorEntry{"IsotonicRegression", lower_isotonic},
  };
  return kTable;
}

}  // namespace slipway::sklearn
