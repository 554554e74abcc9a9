// Targets and Output: what becomes of a model's prediction, and what else is asked for.
#include <fmt/format.h>

#include <algorithm>

#include "formats/pmml/internal/models.h"

namespace slipway::pmml {
namespace {

/// The prediction for rows that have none: a default, or the classes' prior probabilities.
Status apply_defaults(Context& context, const TargetField& target, Prediction& prediction) {
  const std::vector<Element> values = target.target.children("TargetValue");
  if (values.empty()) return {};
  ExpressionBuilder& terms = context.terms;
  if (!prediction.is_classification) {
    if (values.size() != 1 || !values[0].attribute("defaultValue")) return {};
    const TermId by = terms.number(TRY(values[0].number("defaultValue")));
    prediction.value.term = TRY(terms.apply(Code::kCoalesce, {prediction.value.term, by}));
    return {};
  }
  if (!values[0].attribute("priorProbability")) return {};
  double sum = 0;
  for (const Element& value : values) sum += TRY(value.number("priorProbability"));
  for (size_t i = 0; i < prediction.probabilities.size(); ++i) {
    double prior = 0;
    for (const Element& value : values) {
      if (value.attribute_or("value", "") == prediction.classes[i]) {
        prior = TRY(value.number("priorProbability")) / sum;
      }
    }
    prediction.probabilities[i] =
        TRY(terms.apply(Code::kCoalesce, {prediction.probabilities[i], terms.number(prior)}));
  }
  return {};
}

class OutputFields {
 public:
  OutputFields(Scope& scope, Prediction& prediction)
      : scope_(scope), context_(scope.context()), terms_(context_.terms), prediction_(prediction) {}

  Status add(const Element& field) {
    const std::string name(TRY(field.required("name")));
    const size_t before = terms_.size();
    Typed value = TRY(value_of(field, field.attribute_or("feature", "predictedValue")));
    if (const auto type = field.attribute("dataType")) {
      value = TRY(cast(context_, field, value, TRY(parse_type(field, *type))));
    }
    value = TRY(context_.keep(value, before, name));
    scope_.define(name, value);
    prediction_.outputs.emplace_back(name, value);
    return {};
  }

 private:
  Result<Typed> value_of(const Element& field, std::string_view feature) {
    if (field.attribute("segmentId")) return field.unsupported("the result of one segment");
    if (feature == "predictedValue" || feature == "predictedDisplayValue") {
      return prediction_.value;
    }
    if (feature == "transformedValue" || feature == "decision") {
      const Element expression = expression_of(field);
      if (!expression) return field.invalid("expected an expression");
      return compile_expression(scope_, expression);
    }
    if (feature == "probability") return probability(field);
    if (feature == "entityId" || feature == "clusterId") {
      if (!prediction_.entity) return field.unsupported("the id of what won");
      return Typed{*prediction_.entity, DataType::kString};
    }
    if (feature == "affinity" || feature == "clusterAffinity" || feature == "entityAffinity") {
      return affinity(field);
    }
    if (feature == "reasonCode") {
      const double rank = TRY(field.number_or("rank", 1));
      if (!(rank >= 1) || !(rank <= static_cast<double>(prediction_.reason_codes.size()))) {
        return field.unsupported("a reason code of this rank");
      }
      return Typed{prediction_.reason_codes[static_cast<size_t>(rank) - 1], DataType::kString};
    }
    return field.unsupported(fmt::format("the feature {}", feature.substr(0, 64)));
  }

  Result<Typed> probability(const Element& field) {
    if (prediction_.probabilities.empty()) {
      return field.unsupported("probabilities of a model that has none");
    }
    if (const auto wanted = field.attribute("value")) {
      const auto found = std::ranges::find(prediction_.classes, *wanted);
      if (found == prediction_.classes.end()) return field.invalid("no such class");
      const auto place = static_cast<size_t>(found - prediction_.classes.begin());
      return Typed{prediction_.probabilities[place], DataType::kDouble};
    }
    // That of the predicted class.
    TermId value = terms_.missing_number();
    for (size_t i = prediction_.classes.size(); i-- > 0;) {
      const TermId is =
          TRY(is_one_of(context_, field, prediction_.value, {prediction_.classes[i]}));
      value = TRY(terms_.apply(Code::kChoose, {is, prediction_.probabilities[i], value}));
    }
    return Typed{value, DataType::kDouble};
  }

  Result<Typed> affinity(const Element& field) {
    if (prediction_.affinities.empty() || !prediction_.entity) {
      return field.unsupported("affinities of a model that has none");
    }
    const Typed winner{*prediction_.entity, DataType::kString};
    TermId value = terms_.missing_number();
    for (size_t i = prediction_.entities.size(); i-- > 0;) {
      if (const auto wanted = field.attribute("value")) {
        if (*wanted == prediction_.entities[i]) {
          return Typed{prediction_.affinities[i], DataType::kDouble};
        }
        continue;
      }
      const TermId is = TRY(is_one_of(context_, field, winner, {prediction_.entities[i]}));
      value = TRY(terms_.apply(Code::kChoose, {is, prediction_.affinities[i], value}));
    }
    if (field.attribute("value")) return field.invalid("no such entity");
    return Typed{value, DataType::kDouble};
  }

  Scope& scope_;
  Context& context_;
  ExpressionBuilder& terms_;
  Prediction& prediction_;
};

}  // namespace

Status apply_target(Context& context, const TargetField& target, Prediction& prediction) {
  ExpressionBuilder& terms = context.terms;
  // Defaults are scaled and rounded like predictions.
  if (target.target) TRY_STATUS(apply_defaults(context, target, prediction));
  if (target.target && !prediction.is_classification && !context.is_text(prediction.value)) {
    TermId value = prediction.value.term;
    const auto change = [&](Code code, double by) -> Status {
      value = TRY(terms.apply(code, {value, terms.number(by)}));
      return {};
    };
    if (const auto low = TRY(target.target.optional_number("min"))) {
      TRY_STATUS(change(Code::kMaximum, *low));
    }
    if (const auto high = TRY(target.target.optional_number("max"))) {
      TRY_STATUS(change(Code::kMinimum, *high));
    }
    const double factor = TRY(target.target.number_or("rescaleFactor", 1));
    const double constant = TRY(target.target.number_or("rescaleConstant", 0));
    if (factor != 1) TRY_STATUS(change(Code::kMultiply, factor));
    if (constant != 0) TRY_STATUS(change(Code::kAdd, constant));
    const std::string_view rounding = target.target.attribute_or("castInteger", "");
    if (!rounding.empty()) {
      const Code code = rounding == "round"     ? Code::kRoundHalfUp
                        : rounding == "ceiling" ? Code::kCeil
                                                : Code::kFloor;
      if (code == Code::kFloor && rounding != "floor") {
        return target.target.invalid("castInteger must be round, ceiling or floor");
      }
      value = TRY(terms.apply(code, {value}));
    }
    prediction.value.term = value;
  }
  return {};
}

Status apply_output(Scope& scope, const Element& model, Prediction& prediction) {
  const Element output = model.child("Output");
  if (!output) return {};
  prediction.outputs.clear();
  OutputFields fields(scope, prediction);
  for (const Element& field : output.children("OutputField")) TRY_STATUS(fields.add(field));
  return {};
}

}  // namespace slipway::pmml
