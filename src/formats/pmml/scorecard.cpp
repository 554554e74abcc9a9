// Scorecard: of each characteristic the first attribute that holds gives points, and its reason.
#include <fmt/format.h>

#include <algorithm>

#include "formats/pmml/internal/formula.h"
#include "formats/pmml/internal/labels.h"
#include "formats/pmml/internal/models.h"
#include "graph/ops/measure.h"

namespace slipway::pmml {
namespace {

constexpr size_t kReasonsMax = 1000;
constexpr size_t kRankedMax = 32;

class Card {
 public:
  explicit Card(const ModelInput& input)
      : input_(input), context_(input.scope.context()), f_(context_.terms) {}

  Result<Prediction> run() {
    uses_reasons_ = input_.model.attribute_or("useReasonCodes", "true") != "false";
    const std::string_view algorithm =
        input_.model.attribute_or("reasonCodeAlgorithm", "pointsBelow");
    points_above_ = algorithm == "pointsAbove";
    if (!points_above_ && algorithm != "pointsBelow") {
      return input_.model.invalid("reasonCodeAlgorithm must be pointsAbove or pointsBelow");
    }
    const std::vector<Element> characteristics =
        input_.model.child("Characteristics").children("Characteristic");
    if (characteristics.empty()) return input_.model.invalid("expected a Characteristic");
    TermId score = f_.number(TRY(input_.model.number_or("initialScore", 0)));
    for (const Element& characteristic : characteristics) {
      score = f_.plus(score, TRY(add(characteristic)));
    }
    Prediction prediction;
    prediction.has_value = true;
    prediction.value = {TRY(f_.take(score)), DataType::kDouble};
    if (uses_reasons_) TRY_STATUS(rank(prediction));
    return prediction;
  }

 private:
  /// A characteristic's points; missing if none of its attributes holds.
  Result<TermId> add(const Element& characteristic) {
    const std::vector<Element> attributes = characteristic.children("Attribute");
    if (attributes.empty()) return characteristic.invalid("expected an Attribute");
    const size_t before = context_.terms.size();
    TermId points = f_.missing();
    TermId reason = f_.missing();
    for (size_t i = attributes.size(); i-- > 0;) {
      const Element& attribute = attributes[i];
      const Element predicate = predicate_of(attribute);
      if (!predicate) return attribute.invalid("expected a predicate");
      const TermId holds = f_.coalesce(TRY(compile_predicate(input_.scope, predicate)), 0);
      points = f_.choose(holds, TRY(score_of(attribute)), points);
      if (!uses_reasons_) continue;
      const auto code = attribute.attribute("reasonCode");
      const std::string_view named = code ? *code : characteristic.attribute_or("reasonCode", "");
      if (named.empty()) return attribute.invalid("the attribute reasonCode is missing");
      const auto place = static_cast<double>(reasons_.place(named));
      reason = f_.choose(holds, f_.number(place), reason);
    }
    TRY_STATUS(f_.status());
    points = TRY(context_.keep({points, DataType::kDouble}, before, characteristic.place())).term;
    if (uses_reasons_) TRY_STATUS(add_reason(characteristic, points, reason));
    return points;
  }

  Result<TermId> score_of(const Element& attribute) {
    const Element formula = attribute.child("ComplexPartialScore");
    if (!formula) return f_.number(TRY(attribute.number("partialScore")));
    const Element expression = expression_of(formula);
    if (!expression) return formula.invalid("expected an expression");
    return as_number(context_, formula, TRY(compile_expression(input_.scope, expression)));
  }

  Status add_reason(const Element& characteristic, TermId points, TermId reason) {
    auto baseline = TRY(characteristic.optional_number("baselineScore"));
    if (!baseline) baseline = TRY(input_.model.optional_number("baselineScore"));
    if (!baseline) return characteristic.invalid("the attribute baselineScore is missing");
    const TermId base = f_.number(*baseline);
    differences_.push_back(points_above_ ? f_.minus(points, base) : f_.minus(base, points));
    chosen_.push_back(reason);
    return f_.status();
  }

  /// Reasons by the sum of their differences, the largest first; those below 0 do not count.
  Status rank(Prediction& prediction) {
    const std::vector<std::string>& codes = reasons_.list();
    if (codes.size() > kReasonsMax) return input_.model.unsupported("so many reason codes");
    std::vector<TermId> weights;
    for (size_t i = 0; i < codes.size(); ++i) {
      TermId sum = f_.number(0);
      TermId used = f_.number(0);
      for (size_t j = 0; j < chosen_.size(); ++j) {
        const TermId is = f_.equal(chosen_[j], f_.number(static_cast<double>(i)));
        sum = f_.plus(sum, f_.choose(is, differences_[j], f_.number(0)));
        used = f_.either(used, is);
      }
      const TermId counts = f_.both(used, f_.less_or_equal(f_.number(0), sum));
      weights.push_back(f_.choose(counts, f_.negated(sum), f_.missing()));
    }
    TRY_STATUS(f_.status());
    const auto count = static_cast<uint32_t>(std::min(codes.size(), kRankedMax));
    const std::string path = input_.model.place();
    const ValueId x = TRY(context_.matrix(weights, path));
    const ValueId y = TRY(context_.graph.add(std::make_unique<SmallestOp>(count), {x}, path));
    for (uint32_t i = 0; i < count; ++i) {
      const TermId value = context_.terms.column(y, count + i, ValueKind::kDense);
      const TermId place = f_.choose(f_.is_missing(value), f_.missing(),
                                     context_.terms.column(y, i, ValueKind::kDense));
      prediction.reason_codes.push_back(f_.pick(place, codes));
    }
    return f_.status();
  }

  const ModelInput& input_;
  Context& context_;
  Formula f_;
  bool uses_reasons_ = false;
  bool points_above_ = false;
  Labels reasons_;
  std::vector<TermId> differences_;  // of each characteristic
  std::vector<TermId> chosen_;       // its reason's place
};

}  // namespace

Result<Prediction> lower_scorecard(const ModelInput& input) { return Card(input).run(); }

}  // namespace slipway::pmml
