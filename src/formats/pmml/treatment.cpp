// What a MiningField and its DataField say of missing, invalid and outlying values: missing values
// are marked first, then invalid ones, then outliers are treated, and last what is missing gets its
// replacement.
#include <fmt/format.h>

#include <limits>

#include "formats/pmml/internal/fields.h"

namespace slipway::pmml {
namespace {

class Treatment {
 public:
  Treatment(Context& context, const Element& mining_field, const Element& data_field, Typed value)
      : context_(context), mining_(mining_field), data_(data_field), value_(value) {}

  Result<Typed> run() {
    if (data_) {
      TRY_STATUS(mark_missing());
      TRY_STATUS(treat_invalid());
    }
    TRY_STATUS(treat_outliers());
    TRY_STATUS(replace_missing());
    return value_;
  }

 private:
  Result<TermId> choose(TermId condition, TermId yes, TermId no) {
    return context_.terms.apply(is_text() ? Code::kChooseText : Code::kChoose,
                                {condition, yes, no});
  }
  bool is_text() const { return context_.is_text(value_); }
  TermId missing() {
    return is_text() ? context_.terms.missing_text() : context_.terms.missing_number();
  }
  /// 1 or 0, 0 where the condition is unknown.
  Result<TermId> certain(TermId condition) {
    return context_.terms.apply(Code::kCoalesce, {condition, context_.terms.number(0)});
  }
  std::vector<std::string> values_of(std::string_view property) const {
    std::vector<std::string> values;
    for (const Element& value : data_.children("Value")) {
      if (value.attribute_or("property", "valid") != property) continue;
      if (const auto text = value.attribute("value")) values.emplace_back(*text);
    }
    return values;
  }

  Status mark_missing() {
    const std::vector<std::string> marks = values_of("missing");
    if (marks.empty()) return {};
    const TermId marked = TRY(certain(TRY(is_one_of(context_, data_, value_, marks))));
    value_.term = TRY(choose(marked, missing(), value_.term));
    return {};
  }

  /// Whether a value is valid; missing where the value is; nullopt if every value is.
  Result<std::optional<TermId>> validity() {
    ExpressionBuilder& terms = context_.terms;
    const std::vector<std::string> valid = values_of("valid");
    if (!valid.empty()) return std::optional(TRY(is_one_of(context_, data_, value_, valid)));
    std::optional<TermId> condition;
    if (const std::vector<std::string> invalid = values_of("invalid"); !invalid.empty()) {
      condition = TRY(terms.apply(Code::kNot, {TRY(is_one_of(context_, data_, value_, invalid))}));
    }
    std::vector<Interval> intervals;
    for (const Element& element : data_.children("Interval")) {
      Interval interval;
      constexpr double kInfinity = std::numeric_limits<double>::infinity();
      interval.low = TRY(element.number_or("leftMargin", -kInfinity));
      interval.high = TRY(element.number_or("rightMargin", kInfinity));
      const std::string_view closure = TRY(element.required("closure"));
      interval.low_open = closure.starts_with("open");
      interval.high_open = closure.ends_with("Open");
      intervals.push_back(interval);
    }
    if (!intervals.empty()) {
      if (is_text()) return data_.invalid("intervals need a number");
      const TermId place = TRY(terms.find_interval(value_.term, std::move(intervals)));
      const TermId inside = TRY(terms.apply(Code::kLessOrEqual, {terms.number(0), place}));
      condition = condition ? TRY(terms.apply(Code::kAnd, {*condition, inside})) : inside;
    }
    if (value_.type == DataType::kInteger && mining_is_outermost()) {
      const TermId cut = TRY(terms.apply(Code::kTruncate, {value_.term}));
      const TermId whole = TRY(terms.apply(Code::kEqual, {value_.term, cut}));
      condition = condition ? TRY(terms.apply(Code::kAnd, {*condition, whole})) : whole;
    }
    return condition;
  }
  bool mining_is_outermost() const {
    return context_.terms.place(value_.term).has_value() &&
           context_.terms.place(value_.term)->value < kFirstNode;
  }

  Status treat_invalid() {
    const std::string_view how = mining_.attribute_or("invalidValueTreatment", "returnInvalid");
    if (how == "asIs") return {};
    const std::optional<TermId> valid = TRY(validity());
    if (!valid) return {};
    ExpressionBuilder& terms = context_.terms;
    // A missing value is not invalid.
    const TermId passes = TRY(terms.apply(Code::kCoalesce, {*valid, terms.number(1)}));
    if (how == "returnInvalid") {
      const std::string message = fmt::format("the field \"{}\" does not take this value",
                                              data_.attribute_or("name", "").substr(0, 128));
      value_.term = TRY(terms.apply_with_text(is_text() ? Code::kRequireText : Code::kRequire,
                                              {value_.term, passes}, message));
      return {};
    }
    if (how == "asMissing") {
      value_.term = TRY(choose(passes, value_.term, missing()));
      return {};
    }
    if (how != "asValue") return mining_.unsupported(fmt::format("invalidValueTreatment {}", how));
    const std::string_view replacement = TRY(mining_.required("invalidValueReplacement"));
    const TermId by = TRY(literal(context_, mining_, replacement, value_.type));
    value_.term = TRY(choose(passes, value_.term, by));
    return {};
  }

  Status treat_outliers() {
    const std::string_view how = mining_.attribute_or("outliers", "asIs");
    if (how == "asIs") return {};
    if (how != "asMissingValues" && how != "asExtremeValues") {
      return mining_.unsupported(fmt::format("outliers {}", how));
    }
    if (is_text()) return mining_.invalid("outliers need a number");
    ExpressionBuilder& terms = context_.terms;
    for (const bool low : {true, false}) {
      const auto bound = TRY(mining_.optional_number(low ? "lowValue" : "highValue"));
      if (!bound) continue;
      const TermId limit = terms.number(*bound);
      const TermId beyond = TRY(low ? terms.apply(Code::kLess, {value_.term, limit})
                                    : terms.apply(Code::kLess, {limit, value_.term}));
      value_.term = TRY(choose(beyond, how == "asMissingValues" ? missing() : limit, value_.term));
    }
    return {};
  }

  Status replace_missing() {
    ExpressionBuilder& terms = context_.terms;
    if (mining_.attribute_or("missingValueTreatment", "") == "returnInvalid") {
      const TermId absent =
          TRY(terms.apply(is_text() ? Code::kIsTextMissing : Code::kIsMissing, {value_.term}));
      const std::string message = fmt::format("the field \"{}\" must not be missing",
                                              mining_.attribute_or("name", "").substr(0, 128));
      const TermId there = TRY(terms.apply(Code::kNot, {absent}));
      value_.term = TRY(terms.apply_with_text(is_text() ? Code::kRequireText : Code::kRequire,
                                              {value_.term, there}, message));
      return {};
    }
    const auto replacement = mining_.attribute("missingValueReplacement");
    if (!replacement) return {};
    const TermId by = TRY(literal(context_, mining_, *replacement, value_.type));
    value_.term =
        TRY(terms.apply(is_text() ? Code::kCoalesceText : Code::kCoalesce, {value_.term, by}));
    return {};
  }

  Context& context_;
  const Element& mining_;
  const Element& data_;
  Typed value_;
};

}  // namespace

Result<Typed> treat(Context& context, const Element& mining_field, const Element& data_field,
                    Typed value) {
  return Treatment(context, mining_field, data_field, value).run();
}

}  // namespace slipway::pmml
