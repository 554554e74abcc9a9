// RuleSetModel: rules in rules, flattened in order; those that fire decide.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "formats/pmml/internal/formula.h"
#include "formats/pmml/internal/labels.h"
#include "formats/pmml/internal/models.h"

namespace slipway::pmml {
namespace {

constexpr size_t kTableMax = size_t{1} << 20;  // rules times classes

class Rules {
 public:
  explicit Rules(const ModelInput& input)
      : input_(input), context_(input.scope.context()), f_(context_.terms) {}

  Result<Prediction> run() {
    set_ = input_.model.child("RuleSet");
    if (!set_) return input_.model.invalid("expected a RuleSet");
    const Element method = set_.child("RuleSelectionMethod");
    if (!method) return set_.invalid("expected a RuleSelectionMethod");
    criterion_ = TRY(method.required("criterion"));
    if (criterion_ != "firstHit" && criterion_ != "weightedSum" && criterion_ != "weightedMax") {
      return method.invalid("criterion must be firstHit, weightedSum or weightedMax");
    }
    TRY_STATUS(flatten());
    if (rules_.size() * (classes_.list().size() + 1) > kTableMax) {
      return resource_exhausted(fmt::format("{} rules of {} classes are too many", rules_.size(),
                                            classes_.list().size()));
    }
    return decide();
  }

 private:
  struct Rule {
    Element element;
    TermId fires;  // 1 or 0
    size_t label;
    double confidence;
    double weight;
  };

  Status flatten() {
    struct Open {
      Element next;
      TermId outer;
    };
    std::vector<Open> open{{set_.first(), f_.number(1)}};
    while (!open.empty()) {
      const Element element = open.back().next;
      const TermId outer = open.back().outer;
      if (!element) {
        open.pop_back();
        continue;
      }
      open.back().next = element.next();
      const bool simple = element.is("SimpleRule");
      if (!simple && !element.is("CompoundRule")) continue;
      const Element predicate = predicate_of(element);
      if (!predicate) return element.invalid("expected a predicate");
      const size_t before = context_.terms.size();
      TermId fires = f_.coalesce(TRY(compile_predicate(input_.scope, predicate)), 0);
      fires = TRY(f_.take(f_.both(outer, fires)));
      fires = TRY(context_.keep({fires, DataType::kBoolean}, before, element.place())).term;
      if (simple) {
        const size_t score = classes_.place(TRY(element.required("score")));
        const double confidence = TRY(element.number_or("confidence", 1));
        const double weight = TRY(element.number_or("weight", 1));
        rules_.push_back({element, fires, score, confidence, weight});
      } else {
        open.push_back({element.first(), fires});
      }
    }
    return {};
  }

  /// Of the rules, in order of preference, the first that fires; missing if none does.
  TermId first_firing(const std::vector<size_t>& order) {
    TermId first = f_.missing();
    for (size_t i = order.size(); i-- > 0;) {
      first = f_.choose(rules_[order[i]].fires, f_.number(static_cast<double>(order[i])), first);
    }
    return first;
  }

  /// A class's rules, the preferred first.
  std::vector<size_t> rules_of(size_t label) const {
    std::vector<size_t> order;
    for (size_t i = 0; i < rules_.size(); ++i) {
      if (rules_[i].label == label) order.push_back(i);
    }
    if (criterion_ != "firstHit") {
      std::ranges::stable_sort(order, std::greater<>(),
                               [this](size_t i) { return rules_[i].weight; });
    }
    return order;
  }

