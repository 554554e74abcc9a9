// Expressions: each instruction of a program as the nodes that compute it.
//
// ONNX Runtime has no float64 kernels for some functions; of these, what others give within the
// last bits is written so, and the rest is refused by name.
#include <fmt/format.h>

#include <array>
#include <limits>
#include <numbers>

#include "writers/onnx/internal/expression_terms.h"

namespace slipway::writers::onnx {
namespace {

using std::numbers::pi;

/// log_base(x), exact where x is a whole power.
Name logarithm(Model& m, const Name& x, double base, double scale) {
  const Name y = m.mul(m.log(x), m.number(scale));
  const Name whole = m.call("Round", {y});
  return m.where(m.equal(m.pow(m.number(base), whole), x), whole, y);
}

Name sine(Model& m, const Name& x) { return m.call("Sin", {x}); }
Name cosine(Model& m, const Name& x) { return sine(m, m.add(x, m.number(pi / 2))); }
Name half(Model& m, const Name& x) { return m.mul(m.number(0.5), x); }

/// Up from a half on: not floor(x + 0.5), which rounds the largest number below a half up.
Name round_half_up(Model& m, const Name& x) {
  const Name down = m.floor(x);
  const Name up = m.at_least(m.sub(x, down), m.number(0.5));
  return m.where(up, m.add(down, m.number(1)), down);
}

/// Nullopt for what is no function of one number, or not in ONNX.
std::optional<Name> unary(Model& m, Code code, const Name& x) {
  switch (code) {
    case Code::kNegate: return m.neg(x);
    case Code::kAbsolute: return m.abs(x);
    case Code::kSign: return m.sign(x);
    case Code::kSquareRoot: return m.sqrt(x);
    case Code::kExp: return m.exp(x);
    case Code::kExpm1: return m.sub(m.exp(x), m.number(1));
    case Code::kLn: return m.log(x);
    case Code::kLog10: return logarithm(m, x, 10, 1 / std::numbers::ln10);
    case Code::kLog1p: return m.log(m.add(m.number(1), x));
    case Code::kLog2: return logarithm(m, x, 2, 1 / std::numbers::ln2);
    case Code::kFloor: return m.floor(x);
    case Code::kCeil: return m.call("Ceil", {x});
    case Code::kTruncate: return m.truncate(x);
    case Code::kRoundHalfEven: return m.call("Round", {x});
    case Code::kRoundHalfUp: return round_half_up(m, x);
    case Code::kRoundHalfAway: return m.mul(m.sign(x), round_half_up(m, m.abs(x)));
    case Code::kSin: return sine(m, x);
    case Code::kCos: return cosine(m, x);
    case Code::kTan: return m.div(sine(m, x), cosine(m, x));
    case Code::kSinh: return half(m, m.sub(m.exp(x), m.exp(m.neg(x))));
    case Code::kCosh: return half(m, m.add(m.exp(x), m.exp(m.neg(x))));
    case Code::kTanh: return m.call("Tanh", {x});
    case Code::kLogistic: return m.sigmoid(x);
    case Code::kToFloat32: return m.to_float32(x);
    default: return std::nullopt;
  }
}

/// With the divisor's sign.
Name modulo(Model& m, const Name& x, const Name& y) {
  const std::array<Name, 2> inputs = {x, y};
  const std::array attributes = {Attribute::integer("fmod", 1)};
  const Name rest = m.call("Mod", inputs, attributes);
  const Name zero = m.number(0);
  const Name apart = m.call("Xor", {m.less(rest, zero), m.less(y, zero)});
  return m.where(m.both(apart, m.negated(m.equal(rest, zero))), m.add(rest, y), rest);
}

std::optional<Name> binary(Model& m, Code code, const Name& x, const Name& y) {
  switch (code) {
    case Code::kAdd: return m.add(x, y);
    case Code::kSubtract: return m.sub(x, y);
    case Code::kMultiply: return m.mul(x, y);
    case Code::kDivide: return m.div(x, y);
    case Code::kModulo: return modulo(m, x, y);
    case Code::kHypot: return m.sqrt(m.add(m.mul(x, x), m.mul(y, y)));
    case Code::kMinimum: return m.where(m.either(m.is_nan(x), m.less(x, y)), x, y);
    case Code::kMaximum: return m.where(m.either(m.is_nan(x), m.greater(x, y)), x, y);
    default: return std::nullopt;
  }
}

/// Parts of a moment, from the seconds since 1970 (Howard Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms"; years begin in March, so that the leap day is their last).
class Calendar {
 public:
  Calendar(Model& model, const Name& seconds) : m(model) {
    // No year that the engine knows lies beyond.
    const Name known = m.less(m.abs(seconds), m.number(2.5e11));
    moment_ = m.where(known, seconds, m.number(std::numeric_limits<double>::quiet_NaN()));
    days_ = quotient(moment_, 86400);
  }

