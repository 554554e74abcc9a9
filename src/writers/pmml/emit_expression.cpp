// Expressions: each instruction of a program as PMML's built-in functions.
//
// Terms are expression texts; one that would be used twice, or goes deep, becomes a derived field.
// A truth value stays a condition until a number is asked for. PMML's `min`, `max`, `sum`, ...
// leave missing values out, and so do the engine's of any number of arguments.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

#include "graph/ops/expression.h"
#include "writers/pmml/internal/emission.h"

namespace slipway::writers::pmml {
namespace {

/// Elements inside elements: what evaluators read recursively stays flat.
constexpr uint32_t kDepthMax = 24;
constexpr size_t kCasesMax = 1000;

struct Term {
  Expression value;
  bool is_condition = false;
  bool is_text = false;
  bool may_miss = true;
  uint32_t depth = 1;
};

const Expression kNoText = "<Constant dataType=\"string\" missing=\"true\"/>";

/// Functions that PMML has under another name.
constexpr std::pair<Code, std::string_view> kNames[] = {
    {Code::kAdd, "+"},
    {Code::kSubtract, "-"},
    {Code::kMultiply, "*"},
    {Code::kDivide, "/"},
    {Code::kModulo, "modulo"},
    {Code::kPower, "pow"},
    {Code::kHypot, "hypot"},
    {Code::kAbsolute, "abs"},
    {Code::kSquareRoot, "sqrt"},
    {Code::kExp, "exp"},
    {Code::kExpm1, "expm1"},
    {Code::kLn, "ln"},
    {Code::kLog10, "log10"},
    {Code::kLog1p, "ln1p"},
    {Code::kRoundHalfEven, "rint"},
    {Code::kSin, "sin"},
    {Code::kCos, "cos"},
    {Code::kTan, "tan"},
    {Code::kAsin, "asin"},
    {Code::kAcos, "acos"},
    {Code::kAtan, "atan"},
    {Code::kSinh, "sinh"},
    {Code::kCosh, "cosh"},
    {Code::kTanh, "tanh"},
    {Code::kNormalQuantile, "stdNormalIDF"},
    {Code::kSumOf, "sum"},
    {Code::kProductOf, "product"},
    {Code::kMinimumOf, "min"},
    {Code::kMaximumOf, "max"},
    {Code::kMeanOf, "avg"},
    {Code::kUpper, "uppercase"},
    {Code::kLower, "lowercase"},
    {Code::kTrim, "trimBlanks"},
    {Code::kLength, "stringLength"},
};

std::optional<std::string_view> name_of(Code code) {
  for (const auto& [known, name] : kNames) {
    if (known == code) return name;
  }
  return std::nullopt;
}

/// Whether the function gives something else than a missing result of a missing argument, or asks
/// by itself, or JPMML-Evaluator takes one.
bool takes_missing(Code code) {
  switch (code) {
    case Code::kAdd:
    case Code::kSubtract:
    case Code::kMultiply:
    case Code::kDivide:
    case Code::kNegate:
    case Code::kSumOf:
    case Code::kProductOf:
    case Code::kMinimumOf:
    case Code::kMaximumOf:
    case Code::kMeanOf:
    case Code::kCountOf:
    case Code::kIsMissing:
    case Code::kIsTextMissing:
    case Code::kCoalesce:
    case Code::kCoalesceText:
    case Code::kChoose:
    case Code::kChooseText:
    case Code::kAnd:
    case Code::kOr:
    case Code::kRequire:
    case Code::kRequireText: return true;
    default: return false;
  }
}

class ExpressionEmitter {
 public:
  explicit ExpressionEmitter(Emission& emission)
      : e(emission), program_(e.op<ExpressionOp>().program) {
    slots_.resize(e.op<ExpressionOp>().slots());
  }

  Result<Columns> run() {
    for (const Instruction& in : program_.code) TRY_STATUS(step(in));
    return std::move(outputs_);
  }

