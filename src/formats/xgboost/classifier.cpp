// What XGBClassifier makes of its booster's predictions: XGBoost's
// python-package/xgboost/sklearn.py.
#include "formats/xgboost/internal/lower.h"
#include "graph/ops/basic.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/float32_scores.h"

namespace slipway::xgboost {
namespace {

std::vector<std::string> names_of(const LabelTable& labels) {
  std::vector<std::string> names;
  names.reserve(labels.ints.size());
  for (const int64_t label : labels.ints) names.push_back(std::to_string(label));
  return names;
}

/// Several labels at once: 1 where the probability is above a half.
Result<std::vector<OutputSpec>> several_labels(GraphBuilder& graph, std::vector<OutputSpec> outputs,
                                               const std::string& path) {
  OutputSpec& scores = outputs[0];
  const ValueId chosen =
      TRY(graph.add(std::make_unique<ElementwiseOp>(ElementwiseOp::Function::kBinarize,
                                                    ElementwiseOp::Parameters{0.5, 0, 0}),
                    {scores.value}, path));
  scores.name = "predict_proba";
  OutputSpec predict{.name = "predict", .value = chosen, .width = scores.width};
  outputs.insert(outputs.begin(), std::move(predict));
  return outputs;
}

}  // namespace

Result<std::vector<OutputSpec>> as_classifier(const Booster& booster, GraphBuilder& graph,
                                              std::vector<OutputSpec> outputs,
                                              const std::string& path) {
  const OutputSpec scores = outputs[0];
  const OutputSpec margin = outputs[1];
  const bool is_arg_max = !scores.labels.empty();  // multi:softmax
  if (booster.objective.starts_with("binary:") && scores.width > 1) {
    return several_labels(graph, std::move(outputs), path);
  }
  const bool is_binary = scores.width == 1 && !is_arg_max;
  LabelTable labels;
  for (uint32_t i = 0; i < (is_binary ? 2 : margin.width); ++i) labels.ints.push_back(i);
  const ValueId from = is_arg_max ? margin.value : scores.value;
  const ValueId index = TRY(graph.add(std::make_unique<ArgMaxOp>(0.5), {from}, path));
  ValueId probabilities = scores.value;
  if (is_arg_max || is_binary) {
    const auto link =
        is_arg_max ? Float32LinkOp::Function::kSoftmax : Float32LinkOp::Function::kComplementPair;
    probabilities = TRY(graph.add(std::make_unique<Float32LinkOp>(link), {from}, path));
  }
  const auto width = static_cast<uint32_t>(labels.ints.size());
  return std::vector<OutputSpec>{{.name = "predict",
                                  .value = index,
                                  .dtype = labels.dtype,
                                  .is_vector = true,
                                  .labels = {labels}},
                                 {.name = "predict_proba",
                                  .value = probabilities,
                                  .width = width,
                                  .columns = names_of(labels)},
                                 margin};
}

}  // namespace slipway::xgboost