  Name part(TimePart part) {
    switch (part) {
      case TimePart::kHour: return quotient(second_of_day(), 3600);
      case TimePart::kMinute: return quotient(rest(second_of_day(), 3600), 60);
      case TimePart::kSecond: return m.floor(rest(second_of_day(), 60));
      case TimePart::kDayOfWeek: return rest(m.add(days_, m.number(3)), 7);
      default: break;
    }
    const Name shifted = m.add(days_, m.number(719468));
    const Name era = quotient(shifted, 146097);
    const Name day_of_era = rest(shifted, 146097);
    const Name leap =
        m.sub(m.add(m.sub(day_of_era, quotient(day_of_era, 1460)), quotient(day_of_era, 36524)),
              quotient(day_of_era, 146096));
    const Name year_of_era = quotient(leap, 365);
    const Name day = m.sub(day_of_era, days_before(year_of_era));
    const Name month = quotient(m.add(m.mul(day, m.number(5)), m.number(2)), 153);  // from March
    const Name is_late = m.at_least(month, m.number(10));
    const Name late = m.to_number(is_late);
    Name year = m.add(m.add(year_of_era, m.mul(era, m.number(400))), late);
    if (part == TimePart::kYear) return year;
    if (part == TimePart::kMonth) {
      return m.sub(m.add(month, m.number(3)), m.mul(late, m.number(12)));
    }
    if (part == TimePart::kDay) {
      const Name first = quotient(m.add(m.mul(month, m.number(153)), m.number(2)), 5);
      return m.add(m.sub(day, first), m.number(1));
    }
    // From the first of January: 306 days lie between March and it.
    const Name before = m.add(days_before_year(year), m.number(-719528));
    return m.add(m.sub(days_, before), m.number(1));
  }

 private:
  Name quotient(const Name& x, double divisor) { return m.floor(m.div(x, m.number(divisor))); }
  Name rest(const Name& x, double divisor) {
    return m.sub(x, m.mul(quotient(x, divisor), m.number(divisor)));
  }
  Name second_of_day() { return rest(moment_, 86400); }
  Name days_before(const Name& years) {
    return m.sub(m.add(m.mul(years, m.number(365)), quotient(years, 4)), quotient(years, 100));
  }
  /// From the first of January of the year 0 to that of this year.
  Name days_before_year(const Name& year) {
    const Name past = m.sub(year, m.number(1));
    const Name leaps = m.add(m.sub(quotient(past, 4), quotient(past, 100)), quotient(past, 400));
    return m.add(m.add(m.mul(year, m.number(365)), leaps), m.number(1));
  }

  Model& m;
  Name moment_;
  Name days_;
};

class ExpressionEmitter {
 public:
  explicit ExpressionEmitter(Emission& emission)
      : e(emission), m(emission.m), terms_(emission), program_(e.op<ExpressionOp>().program) {
    slots_.resize(e.op<ExpressionOp>().slots());
  }

  Result<Name> run() {
    for (const Instruction& in : program_.code) TRY_STATUS(step(in));
    return m.concat(outputs_);
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
    if (signature.find('t') != std::string_view::npos) {
      stack_.push_back(TRY(apply_text(terms_, program_, in, arguments_)));
    } else {
      stack_.push_back(TRY(apply(in)));
    }
    return {};
  }

  void move(const Instruction& in);
  Result<Term> apply(const Instruction& in);
  Term aggregate(Code code);
  Term sum_or_product(Code code, const Name& x, const Name& is_missing, const Name& count);
  Name median(const Name& x, const Name& is_missing, const Name& count);
  std::optional<Term> logical(Code code);
  std::optional<Term> look_up(const Instruction& in);
  Name find_number(const Name& x, std::span<const double> list);
  Name find_interval(const Name& x, std::span<const Interval> list);

