#include "formats/sklearn/classifier.h"

#include <limits>

#include <fmt/format.h>

#include "formats/sklearn/attributes.h"

namespace slipway::sklearn {

Method label_method(ValueId index, const LabelTable& labels) {
  Method method;
  method.name = "predict";
  method.value = index;
  method.is_vector = true;
  method.dtype = labels.dtype;
  method.labels = {labels};
  return method;
}

Method number_method(std::string name, ValueId value, uint32_t width, bool is_vector,
                     std::vector<std::string> columns) {
  Method method;
  method.name = std::move(name);
  method.value = value;
  method.width = width;
  method.is_vector = is_vector;
  method.columns = std::move(columns);
  return method;
}

namespace {

Status add_probabilities(Lowering& lowering, ValueId probabilities, const LabelTable& labels,
                         Step& step) {
  const auto width = static_cast<uint32_t>(labels.size());
  if (lowering.type(probabilities).width != width) {
    return invalid_argument(fmt::format("it has {} classes, but probabilities for {}", width,
                                        lowering.type(probabilities).width));
  }
  step.methods.push_back(
      number_method("predict_proba", probabilities, width, false, label_names(labels)));
  const ValueId logs = TRY(
      lowering.add(std::make_unique<ActivationOp>(ActivationOp::Function::kLog), {probabilities}));
  step.methods.push_back(
      number_method("predict_log_proba", logs, width, false, label_names(labels)));
  return {};
}

}  // namespace

Result<Step> probability_classifier(Lowering& lowering, ValueId probabilities,
                                    const LabelTable& labels) {
  Step step;
  // One class: its column is 1 everywhere, and the threshold rule of ArgMaxOp is for two.
  const double threshold = labels.size() == 1 ? std::numeric_limits<double>::infinity() : 0;
  const ValueId index = TRY(lowering.add(std::make_unique<ArgMaxOp>(threshold), {probabilities}));
  step.methods.push_back(label_method(index, labels));
  TRY_STATUS(add_probabilities(lowering, probabilities, labels, step));
  return step;
}

Result<Step> score_classifier(Lowering& lowering, ValueId scores, const LabelTable& labels,
                              Probability probability) {
  using Function = ActivationOp::Function;
  const uint32_t width = lowering.type(scores).width;
  const bool binary = width == 1;
  if (labels.size() != (binary ? 2 : width)) {
    return invalid_argument(
        fmt::format("it has {} classes, but scores for {}", labels.size(), binary ? 2 : width));
  }
  Step step;
  const ValueId index = TRY(lowering.add(std::make_unique<ArgMaxOp>(), {scores}));
  step.methods.push_back(label_method(index, labels));
  if (probability != Probability::kNone) {
    ValueId value = scores;
    if (binary) {
      value = TRY(lowering.add(std::make_unique<ActivationOp>(Function::kLogisticPair), {value}));
    } else if (probability == Probability::kSoftmax) {
      value = TRY(lowering.add(std::make_unique<ActivationOp>(Function::kSoftmax), {value}));
    } else {
      value = TRY(lowering.add(std::make_unique<ActivationOp>(Function::kLogistic), {value}));
      value = TRY(lowering.add(std::make_unique<ActivationOp>(Function::kNormalizeRows), {value}));
    }
    TRY_STATUS(add_probabilities(lowering, value, labels, step));
  }
  step.methods.push_back(number_method("decision_function", scores, width, binary,
                                       binary ? std::vector<std::string>{} : label_names(labels)));
  return step;
}

Step regressor(ValueId value, uint32_t width, bool is_vector) {
  Step step;
  step.methods.push_back(number_method("predict", value, width, is_vector));
  return step;
}

}  // namespace slipway::sklearn
