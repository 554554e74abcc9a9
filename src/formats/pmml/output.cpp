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
  if (prediction.probabilities.empty()) return {};
  for (const Element& value : values) {
    // Classes that the model itself does not have.
    const std::string label(TRY(value.required("value")));
    if (std::ranges::find(prediction.classes, label) != prediction.classes.end()) continue;
    const TermId absent = TRY(terms.apply(Code::kIsMissing, {prediction.probabilities[0]}));
    prediction.classes.push_back(label);
    prediction.probabilities.push_back(
        TRY(terms.apply(Code::kChoose, {absent, terms.missing_number(), terms.number(0)})));
    if (!prediction.confidences.empty()) {
      prediction.confidences.push_back(terms.missing_number());
    }
  }
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
  OutputFields(Scope& scope, const TargetField& target, Prediction& prediction)
      : scope_(scope),
        context_(scope.context()),
        terms_(context_.terms),
        target_(target),
        prediction_(prediction) {}

  Status add(const Element& field) {
    const std::string name(TRY(field.required("name")));
    const size_t before = terms_.size();
    const std::string_view feature = field.attribute_or("feature", "predictedValue");
    const bool of_one = field.attribute("segmentId").has_value();
    Result<Typed> found = of_one ? of_segment(field, feature) : value_of(field, feature);
    Typed value = TRY(std::move(found));
    if (const auto type = field.attribute("dataType")) {
      value = TRY(cast(context_, field, value, TRY(parse_type(field, *type))));
    }
    value = TRY(context_.keep(value, before, name));
    scope_.define(name, value);
    // Those of a segment are there already; this one counts.
    std::erase_if(prediction_.outputs, [&](const auto& output) { return output.first == name; });
    prediction_.outputs.emplace_back(name, value);
    return {};
  }

 private:
  /// The same of one segment's answer; `value` names its output where it is that which is asked.
  Result<Typed> of_segment(const Element& field, std::string_view feature) {
    const std::string_view id = field.attribute_or("segmentId", "");
    const auto found = std::ranges::find(prediction_.segments, id, &Prediction::Member::name);
    if (found == prediction_.segments.end()) {
      return field.invalid(fmt::format("no segment has the id \"{}\"", id.substr(0, 64)));
    }
    Prediction own = *found->prediction;
    if (feature == "transformedValue" || feature == "decision") {
      const std::string_view wanted = TRY(field.required("value"));
      for (const auto& [name, value] : own.outputs) {
        if (name == wanted) return value;
      }
      return field.invalid(fmt::format("the segment has no output \"{}\"", wanted.substr(0, 64)));
    }
    return OutputFields(scope_, target_, own).value_of(field, feature);
  }

  Result<Typed> value_of(const Element& field, std::string_view feature) {
    if (feature == "predictedDisplayValue" && prediction_.display) {
      return Typed{*prediction_.display, DataType::kString};
    }
    if (feature == "predictedDisplayValue") return display_value(field);
    if (feature == "predictedValue") return prediction_.value;
    if (feature == "transformedValue" || feature == "decision") {
      const Element expression = expression_of(field);
      if (!expression) return field.invalid("expected an expression");
      return compile_expression(scope_, expression);
    }
    if (feature == "probability") return of_class(field, prediction_.probabilities);
    if (feature == "confidence") {
      // Models without confidences of their own have probabilities for them.
      return of_class(field, prediction_.confidences.empty() ? prediction_.probabilities
                                                             : prediction_.confidences);
    }
    if (feature == "entityId" && prediction_.segment) {
      return Typed{*prediction_.segment, DataType::kString};
    }
    if (feature == "entityId" || feature == "clusterId") {
      const size_t rank = TRY(rank_of(field));
      if (rank == 0 && prediction_.entity) return Typed{*prediction_.entity, DataType::kString};
      return ranked(field, prediction_.ranked_entities, rank, DataType::kString);
    }
    if (feature == "affinity" || feature == "clusterAffinity" || feature == "entityAffinity") {
      const size_t rank = TRY(rank_of(field));
      const bool of_winner = !field.attribute("value");
      if (rank == 0 && (!of_winner || prediction_.ranked_affinities.empty())) {
        return affinity(field);
      }
      return ranked(field, prediction_.ranked_affinities, rank, DataType::kDouble);
    }
    if (feature == "reasonCode") {
      const size_t rank = TRY(rank_of(field));
      if (!prediction_.reason_codes.empty() && rank >= prediction_.reason_codes.size()) {
        return Typed{terms_.missing_text(), DataType::kString};  // there are fewer
      }
      return ranked(field, prediction_.reason_codes, rank, DataType::kString);
    }
    return field.unsupported(fmt::format("the feature {}", feature.substr(0, 64)));
  }

  /// The predicted class's name for people, by the Target or else by its DataField; itself if it
  /// has none.
  Result<Typed> display_value(const Element& field) {
    std::map<std::string, std::string, std::less<>> names;
    for (const auto& [parent, child] :
         {std::pair{target_.target, "TargetValue"}, std::pair{target_.data_field, "Value"}}) {
      for (const Element& value : parent.children(child)) {
        const auto name = value.attribute("displayValue");
        if (name) names.emplace(value.attribute_or("value", ""), *name);
      }
    }
    if (names.empty()) return prediction_.value;
    std::vector<std::string> values;
    std::vector<std::string> displayed;
    for (const auto& [value, name] : names) {
      values.push_back(value);
      displayed.push_back(name);
    }
    const TermId place = TRY(position_in(context_, field, prediction_.value, values));
    const Typed itself = TRY(cast(context_, field, prediction_.value, DataType::kString));
    const TermId name = TRY(terms_.pick(place, std::move(displayed)));
    return Typed{TRY(terms_.apply(Code::kCoalesceText, {name, itself.term})), DataType::kString};
  }

  /// From 0 on.
  static Result<size_t> rank_of(const Element& field) {
    if (!field.attribute("rank")) return size_t{0};
    if (field.attribute_or("rankOrder", "descending") != "descending") {
      return field.unsupported("an ascending rankOrder");
    }
    constexpr uint32_t kRankMax = 1U << 20;
    return size_t{TRY(field.count("rank", 1, kRankMax))} - 1;
  }
  static Result<Typed> ranked(const Element& field, const std::vector<TermId>& ranking, size_t rank,
                              DataType type) {
    if (rank >= ranking.size()) return field.unsupported("this feature, or rank, of this model");
    return Typed{ranking[rank], type};
  }

  /// The class's number: that of the attribute's value, or else of the predicted one.
  Result<Typed> of_class(const Element& field, const std::vector<TermId>& numbers) {
    if (numbers.empty()) return field.unsupported("probabilities of a model that has none");
    if (const auto wanted = field.attribute("value")) {
      const auto found = std::ranges::find(prediction_.classes, *wanted);
      if (found == prediction_.classes.end()) {
        // It is never predicted.
        const TermId absent = TRY(terms_.apply(Code::kIsMissing, {numbers[0]}));
        return Typed{
            TRY(terms_.apply(Code::kChoose, {absent, terms_.missing_number(), terms_.number(0)})),
            DataType::kDouble};
      }
      const auto place = static_cast<size_t>(found - prediction_.classes.begin());
      return Typed{numbers[place], DataType::kDouble};
    }
    // That of the predicted class.
    TermId value = terms_.missing_number();
    for (size_t i = prediction_.classes.size(); i-- > 0;) {
      const TermId is =
          TRY(is_one_of(context_, field, prediction_.value, {prediction_.classes[i]}));
      value = TRY(terms_.apply(Code::kChoose, {is, numbers[i], value}));
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
  const TargetField& target_;
  Prediction& prediction_;
};

}  // namespace

Status apply_target(Context& context, const TargetField& target, Prediction& prediction) {
  ExpressionBuilder& terms = context.terms;
  // Defaults are scaled and rounded like predictions.
  if (target.target) TRY_STATUS(apply_defaults(context, target, prediction));
  if (target.target && !prediction.keeps_targets_out && !prediction.is_classification &&
      !context.is_text(prediction.value)) {
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

Status apply_output(Scope& scope, const Element& model, const TargetField& target,
                    Prediction& prediction) {
  const Element output = model.child("Output");
  if (!output) return {};
  OutputFields fields(scope, target, prediction);
  const std::vector<Element> elements = output.children("OutputField");
  if (elements.size() > kOutputFieldsMax) {
    return output.unsupported(fmt::format("over {} output fields", kOutputFieldsMax));
  }
  for (const Element& field : elements) TRY_STATUS(fields.add(field));
  return {};
}

}  // namespace slipway::pmml