  Emission& e;
  Model& m;
  Terms terms_;
  const ExpressionProgram& program_;
  std::vector<Term> stack_;
  std::vector<Term> slots_;
  std::vector<Term> arguments_;
  std::vector<Name> outputs_;
};

void ExpressionEmitter::move(const Instruction& in) {
  const auto input = [&] { return e.column({in.a, in.b}); };
  switch (in.code) {
    case Code::kNumber: {
      const double value = program_.numbers[in.a];
      stack_.push_back({m.number(value), {}, {}, true, value != value});
      break;
    }
    case Code::kText: {
      const std::string& text = program_.texts[in.a];
      stack_.push_back({m.texts({}, std::span(&text, 1)), {}, text, true, false});
      break;
    }
    case Code::kMissing: stack_.push_back({terms_.nan(), {}, {}, true, true}); break;
    case Code::kNoText: {
      const std::string none;
      stack_.push_back({m.texts({}, std::span(&none, 1)), {}, {}, true, true});
      break;
    }
    case Code::kLoad:
    case Code::kLoadText: stack_.push_back({input(), {}, {}, false, true}); break;
    case Code::kLoadIndex: stack_.push_back({m.to_number(input()), {}, {}, false, false}); break;
    case Code::kSave:
      if (stack_.back().name.empty()) stack_.back().name = terms_.number(stack_.back());
      slots_[in.a] = stack_.back();
      break;
    case Code::kSaveText: slots_[in.a] = stack_.back(); break;
    case Code::kRecall:
    case Code::kRecallText: stack_.push_back(slots_[in.a]); break;
    case Code::kStore:
      outputs_.push_back(terms_.column(stack_.back()));
      stack_.pop_back();
      break;
    default: outputs_.push_back(terms_.text_column(stack_.back())); stack_.pop_back();
  }
}

Term ExpressionEmitter::sum_or_product(Code code, const Name& x, const Name& is_missing,
                                       const Name& count) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto filled = [&](double by) { return m.where(is_missing, m.number(by), x); };
  switch (code) {
    case Code::kSumOf: return {m.reduce("ReduceSum", filled(0)), {}, {}, false, true};
    case Code::kProductOf: return {m.reduce("ReduceProd", filled(1)), {}, {}, false, true};
    case Code::kMinimumOf: return {m.reduce("ReduceMin", filled(kInfinity)), {}, {}, false, true};
    case Code::kMaximumOf: return {m.reduce("ReduceMax", filled(-kInfinity)), {}, {}, false, true};
    case Code::kMedianOf: return {median(x, is_missing, count), {}, {}, false, true};
    default: break;
  }
  const Name mean = m.div(m.reduce("ReduceSum", filled(0)), count);
  if (code == Code::kMeanOf) return {mean, {}, {}, false, true};
  const Name apart = m.where(is_missing, m.number(0), m.sub(x, mean));
  const Name squares = m.reduce("ReduceSum", m.mul(apart, apart));
  return {m.sqrt(m.div(squares, m.sub(count, m.number(1)))), {}, {}, false, true};
}

/// The middle one of those that are there, or the mean of two.
Name ExpressionEmitter::median(const Name& x, const Name& is_missing, const Name& count) {
  const Name last = m.number(std::numeric_limits<double>::infinity());
  const auto width = static_cast<int64_t>(arguments_.size());
  const Name sorted = m.top(m.where(is_missing, last, x), width, false).first;
  std::vector<double> places;
  for (int64_t i = 0; i < width; ++i) places.push_back(static_cast<double>(i));
  const auto at = [&](const Name& place) {
    const Name here = m.equal(m.row(places), place);
    return m.reduce("ReduceSum", m.where(here, sorted, m.number(0)));
  };
  const Name below = at(m.floor(half(m, m.sub(count, m.number(1)))));
  const Name above = at(m.floor(half(m, count)));
  return m.where(m.equal(below, above), below, half(m, m.add(below, above)));
}

/// Of those numbers that are not missing.
Term ExpressionEmitter::aggregate(Code code) {
  std::vector<Name> parts;
  parts.reserve(arguments_.size());
  for (const Term& one : arguments_) parts.push_back(terms_.column(one));
  const Name x = m.concat(parts);
  const Name is_missing = m.is_nan(x);
  const Name count = m.reduce("ReduceSum", m.where(is_missing, m.number(0), m.number(1)));
  if (code == Code::kCountOf) return {count, {}, {}, false, false};
  Term result = sum_or_product(code, x, is_missing, count);
  const double least = code == Code::kDeviationOf ? 2 : 1;
  result.name = m.where(m.less(count, m.number(least)), terms_.nan(), result.name);
  return result;
}

/// Truth values, of which a missing one is unknown.
std::optional<Term> ExpressionEmitter::logical(Code code) {
  const std::span<const Term> args = arguments_;
  const auto number = [&](size_t i) { return terms_.number(args[i]); };
  switch (code) {
    case Code::kEqual: return terms_.judged(m.equal(number(0), number(1)), args);
    case Code::kLess: return terms_.judged(m.less(number(0), number(1)), args);
    case Code::kLessOrEqual:
      return terms_.judged(m.call("LessOrEqual", {number(0), number(1)}), args);
    case Code::kIsMissing: return terms_.judged(m.is_nan(number(0)), {});
    case Code::kNot: return terms_.judged(m.negated(terms_.is_true(args[0])), args);
    case Code::kAnd:
    case Code::kOr: {
      const bool is_and = code == Code::kAnd;
      const Name a = terms_.is_true(args[0]);
      const Name b = terms_.is_true(args[1]);
      const auto is_missing = terms_.missing(args);
      const bool constant = args[0].is_constant && args[1].is_constant;
      if (!is_missing)
        return terms_.judged_but(is_and ? m.both(a, b) : m.either(a, b), {}, constant);
      // A missing one counts as true: for `and`, so that a 0 decides; for `or`, it must not.
      if (is_and) {
        const Name all = m.both(a, b);
        return terms_.judged_but(all, m.both(all, *is_missing), constant);
      }
      const auto sure = [&](size_t i, const Name& truth) {
        const auto unknown = terms_.missing(args.subspan(i, 1));
        return unknown ? m.both(truth, m.negated(*unknown)) : truth;
      };
      const Name any = m.either(sure(0, a), sure(1, b));
      return terms_.judged_but(any, m.both(m.negated(any), *is_missing), constant);
    }
    default: return std::nullopt;
  }
}

/// The place of x in a list, -1 if it is not there.
Name ExpressionEmitter::find_number(const Name& x, std::span<const double> list) {
  const Name same = m.cast(m.equal(x, m.row(list)), Element::kInt64);
  const Name found = m.greater(m.reduce("ReduceMax", same), m.integer(0));
  return m.where(found, m.to_number(m.argmax(same)), m.number(-1));
}

Name ExpressionEmitter::find_interval(const Name& x, std::span<const Interval> list) {
  // An open end is closed at the next number.
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<double> low;
  std::vector<double> high;
  for (const Interval& one : list) {
    const bool never =
        (one.low_open && one.low == kInfinity) || (one.high_open && one.high == -kInfinity);
    low.push_back(never ? kInfinity : one.low_open ? std::nextafter(one.low, kInfinity) : one.low);
    high.push_back(never           ? -kInfinity
                   : one.high_open ? std::nextafter(one.high, -kInfinity)
                                   : one.high);
  }
  const Name inside = m.both(m.at_least(x, m.row(low)), m.call("LessOrEqual", {x, m.row(high)}));
  const Name flags = m.cast(inside, Element::kInt64);
  const Name found = m.greater(m.reduce("ReduceMax", flags), m.integer(0));
  return m.where(found, m.to_number(m.argmax(flags)), m.number(-1));
}

std::optional<Term> ExpressionEmitter::look_up(const Instruction& in) {
  const Name x = terms_.column(arguments_[0]);
  const auto unless_missing = [&](const Name& y) {
    return Term{m.where(m.is_nan(x), terms_.nan(), y), {}, {}, false, true};
  };
  switch (in.code) {
    case Code::kFindNumber: return unless_missing(find_number(x, program_.number_lists[in.a]));
    case Code::kPickNumber: {
      std::vector<double> table = program_.number_lists[in.a];
      const auto size = static_cast<double>(table.size());
      table.push_back(std::numeric_limits<double>::quiet_NaN());
      const Name inside = m.both(m.at_least(x, m.number(0)), m.less(x, m.number(size)));
      const Name place = m.cast(m.where(inside, m.floor(x), m.number(size)), Element::kInt64);
      return Term{m.look_up(m.numbers({size_of(table)}, table), place), {}, {}, false, true};
    }
    case Code::kFindInterval: return unless_missing(find_interval(x, program_.intervals[in.a]));
    case Code::kInterpolate: {
      const PiecewiseLine& line = program_.lines[in.a];
      const bool extends = line.beyond == PiecewiseLine::Beyond::kExtend;
      Name y = line_through(m, x, line.x, line.y, extends);
      if (line.beyond == PiecewiseLine::Beyond::kMissing) {
        const Name outside =
            m.either(m.less(x, m.number(line.x.front())), m.greater(x, m.number(line.x.back())));
        y = m.where(outside, terms_.nan(), y);
      }
      return Term{y, {}, {}, false, true};
    }
    case Code::kTimePart:
      return Term{Calendar(m, x).part(static_cast<TimePart>(in.a)), {}, {}, false, true};
    default: return std::nullopt;
  }
}

Result<Term> ExpressionEmitter::apply(const Instruction& in) {
  const std::span<const Term> args = arguments_;
  if (code_signature(in.code)[0] == '*') return aggregate(in.code);
  if (auto found = logical(in.code)) return *std::move(found);
  if (auto found = look_up(in)) return *std::move(found);
  const Name x = terms_.number(args[0]);
  if (auto found = args.size() == 1 ? unary(m, in.code, x) : std::nullopt) {
    return terms_.made(*found, args);
  }
  const Name y = args.size() > 1 ? terms_.number(args[1]) : Name();
  if (auto found = args.size() == 2 ? binary(m, in.code, x, y) : std::nullopt) {
    return terms_.made(*found, args);
  }
  switch (in.code) {
    case Code::kPower: {
      // 1 and 0 have powers of NaN.
      const auto is_missing = terms_.missing(args);
      const Name power = m.pow(x, y);
      return terms_.made(is_missing ? m.where(*is_missing, terms_.nan(), power) : power, args);
    }
    case Code::kCoalesce: {
      if (!args[0].may_miss) return args[0];
      Term result = terms_.made(m.where(m.is_nan(x), y, x), args);
      result.may_miss = args[1].may_miss;
      return result;
    }
    case Code::kChoose: {
      Name chosen = m.where(terms_.is_true(args[0]), y, terms_.number(args[2]));
      const auto unknown = terms_.missing(args.subspan(0, 1));
      if (unknown) chosen = m.where(*unknown, terms_.nan(), chosen);
      return terms_.made(chosen, args);
    }
    // ONNX cannot refuse rows.
    case Code::kRequire: return args[0];
    default: break;
  }
  return unimplemented(
      fmt::format("ONNX Runtime has no function {} of float64", code_name(in.code)));
}

Result<Name> expression(Emission& e) { return ExpressionEmitter(e).run(); }

}  // namespace