  Result<Prediction> decide() {
    std::vector<double> confidences;
    std::vector<std::string> ids;
    std::vector<double> labels;
    for (const Rule& rule : rules_) {
      confidences.push_back(rule.confidence);
      ids.emplace_back(rule.element.attribute_or("id", std::to_string(ids.size() + 1)));
      labels.push_back(static_cast<double>(rule.label));
    }
    TermId fired = f_.number(0);  // how many
    for (const Rule& rule : rules_) fired = f_.plus(fired, rule.fires);
    fired = TRY(context_.keep({TRY(f_.take(fired)), DataType::kDouble}, 0, set_.place())).term;
    Prediction prediction;
    prediction.is_classification = true;
    std::vector<TermId> winners;  // of each class
    for (size_t label = 0; label < classes_.list().size(); ++label) {
      const std::vector<size_t> own = rules_of(label);
      const TermId winner = first_firing(own);
      TermId value = f_.pick(winner, confidences);
      if (criterion_ == "weightedSum") {
        TermId total = f_.number(0);
        for (const size_t i : own)
          total = f_.plus(total, f_.times(rules_[i].fires, rules_[i].weight));
        value = f_.choose(f_.is_missing(winner), f_.missing(), f_.over(total, fired));
      }
      winners.push_back(winner);
      prediction.confidences.push_back(value);
    }
    TermId winner = f_.missing();
    if (criterion_ == "firstHit") {
      std::vector<size_t> all(rules_.size());
      for (size_t i = 0; i < all.size(); ++i) all[i] = i;
      winner = first_firing(all);
    } else if (!winners.empty()) {
      winner = TRY(best_of(winners, prediction.confidences));
    }
    TRY_STATUS(f_.status());
    return answer(std::move(prediction), winner, ids, labels);
  }

  /// The rule of the class with the largest confidence; of equals the one that fired first.
  Result<TermId> best_of(const std::vector<TermId>& winners,
                         const std::vector<TermId>& confidences) {
    // Which class's first firing rule stands first: of equals that class is preferred.
    TermId best = f_.missing();
    TermId best_value = f_.number(-1e300);
    TermId best_first = f_.number(0);
    for (size_t label = 0; label < winners.size(); ++label) {
      std::vector<size_t> in_order;
      for (size_t i = 0; i < rules_.size(); ++i) {
        if (rules_[i].label == label) in_order.push_back(i);
      }
      const TermId first = first_firing(in_order);
      const TermId larger = f_.less(best_value, confidences[label]);
      const TermId equal =
          f_.both(f_.equal(best_value, confidences[label]), f_.less(first, best_first));
      const TermId better = f_.coalesce(f_.either(larger, equal), 0);
      const std::vector<TermId> next{f_.choose(better, winners[label], best),
                                     f_.choose(better, confidences[label], best_value),
                                     f_.choose(better, first, best_first)};
      TRY_STATUS(f_.status());
      const ValueId kept = TRY(context_.matrix(next, set_.place()));
      best = context_.terms.column(kept, 0, ValueKind::kDense);
      best_value = context_.terms.column(kept, 1, ValueKind::kDense);
      best_first = context_.terms.column(kept, 2, ValueKind::kDense);
    }
    return best;
  }

  Result<Prediction> answer(Prediction prediction, TermId winner,
                            const std::vector<std::string>& ids,
                            const std::vector<double>& labels) {
    // The default stands for all rules that there are not.
    if (const auto score = set_.attribute("defaultScore")) {
      const size_t place = classes_.place(*score);
      const double confidence = TRY(set_.number_or("defaultConfidence", 0));
      const TermId none = f_.is_missing(winner);
      if (place == prediction.confidences.size()) prediction.confidences.push_back(f_.missing());
      prediction.confidences[place] =
          f_.choose(none, f_.number(confidence), prediction.confidences[place]);
      const TermId label = f_.coalesce(f_.pick(winner, labels), static_cast<double>(place));
      prediction.value =
          TRY(label_at(context_, set_, input_.target, classes_.list(), TRY(f_.take(label))));
    } else {
      const TermId label = f_.pick(winner, labels);
      prediction.value =
          TRY(label_at(context_, set_, input_.target, classes_.list(), TRY(f_.take(label))));
    }
    // A class of which no rule fired has no confidence: 0.
    for (TermId& confidence : prediction.confidences) confidence = f_.coalesce(confidence, 0);
    prediction.entity = f_.pick(winner, ids);
    prediction.has_value = true;
    prediction.classes = classes_.list();
    TRY_STATUS(f_.status());
    return prediction;
  }

  const ModelInput& input_;
  Context& context_;
  Formula f_;
  Element set_;
  std::string_view criterion_;
  std::vector<Rule> rules_;
  Labels classes_;
};

}  // namespace

Result<Prediction> lower_rule_set(const ModelInput& input) { return Rules(input).run(); }

}  // namespace slipway::pmml
