#include <fmt/format.h>

#include "graph/ops/basic.h"
#include "training/learners/internal/outputs.h"

namespace slipway::training {
namespace {

using Function = ActivationOp::Function;

std::vector<std::string> label_names(const LabelTable& labels) {
  if (labels.dtype == DType::kString) return labels.strings;
  std::vector<std::string> names;
  names.reserve(labels.floats.size() + labels.ints.size());
  for (const double label : labels.floats) names.push_back(fmt::format("{}", label));
  for (const int64_t label : labels.ints) {
    const std::string number = fmt::format("{}", label);
    names.push_back(labels.dtype == DType::kBool ? (label != 0 ? "true" : "false") : number);
  }
  return names;
}

Result<ValueId> activate(GraphBuilder& graph, Function function, ValueId value,
                         const ModelNaming& naming) {
  return graph.add(std::make_unique<ActivationOp>(function), {value}, naming.path);
}

Status add_probabilities(GraphBuilder& graph, ValueId value, const ModelNaming& naming,
                         std::vector<OutputSpec>& outputs) {
  const uint32_t width = graph.type(value).width;
  const ValueId logs = TRY(activate(graph, Function::kLog, value, naming));
  outputs.push_back(number_output("predict_proba", value, width, naming));
  outputs.push_back(number_output("predict_log_proba", logs, width, naming));
  return {};
}

}  // namespace

Result<ValueId> checked_features(GraphBuilder& graph, ValueId features, const ModelNaming& naming,
                                 std::string_view estimator, bool allow_nan, bool float32_range) {
  RequireFiniteOp::Options options;
  options.allow_nan = allow_nan;
  options.float32_range = float32_range;
  return graph.add(
      std::make_unique<RequireFiniteOp>(options, std::string(estimator), naming.columns),
      {features}, naming.path);
}

OutputSpec label_output(ValueId index, const ModelNaming& naming) {
  OutputSpec output;
  output.name = "predict";
  output.value = index;
  output.dtype = naming.labels.dtype;
  output.is_vector = true;
  output.labels = {naming.labels};
  return output;
}

OutputSpec number_output(std::string name, ValueId value, uint32_t width,
                         const ModelNaming& naming) {
  OutputSpec output;
  output.name = std::move(name);
  output.value = value;
  output.width = width;
  output.is_vector = width == 1;
  if (width == naming.labels.size()) output.columns = label_names(naming.labels);
  return output;
}

Result<std::vector<OutputSpec>> probability_outputs(GraphBuilder& graph, ValueId probabilities,
                                                    const ModelNaming& naming) {
  const ValueId index = TRY(graph.add(std::make_unique<ArgMaxOp>(), {probabilities}, naming.path));
  std::vector<OutputSpec> outputs = {label_output(index, naming)};
  TRY_STATUS(add_probabilities(graph, probabilities, naming, outputs));
  return outputs;
}

Result<std::vector<OutputSpec>> score_outputs(GraphBuilder& graph, ValueId scores,
                                              Probability probability, const ModelNaming& naming) {
  const uint32_t width = graph.type(scores).width;
  const ValueId index = TRY(graph.add(std::make_unique<ArgMaxOp>(), {scores}, naming.path));
  std::vector<OutputSpec> outputs = {label_output(index, naming)};
  if (probability != Probability::kNone) {
    ValueId value = scores;
    if (width == 1) {
      value = TRY(activate(graph, Function::kLogisticPair, value, naming));
    } else if (probability == Probability::kSoftmax) {
      value = TRY(activate(graph, Function::kSoftmax, value, naming));
    } else {
      value = TRY(activate(graph, Function::kLogistic, value, naming));
      value = TRY(activate(graph, Function::kNormalizeRows, value, naming));
    }
    TRY_STATUS(add_probabilities(graph, value, naming, outputs));
  }
  outputs.push_back(number_output("decision_function", scores, width, naming));
  return outputs;
}

std::vector<OutputSpec> value_outputs(ValueId value) {
  OutputSpec output;
  output.name = "predict";
  output.value = value;
  output.is_vector = true;
  return {std::move(output)};
}

}  // namespace slipway::training