 private:
  Status step(const Instruction& in) {
    if (in.code <= Code::kStoreText) {
      move(in);
      return {};
    }
    const std::string_view signature = code_signature(in.code);
    const size_t count = signature[0] == '*' ? in.a : signature.find('>');
    arguments_.assign(stack_.end() - static_cast<ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    std::vector<Expression> asked;  // whether they are missing
    for (Term& term : arguments_) {
      if (!term.may_miss || takes_missing(in.code)) continue;
      term = kept(term);
      asked.push_back(is_missing(term.value));
    }
    Term made = TRY(apply(in));
    made.is_text = signature.back() == 't';
    if (!asked.empty()) made = unless_missing(made, asked);
    uint32_t deepest = 0;
    for (const Term& term : arguments_) deepest = std::max(deepest, term.depth);
    made.depth = made.value.starts_with("<FieldRef") ? 1 : deepest + 6;
    if (made.depth > kDepthMax && !made.is_condition) made = kept(made);
    stack_.push_back(std::move(made));
    return {};
  }

  void move(const Instruction& in);
  Result<Term> apply(const Instruction& in);
  std::optional<Expression> arithmetic(Code code);
  std::optional<Term> logical(Code code);
  Term combined(bool is_and);
  Result<Term> look_up(const Instruction& in);
  Expression time_part(TimePart part);
  Expression interpolated(const PiecewiseLine& line);
  Result<Term> of_text(const Instruction& in);

  static Term unless_missing(const Term& made, std::span<const Expression> asked) {
    const Expression none = made.is_text ? kNoText : missing_number();
    const Expression any = asked.size() == 1 ? asked[0] : call("or", asked);
    return {choose(any, none, number_of(made)), false, made.is_text, true};
  }
  /// As a field, so that it may be used often.
  Term kept(const Term& term) {
    const FieldType type = term.is_text ? FieldType::kString : FieldType::kDouble;
    return {e.fields.define(number_of(term), type), false, term.is_text, term.may_miss, 1};
  }
  static Expression number_of(const Term& term) {
    if (!term.is_condition) return term.value;
    return choose(term.value, number(1), number(0));
  }
  Expression floor_of(const Expression& x) { return whole_number(e.fields, "floor", x); }
  Expression number_at(size_t i) const { return number_of(arguments_[i]); }
  Expression field_at(size_t i) { return kept(arguments_[i]).value; }
  Expression condition_at(size_t i) const {
    const Term& term = arguments_[i];
    return term.is_condition ? term.value : call("notEqual", {term.value, number(0)});
  }

  Emission& e;
  const ExpressionProgram& program_;
  std::vector<Term> stack_;
  std::vector<Term> slots_;
  std::vector<Term> arguments_;
  Columns outputs_;
};

void ExpressionEmitter::move(const Instruction& in) {
  switch (in.code) {
    case Code::kNumber: {
      const double value = program_.numbers[in.a];
      stack_.push_back({number(value), false, false, std::isnan(value)});
      break;
    }
    case Code::kText: stack_.push_back({text(program_.texts[in.a]), false, true, false}); break;
    case Code::kMissing: stack_.push_back({missing_number()}); break;
    case Code::kNoText: stack_.push_back({kNoText, false, true}); break;
    case Code::kLoad:
    case Code::kLoadIndex: stack_.push_back({e.column({in.a, in.b})}); break;
    case Code::kLoadText: stack_.push_back({e.column({in.a, in.b}), false, true}); break;
    case Code::kSave:
    case Code::kSaveText:
      stack_.back() = kept(stack_.back());
      slots_[in.a] = stack_.back();
      break;
    case Code::kRecall:
    case Code::kRecallText: stack_.push_back(slots_[in.a]); break;
    default: outputs_.push_back(kept(stack_.back()).value); stack_.pop_back();
  }
}

std::optional<Expression> ExpressionEmitter::arithmetic(Code code) {
  if (const auto name = name_of(code)) {
    std::vector<Expression> arguments;
    for (size_t i = 0; i < arguments_.size(); ++i) arguments.push_back(number_at(i));
    return call(*name, arguments);
  }
  const auto half_up = [](const Expression& x, const Expression& down) {
    const Expression up = call("greaterOrEqual", {subtract(x, down), number(0.5)});
    return choose(up, add(down, number(1)), down);
  };
  switch (code) {
    case Code::kFloor: return floor_of(field_at(0));
    case Code::kCeil: return whole_number(e.fields, "ceil", field_at(0));
    case Code::kNegate: return multiply(number(-1), number_at(0));
    case Code::kLog2: return divide(call("ln", {number_at(0)}), number(std::numbers::ln2));
    case Code::kLogistic: return logistic(number_at(0));
    case Code::kToFloat32: return e.fields.define(number_at(0), FieldType::kFloat);
    case Code::kSign: {
      const Expression x = field_at(0);
      const Expression below = choose(call("lessThan", {x, number(0)}), number(-1), number(0));
      return choose(call("greaterThan", {x, number(0)}), number(1), below);
    }
    case Code::kTruncate: {
      const Expression x = field_at(0);
      return choose(call("lessThan", {x, number(0)}), whole_number(e.fields, "ceil", x),
                    floor_of(x));
    }
    case Code::kRoundHalfUp: {
      const Expression x = field_at(0);
      return half_up(x, e.fields.define(floor_of(x)));
    }
    case Code::kRoundHalfAway: {
      const Expression x = field_at(0);
      const Expression size = e.fields.define(call("abs", {x}));
      const Expression rounded = e.fields.define(half_up(size, e.fields.define(floor_of(size))));
      return choose(call("lessThan", {x, number(0)}), multiply(number(-1), rounded), rounded);
    }
    // Missing if one is: their comparison is.
    case Code::kMinimum:
    case Code::kMaximum: {
      const Expression x = field_at(0);
      const Expression y = field_at(1);
      return choose(call(code == Code::kMinimum ? "lessThan" : "greaterThan", {x, y}), x, y);
    }
    case Code::kAtan2: {
      const Expression y = field_at(0);
      const Expression x = field_at(1);
      const Expression angle = e.fields.define(call("atan", {divide(y, x)}));
      constexpr double kPi = std::numbers::pi;
      const Expression left = choose(call("lessThan", {y, number(0)}), subtract(angle, number(kPi)),
                                     add(angle, number(kPi)));
      const Expression middle =
          choose(call("lessThan", {y, number(0)}), number(-kPi / 2),
                 choose(call("greaterThan", {y, number(0)}), number(kPi / 2), number(0)));
      return choose(call("greaterThan", {x, number(0)}), angle,
                    choose(call("lessThan", {x, number(0)}), left, middle));
    }
    case Code::kCountOf: {
      std::vector<Expression> ones;
      for (size_t i = 0; i < arguments_.size(); ++i) {
        ones.push_back(choose(is_missing(field_at(i)), number(0), number(1)));
      }
      return sum_of(ones);
    }
    default: return std::nullopt;
  }
}

/// Truth values, of which a missing one is unknown.
std::optional<Term> ExpressionEmitter::logical(Code code) {
  const auto truth = [](const Expression& condition) {
    return Term{condition, true, false, false};
  };
  const auto compared = [&](std::string_view name) {
    return truth(call(name, {number_at(0), number_at(1)}));
  };
  switch (code) {
    case Code::kEqual:
    case Code::kTextEqual: return compared("equal");
    case Code::kLess: return compared("lessThan");
    case Code::kLessOrEqual: return compared("lessOrEqual");
    case Code::kAnd:
    case Code::kOr: return combined(code == Code::kAnd);
    case Code::kNot: return truth(call("not", {condition_at(0)}));
    case Code::kIsMissing:
    case Code::kIsTextMissing:
      if (!arguments_[0].may_miss) return Term{number(0), false, false, false};
      return truth(is_missing(field_at(0)));
    default: return std::nullopt;
  }
}

/// One that decides does so whatever the other is.
Term ExpressionEmitter::combined(bool is_and) {
  const std::string_view name = is_and ? "and" : "or";
  if (!arguments_[0].may_miss && !arguments_[1].may_miss) {
    return {call(name, {condition_at(0), condition_at(1)}), true, false, false};
  }
  const Expression a = field_at(0);
  const Expression b = field_at(1);
  const Expression decided = number(is_and ? 0 : 1);
  const auto decides = [&](const Expression& x) {
    return call(is_and ? "equal" : "notEqual", {x, number(0)});
  };
  const Expression without_a =
      choose(is_missing(b), missing_number(), choose(decides(b), decided, missing_number()));
  const Expression with_a = choose(
      decides(a), decided,
      choose(is_missing(b), missing_number(), choose(decides(b), decided, number(is_and ? 1 : 0))));
  return {choose(is_missing(a), without_a, with_a)};
}

/// NormContinuous takes a field, and two points at least.
Expression ExpressionEmitter::interpolated(const PiecewiseLine& line) {
  using Beyond = PiecewiseLine::Beyond;
  const Expression x = field_at(0);
  const std::vector<std::string> names = fields_in(x);
  if (line.x.size() == 1 || names.size() != 1) {
    const Expression here = number(line.y[0]);
    if (line.beyond != Beyond::kMissing) return choose(is_missing(x), missing_number(), here);
    return choose(call("equal", {x, number(line.x[0])}), here, missing_number());
  }
  const std::string_view beyond = line.beyond == Beyond::kExtend    ? "asIs"
                                  : line.beyond == Beyond::kMissing ? "asMissingValues"
                                                                    : "asExtremeValues";
  std::string xml = fmt::format("<NormContinuous field=\"{}\" outliers=\"{}\">", names[0], beyond);
  for (size_t i = 0; i < line.x.size(); ++i) {
    xml += fmt::format("<LinearNorm orig=\"{}\" norm=\"{}\"/>", spelled(line.x[i]),
                       spelled(line.y[i]));
  }
  return xml + "</NormContinuous>";
}

/// From the seconds since 1970 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms";
/// years begin in March, so that the leap day is their last).
Expression ExpressionEmitter::time_part(TimePart part) {
  const auto keep = [&](const Expression& x) { return e.fields.define(x); };
  const auto quotient = [&](const Expression& x, double divisor) {
    return keep(floor_of(keep(divide(x, number(divisor)))));
  };
  const auto rest = [&](const Expression& x, double divisor) {
    return keep(subtract(x, multiply(quotient(x, divisor), number(divisor))));
  };
  // No year that the engine knows lies beyond.
  const Expression given = field_at(0);
  const Expression known = call("lessThan", {call("abs", {given}), number(2.5e11)});
  const Expression moment = keep(choose(known, given, missing_number()));
  const Expression days = quotient(moment, 86400);
  switch (part) {
    case TimePart::kHour: return quotient(rest(moment, 86400), 3600);
    case TimePart::kMinute: return quotient(rest(rest(moment, 86400), 3600), 60);
    case TimePart::kSecond: return floor_of(rest(rest(moment, 86400), 60));
    case TimePart::kDayOfWeek: return rest(keep(add(days, number(3))), 7);
    default: break;
  }
  const Expression shifted = keep(add(days, number(719468)));
  const Expression era = quotient(shifted, 146097);
  const Expression day_of_era = rest(shifted, 146097);
  const Expression leap =
      subtract(add(subtract(day_of_era, quotient(day_of_era, 1460)), quotient(day_of_era, 36524)),
               quotient(day_of_era, 146096));
  const Expression years = quotient(leap, 365);
  const Expression before =
      subtract(add(multiply(years, number(365)), quotient(years, 4)), quotient(years, 100));
  const Expression day = keep(subtract(day_of_era, before));  // from the first of March
  const Expression month = quotient(add(multiply(day, number(5)), number(2)), 153);
  const Expression is_late = call("greaterOrEqual", {month, number(10)});
  Expression year =
      keep(add(add(years, multiply(era, number(400))), choose(is_late, number(1), number(0))));
  if (part == TimePart::kYear) return year;
  if (part == TimePart::kMonth) {
    return choose(is_late, subtract(month, number(9)), add(month, number(3)));
  }
  if (part == TimePart::kDay) {
    const Expression first = quotient(add(multiply(month, number(153)), number(2)), 5);
    return add(subtract(day, first), number(1));
  }
  const Expression past = keep(subtract(year, number(1)));
  const Expression leaps =
      add(subtract(quotient(past, 4), quotient(past, 100)), quotient(past, 400));
  // From 1970 to the first of January.
  const Expression start = add(multiply(year, number(365)), subtract(leaps, number(719527)));
  return add(subtract(days, start), number(1));
}

Result<Term> ExpressionEmitter::look_up(const Instruction& in) {
  const auto small = [](size_t size) -> Status {
    if (size <= kCasesMax) return {};
    return unimplemented("a table of more than 1000 entries is not written to PMML");
  };
  // The first of the cases that holds; missing if x is, as its comparisons are.
  const auto first_of = [&](size_t count, const Expression& otherwise, const auto& holds,
                            const auto& value) {
    Expression out = otherwise;
    for (size_t i = count; i-- > 0;) out = choose(holds(i), value(i), out);
    return out;
  };
  const Expression x = field_at(0);
  const auto place = [](size_t i) { return number(static_cast<double>(i)); };
  const auto is_place = [&](size_t i) { return call("equal", {x, place(i)}); };
  const auto guarded = [&](const Expression& y) {
    return choose(is_missing(x), missing_number(), y);
  };
  switch (in.code) {
    case Code::kFindNumber: {
      const auto& list = program_.number_lists[in.a];
      TRY_STATUS(small(list.size()));
      const auto is = [&](size_t i) { return call("equal", {x, number(list[i])}); };
      return Term{guarded(first_of(list.size(), number(-1), is, place))};
    }
    case Code::kFindText: {
      const auto& list = program_.text_lists[in.a];
      TRY_STATUS(small(list.size()));
      const auto is = [&](size_t i) { return call("equal", {x, text(list[i])}); };
      return Term{guarded(first_of(list.size(), number(-1), is, place))};
    }
    case Code::kPickNumber: {
      const auto& list = program_.number_lists[in.a];
      TRY_STATUS(small(list.size()));
      const auto value = [&](size_t i) { return number(list[i]); };
      return Term{first_of(list.size(), missing_number(), is_place, value)};
    }
    case Code::kPickText: {
      const auto& list = program_.text_lists[in.a];
      TRY_STATUS(small(list.size()));
      const auto value = [&](size_t i) { return text(list[i]); };
      return Term{first_of(list.size(), kNoText, is_place, value), false, true};
    }
    case Code::kFindInterval: {
      const auto& list = program_.intervals[in.a];
      TRY_STATUS(small(list.size()));
      const auto inside = [&](size_t i) {
        const Interval& one = list[i];
        Expression low =
            call(one.low_open ? "greaterThan" : "greaterOrEqual", {x, number(one.low)});
        Expression high = call(one.high_open ? "lessThan" : "lessOrEqual", {x, number(one.high)});
        if (one.low == -INFINITY && !one.low_open) return high;
        if (one.high == INFINITY && !one.high_open) return low;
        return call("and", {low, high});
      };
      return Term{guarded(first_of(list.size(), number(-1), inside, place))};
    }
    case Code::kInterpolate: return Term{interpolated(program_.lines[in.a])};
    default: return Term{time_part(static_cast<TimePart>(in.a))};
  }
}

Result<Term> ExpressionEmitter::of_text(const Instruction& in) {
  switch (in.code) {
    case Code::kConcat: return Term{call("concat", {number_at(0), number_at(1)})};
    case Code::kSubstring:
      return Term{call("substring", {number_at(0), number_at(1), number_at(2)})};
    case Code::kMatches:
      return Term{call("matches", {number_at(0), text(program_.patterns[in.a].text())}), true,
                  false, false};
    case Code::kReplace: {
      // In PMML a replacement may name groups.
      const Expression& by = arguments_[1].value;
      if (!by.starts_with("<Constant") || by.find_first_of("$\\") != std::string::npos) {
        return unimplemented("in PMML, what texts are replaced by is a constant without $ and \\");
      }
      return Term{call("replace", {number_at(0), text(program_.patterns[in.a].text()), by})};
    }
    case Code::kFormatNumber:
      return Term{call("formatNumber", {number_at(0), text(program_.texts[in.a])})};
    default: break;
  }
  return unimplemented(fmt::format("PMML has no function {}", code_name(in.code)));
}

Result<Term> ExpressionEmitter::apply(const Instruction& in) {
  if (auto found = arithmetic(in.code)) return Term{*std::move(found)};
  if (auto found = logical(in.code)) return *std::move(found);
  switch (in.code) {
    // A row without the condition is computed with: PMML cannot refuse it.
    case Code::kRequire:
    case Code::kRequireText: return arguments_[0];
    case Code::kCoalesce:
    case Code::kCoalesceText: {
      if (!arguments_[0].may_miss) return arguments_[0];
      const Expression x = field_at(0);
      return Term{choose(is_missing(x), number_at(1), x), false, false, arguments_[1].may_miss};
    }
    case Code::kChoose:
    case Code::kChooseText: {
      const bool branches_miss = arguments_[1].may_miss || arguments_[2].may_miss;
      if (!arguments_[0].may_miss) {
        return Term{choose(condition_at(0), number_at(1), number_at(2)), false, false,
                    branches_miss};
      }
      arguments_[0] = kept(arguments_[0]);
      const Expression none = in.code == Code::kChooseText ? kNoText : missing_number();
      return Term{choose(is_missing(arguments_[0].value), none,
                         choose(condition_at(0), number_at(1), number_at(2)))};
    }
    case Code::kFindNumber:
    case Code::kFindText:
    case Code::kPickNumber:
    case Code::kPickText:
    case Code::kFindInterval:
    case Code::kInterpolate:
    case Code::kTimePart: {
      const Term found = TRY(look_up(in));
      return kept(found);  // a table's choices lie one in another
    }
    default: return of_text(in);
  }
}

Result<Columns> expression(Emission& e) { return ExpressionEmitter(e).run(); }

}  // namespace

std::span<const Emitter> expression_emitters() {
  static constexpr std::array kTable = {Emitter{"expression", expression}};
  return kTable;
}

}  // namespace slipway::writers::pmml
