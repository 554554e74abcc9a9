#include <fmt/format.h>

#include <algorithm>

#include "formats/pmml/internal/formula.h"
#include "formats/pmml/internal/mining.h"

namespace slipway::pmml {
namespace {

TermId nothing_like(Context& context, TermId term) {
  return context.terms.is_text(term) ? context.terms.missing_text()
                                     : context.terms.missing_number();
}

Result<TermId> choose(Context& context, TermId condition, TermId yes, TermId no) {
  return context.terms.apply(context.terms.is_text(yes) ? Code::kChooseText : Code::kChoose,
                             {condition, yes, no});
}

/// Chooses between the answers of two segments, part by part.
class Merger {
 public:
  Merger(Context& context, const Element& at, TermId condition)
      : context_(context), at_(at), condition_(condition) {}

  /// `yes` where the condition is 1, else what is in `into`.
  Status merge(const Prediction& yes, Prediction& into) {
    if (yes.is_classification != into.is_classification) {
      return at_.unsupported("segments of which some classify and some do not");
    }
    into.value = TRY(pick(yes.value, into.value));
    if (yes.classes != into.classes) {
      into.probabilities.clear();
      into.confidences.clear();
      into.classes.clear();
    } else {
      TRY_STATUS(pick_each(yes.probabilities, into.probabilities));
      TRY_STATUS(pick_each(yes.confidences, into.confidences));
    }
    if (yes.entities != into.entities) {
      into.affinities.clear();
      into.entities.clear();
    } else {
      TRY_STATUS(pick_each(yes.affinities, into.affinities));
    }
    TRY_STATUS(pick_each(yes.ranked_entities, into.ranked_entities));
    TRY_STATUS(pick_each(yes.ranked_affinities, into.ranked_affinities));
    TRY_STATUS(pick_each(yes.reason_codes, into.reason_codes));
    TRY_STATUS(pick_both(yes.entity, into.entity));
    TRY_STATUS(pick_both(yes.display, into.display));
    TRY_STATUS(pick_both(yes.segment, into.segment));
    return pick_outputs(yes, into);
  }

 private:
  Result<Typed> pick(Typed yes, Typed no) {
    if (context_.is_text(yes) != context_.is_text(no)) {
      yes = TRY(cast(context_, at_, yes, DataType::kString));
      no = TRY(cast(context_, at_, no, DataType::kString));
    }
    return Typed{TRY(choose(context_, condition_, yes.term, no.term)), no.type};
  }
  Status pick_each(const std::vector<TermId>& yes, std::vector<TermId>& into) {
    if (yes.size() != into.size()) into.clear();
    for (size_t i = 0; i < into.size(); ++i) {
      into[i] = TRY(choose(context_, condition_, yes[i], into[i]));
    }
    return {};
  }
  Status pick_both(const std::optional<TermId>& yes, std::optional<TermId>& into) {
    if (!yes || !into) {
      into.reset();
      return {};
    }
    into = TRY(choose(context_, condition_, *yes, *into));
    return {};
  }
  /// Fields that only one of them has are missing for the other.
  Status pick_outputs(const Prediction& yes, Prediction& into) {
    std::vector<std::pair<std::string, Typed>> outputs;
    std::map<std::string, Typed, std::less<>> others(into.outputs.begin(), into.outputs.end());
    for (const auto& [name, value] : yes.outputs) {
      const auto other = others.find(name);
      const Typed no = other == others.end() ? Typed{nothing_like(context_, value.term), value.type}
                                             : other->second;
      outputs.emplace_back(name, TRY(pick(value, no)));
      if (other != others.end()) others.erase(other);
    }
    for (const auto& [name, value] : into.outputs) {
      if (!others.contains(name)) continue;
      outputs.emplace_back(name,
                           TRY(pick({nothing_like(context_, value.term), value.type}, value)));
    }
    into.outputs = std::move(outputs);
    return {};
  }

