#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "formats/pmml/internal/models.h"
#include "graph/ops/basic.h"

namespace slipway::pmml {
namespace {

using Lower = Result<Prediction> (*)(const ModelInput&);

struct Kind {
  std::string_view name;
  Lower lower;  // null: PMML has it, Slipway does not
};

constexpr Kind kKinds[] = {
    {"RegressionModel", lower_regression},
    {"TreeModel", lower_tree},
    {"MiningModel", lower_mining},
    {"AnomalyDetectionModel", lower_anomaly_detection},
    {"ClusteringModel", lower_clustering},
    {"GeneralRegressionModel", lower_general_regression},
    {"NaiveBayesModel", lower_naive_bayes},
    {"NearestNeighborModel", lower_nearest_neighbors},
    {"NeuralNetwork", lower_neural_network},
    {"RuleSetModel", lower_rule_set},
    {"Scorecard", lower_scorecard},
    {"SupportVectorMachineModel", lower_support_vectors},
    {"AssociationModel", nullptr},
    {"BaselineModel", nullptr},
    {"BayesianNetworkModel", nullptr},
    {"GaussianProcessModel", nullptr},
    {"SequenceModel", nullptr},
    {"TextModel", nullptr},
    {"TimeSeriesModel", nullptr},
};

const Kind* kind_of(const Element& element) {
  const auto found = std::ranges::find(kKinds, element.name(), &Kind::name);
  return found == std::end(kKinds) ? nullptr : found;
}

/// Brings the classes into the order of the target's DataField, where that lists them.
void order_classes(const TargetField& target, Prediction& prediction) {
  const size_t count = prediction.classes.size();
  if (prediction.probabilities.size() != count || target.categories.size() != count) return;
  std::vector<TermId> ordered;
  std::vector<TermId> confidences;
  for (const std::string& label : target.categories) {
    const auto found = std::ranges::find(prediction.classes, label);
    if (found == prediction.classes.end()) return;
    const auto place = static_cast<size_t>(found - prediction.classes.begin());
    ordered.push_back(prediction.probabilities[place]);
    if (!prediction.confidences.empty()) confidences.push_back(prediction.confidences[place]);
  }
  prediction.classes = target.categories;
  prediction.probabilities = std::move(ordered);
  prediction.confidences = std::move(confidences);
}

}  // namespace

bool is_model(const Element& element) { return kind_of(element) != nullptr; }

Result<TargetField> target_of(const File& file, const Element& model) {
  TargetField target;
  for (const Element& field : model.child("MiningSchema").children("MiningField")) {
    const std::string_view usage = field.attribute_or("usageType", "active");
    if (usage != "predicted" && usage != "target") continue;
    target.names.emplace_back(TRY(field.required("name")));
    if (target.names.size() > 1) continue;
    target.name = target.names[0];
    const auto data = file.data_fields.find(target.name);
    if (data == file.data_fields.end()) continue;
    target.data_field = data->second;
    target.type = TRY(parse_type(data->second, TRY(data->second.required("dataType"))));
    const std::string_view optype =
        field.attribute_or("optype", data->second.attribute_or("optype", ""));
    target.is_ordinal = optype == "ordinal";
    target.is_categorical = target.is_ordinal || optype == "categorical";
    for (const Element& value : data->second.children("Value")) {
      if (value.attribute_or("property", "valid") != "valid") continue;
      target.categories.emplace_back(TRY(value.required("value")));
    }
  }
  if (target.name.empty() && model.attribute_or("functionName", "") == "classification") {
    target.type = DataType::kString;
    target.is_categorical = true;
  }
  for (const Element& of : model.child("Targets").children("Target")) {
    if (of.attribute_or("field", target.name) == target.name) target.target = of;
  }
  return target;
}

Result<Prediction> lower_model(const File& file, const Element& model, Scope& scope, size_t depth) {
  if (depth > kModelDepthMax) {
    return model.unsupported(fmt::format("models in models over {} deep", kModelDepthMax));
  }
  const Kind* kind = kind_of(model);
  if (kind == nullptr || kind->lower == nullptr) return model.unsupported("a model of this kind");
  if (model.attribute_or("isScorable", "true") == "false") {
    return model.unsupported("a model that says that it is not for scoring");
  }
  for (const Element& derived : model.child("LocalTransformations").children("DerivedField")) {
    TRY_STATUS(scope.derive(derived));
  }
  auto target = TRY(target_of(file, model));
  ModelInput input{file, model, scope, std::move(target), depth};
  if (input.target.names.size() > 1 && !model.is("MiningModel")) {
    return model.unsupported("a model of several targets");
  }
  Prediction prediction = TRY(kind->lower(input));
  if (prediction.classes.size() > kClassesMax) {
    return model.unsupported(fmt::format("a model of over {} classes", kClassesMax));
  }
  TRY_STATUS(apply_target(scope.context(), input.target, prediction));
  if (!prediction.members.empty()) {
    TRY_STATUS(apply_output(scope, model, input.target, prediction));
    return prediction;
  }
  if (input.target.names.size() > 1) return model.unsupported("a model of several targets");
  if (prediction.is_classification && !prediction.probabilities.empty()) {
    Context& context = scope.context();
    // What several things need is computed once.
    const ValueId kept = TRY(context.matrix(prediction.probabilities, model.place()));
    for (uint32_t i = 0; i < prediction.probabilities.size(); ++i) {
      prediction.probabilities[i] = context.terms.column(kept, i, ValueKind::kDense);
    }
    if (!prediction.has_value) {
      prediction.value = TRY(most_probable(context, model, input.target, prediction.classes,
                                           prediction.probabilities));
    }
  }
  order_classes(input.target, prediction);
  TRY_STATUS(apply_output(scope, model, input.target, prediction));
  return prediction;
}

Result<Typed> label_at(Context& context, const Element& at, const TargetField& target,
                       const std::vector<std::string>& labels, TermId position) {
  const DataType type = target.type;
  if (type == DataType::kString) {
    return Typed{TRY(context.terms.pick(position, labels)), type};
  }
  std::vector<double> numbers;
  for (const std::string& label : labels) {
    const TermId constant = TRY(literal(context, at, label, type));
    const auto number = context.terms.constant_number(constant);
    if (!number) return at.unsupported("classes that are times");
    numbers.push_back(*number);
  }
  return Typed{TRY(context.terms.pick(position, std::move(numbers))), type};
}

Result<TermId> first_largest(Context& context, const Element& at,
                             const std::vector<TermId>& values) {
  ExpressionBuilder& terms = context.terms;
  TermId position = terms.number(0);
  if (values.size() > 1) {
    const ValueId matrix = TRY(context.matrix(values, at.place()));
    const ValueId best = TRY(context.graph.add(std::make_unique<ArgMaxOp>(), {matrix}, at.place()));
    position = terms.column(best, 0, ValueKind::kIndex);
  }
  const TermId missing = TRY(terms.apply(Code::kIsMissing, {values[0]}));
  return terms.apply(Code::kChoose, {missing, terms.missing_number(), position});
}

Result<Typed> most_probable(Context& context, const Element& at, const TargetField& target,
                            const std::vector<std::string>& classes,
                            const std::vector<TermId>& probabilities) {
  // Where one is missing, all are.
  return label_at(context, at, target, classes, TRY(first_largest(context, at, probabilities)));
}

}  // namespace slipway::pmml