Name Terms::column(const Term& term) {
  return term.is_constant ? m.add(e.values.zeros(), number(term)) : number(term);
}

Name Terms::text_column(const Term& term) {
  if (!term.is_constant) return term.name;
  return m.where(m.equal(e.values.zeros(), m.number(0)), term.name, term.name);
}

std::optional<Name> Terms::missing(std::span<const Term> numbers) {
  std::optional<Name> found;
  for (const Term& term : numbers) {
    if (!term.may_miss) continue;
    const Name one = m.is_nan(number(term));
    found = found ? m.either(*found, one) : one;
  }
  return found;
}

Term Terms::made(Name name, std::span<const Term> from) const {
  Term result{std::move(name), {}, {}, true, true};
  for (const Term& term : from) result.is_constant = result.is_constant && term.is_constant;
  return result;
}

Term Terms::judged(const Name& truth, std::span<const Term> from) {
  bool constant = !from.empty();
  for (const Term& term : from) constant = constant && term.is_constant;
  return judged_but(truth, missing(from), constant);
}

Term Terms::judged_but(const Name& truth, const std::optional<Name>& where, bool is_constant) {
  if (!where) return {{}, truth, {}, is_constant, false};
  return {m.where(*where, nan(), m.to_number(truth)), {}, {}, is_constant, true};
}

Name Terms::is_true(const Term& term) {
  return term.truth.empty() ? m.negated(m.equal(number(term), m.number(0))) : term.truth;
}

std::span<const Emitter> expression_emitters() {
  static constexpr std::array kTable = {Emitter{"expression", expression}};
  return kTable;
}

}  // namespace slipway::writers::onnx