  Context& context_;
  const Element& at_;
  TermId condition_;
};

/// The first of these that holds.
Result<Prediction> select_first(const ModelInput& input, const std::vector<Segment*>& segments) {
  Context& context = input.scope.context();
  for (Segment* segment : segments) {
    segment->prediction.segment = context.terms.text(segment->id);
  }
  size_t end = 0;
  while (end < segments.size() && !segments[end]->always) ++end;
  const bool has_else = end < segments.size();
  if (!has_else) --end;
  Prediction result =
      has_else ? segments[end]->prediction
               : TRY(only_where(context, segments[end]->holds, segments[end]->prediction));
  for (size_t i = end; i-- > 0;) {
    TRY_STATUS(Merger(context, segments[i]->element, segments[i]->holds)
                   .merge(segments[i]->prediction, result));
  }
  return result;
}

/// The members by the order in which the model lists its targets, all if it lists none of them.
std::vector<Prediction::Member> in_order(const ModelInput& input,
                                         std::vector<Prediction::Member> members) {
  std::vector<Prediction::Member> ordered;
  for (const std::string& name : input.target.names) {
    const auto found = std::ranges::find(members, name, &Prediction::Member::name);
    if (found != members.end()) ordered.push_back(*found);
  }
  return ordered.empty() ? members : ordered;
}

Result<Prediction> select_several(const ModelInput& input, std::vector<Segment>& segments,
                                  bool all) {
  Context& context = input.scope.context();
  Prediction result;
  std::vector<Prediction::Member> members;
  for (Segment& segment : segments) {
    Prediction own = segment.always ? segment.prediction
                                    : TRY(only_where(context, segment.holds, segment.prediction));
    if (!own.members.empty()) return segment.element.unsupported("several answers of one segment");
    const std::string name = all || segment.target.empty() ? segment.id : segment.target;
    if (!all) {
      for (const auto& output : own.outputs) result.outputs.push_back(output);
    }
    members.push_back({name, std::make_shared<const Prediction>(std::move(own))});
  }
  if (!all) members = in_order(input, std::move(members));
  if (members.size() == 1) {
    auto outputs = std::move(result.outputs);
    result = *members[0].prediction;
    result.outputs = std::move(outputs);
    return result;
  }
  result.value = members[0].prediction->value;
  result.members = std::move(members);
  result.members_are_alike = all;
  return result;
}

}  // namespace

bool is_selection(std::string_view method) {
  return method == "selectFirst" || method == "selectAll" || method == "modelChain" ||
         method == "multiModelChain";
}

Result<TermId> is_absent(Context& context, const Prediction& prediction) {
  const Typed& value = prediction.value;
  return context.terms.apply(context.is_text(value) ? Code::kIsTextMissing : Code::kIsMissing,
                             {value.term});
}

Result<Prediction> only_where(Context& context, TermId condition, const Prediction& prediction) {
  Prediction made = prediction;
  const auto mask = [&](TermId& term) -> Status {
    term = TRY(choose(context, condition, term, nothing_like(context, term)));
    return {};
  };
  TRY_STATUS(mask(made.value.term));
  for (auto* list : {&made.probabilities, &made.confidences, &made.affinities,
                     &made.ranked_entities, &made.ranked_affinities, &made.reason_codes}) {
    for (TermId& term : *list) TRY_STATUS(mask(term));
  }
  for (auto* term : {&made.entity, &made.display, &made.segment}) {
    if (term->has_value()) TRY_STATUS(mask(**term));
  }
  for (auto& [name, value] : made.outputs) TRY_STATUS(mask(value.term));
  return made;
}

Result<Prediction> select_segments(const ModelInput& input, std::vector<Segment>& segments,
                                   std::string_view method, std::string_view missing) {
  Context& context = input.scope.context();
  if (missing == "skipSegment" && method != "selectFirst") {
    return input.model.invalid(fmt::format("skipSegment does not go with {}", method));
  }
  Prediction result;
  if (method == "selectFirst" || method == "modelChain") {
    std::vector<Segment*> order;
    order.reserve(segments.size());
    for (Segment& segment : segments) order.push_back(&segment);
    if (method == "modelChain") std::ranges::reverse(order);
    result = TRY(select_first(input, order));
  } else {
    result = TRY(select_several(input, segments, method == "selectAll"));
  }
  if (missing == "returnMissing" && method != "selectFirst") {
    // One that has no answer is enough.
    Formula f(context.terms);
    TermId known = f.number(1);
    for (const Segment& segment : segments) {
      const TermId absent = TRY(is_absent(context, segment.prediction));
      known = f.both(known, f.negation(f.both(segment.holds, absent)));
    }
    known = TRY(f.take(known));
    for (Prediction::Member& member : result.members) {
      Prediction masked = TRY(only_where(context, known, *member.prediction));
      member.prediction = std::make_shared<const Prediction>(std::move(masked));
    }
    result = TRY(only_where(context, known, result));
  }
  result.has_value = true;
  result.keeps_targets_out = true;
  return result;
}

}  // namespace slipway::pmml
