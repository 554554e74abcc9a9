#include "formats/sklearn/families/boosted.h"

#include <fmt/format.h>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "graph/ops/linear.h"

namespace slipway::sklearn {
namespace {

/// The one label for both outcomes.
LabelTable twice(const LabelTable& labels) {
  LabelTable both = labels;
  both.strings.insert(both.strings.end(), labels.strings.begin(), labels.strings.end());
  both.ints.insert(both.ints.end(), labels.ints.begin(), labels.ints.end());
  both.floats.insert(both.floats.end(), labels.floats.begin(), labels.floats.end());
  return both;
}

}  // namespace

Result<Step> boosted_classifier(Lowering& lowering, ValueId scores, const LabelTable& labels,
                                const BoostedOptions& options) {
  using Function = ActivationOp::Function;
  const uint32_t width = lowering.type(scores).width;
  const bool binary = width == 1;
  // One class alone has the scores of a binary model, all far below zero.
  const bool alone = binary && labels.size() == 1;
  if (!alone && labels.size() != (binary ? 2 : width)) {
    return invalid_argument(
        fmt::format("it has {} classes, but scores for {}", labels.size(), binary ? 2 : width));
  }
  ValueId logits = scores;
  if (options.doubled) {
    logits = TRY(lowering.add(
        std::make_unique<LinearOp>(1, 1, std::vector<double>{2}, std::vector<double>{0}),
        {scores}));
  }
  const Function link = binary ? Function::kLogisticPair : Function::kSoftmax;
  const ValueId probabilities = TRY(lowering.add(std::make_unique<ActivationOp>(link), {logits}));
  const ValueId index = TRY(lowering.add(std::make_unique<ArgMaxOp>(0, options.inclusive),
                                         {options.labels_by_scores ? scores : probabilities}));
  Step step;
  step.methods.push_back(label_method(index, alone ? twice(labels) : labels));
  const uint32_t classes = binary ? 2 : width;
  const std::vector<std::string> names = alone ? std::vector<std::string>{} : label_names(labels);
  step.methods.push_back(number_method("predict_proba", probabilities, classes, false, names));
  if (options.with_log_probability) {
    const ValueId logs =
        TRY(lowering.add(std::make_unique<ActivationOp>(Function::kLog), {probabilities}));
    step.methods.push_back(number_method("predict_log_proba", logs, classes, false, names));
  }
  step.methods.push_back(number_method("decision_function", scores, width, binary,
                                       binary ? std::vector<std::string>{} : names));
  return step;
}

}  // namespace slipway::sklearn
