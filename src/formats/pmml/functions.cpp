// PMML's built-in functions (PMML 4.4, "Built-in functions").
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "formats/pmml/internal/fields.h"

namespace slipway::pmml {
namespace {

/// Functions that are one instruction with numbers as arguments.
const std::map<std::string_view, Code>& simple_functions() {
  static const std::map<std::string_view, Code> kTable = {
      {"log10", Code::kLog10},
      {"ln", Code::kLn},
      {"x-ln1p", Code::kLog1p},
      {"ln1p", Code::kLog1p},
      {"exp", Code::kExp},
      {"expm1", Code::kExpm1},
      {"x-expm1", Code::kExpm1},
      {"sqrt", Code::kSquareRoot},
      {"abs", Code::kAbsolute},
      {"pow", Code::kPower},
      {"floor", Code::kFloor},
      {"ceil", Code::kCeil},
      {"round", Code::kRoundHalfUp},
      {"rint", Code::kRoundHalfEven},
      {"x-rint", Code::kRoundHalfEven},
      {"sin", Code::kSin},
      {"cos", Code::kCos},
      {"tan", Code::kTan},
      {"asin", Code::kAsin},
      {"acos", Code::kAcos},
      {"atan", Code::kAtan},
      {"sinh", Code::kSinh},
      {"cosh", Code::kCosh},
      {"tanh", Code::kTanh},
      {"erf", Code::kErf},
      {"x-erf", Code::kErf},
      {"stdNormalIDF", Code::kNormalQuantile},
      {"hypot", Code::kHypot},
      {"x-hypot", Code::kHypot},
      {"modulo", Code::kModulo},
      {"x-modulo", Code::kModulo},
      {"not", Code::kNot},
      {"+", Code::kAdd},
      {"-", Code::kSubtract},
      {"*", Code::kMultiply},
      {"/", Code::kDivide},
      {"min", Code::kMinimumOf},
      {"max", Code::kMaximumOf},
      {"sum", Code::kSumOf},
      {"avg", Code::kMeanOf},
      {"median", Code::kMedianOf},
      {"product", Code::kProductOf},
  };
  return kTable;
}

class Function {
 public:
  Function(Context& context, const Element& at, std::string_view name, std::vector<Typed> arguments)
      : context_(context),
        terms_(context.terms),
        at_(at),
        name_(name),
        args_(std::move(arguments)) {}

  Result<Typed> apply();

 private:
  Status expect(size_t least, size_t most) const {
    if (args_.size() >= least && args_.size() <= most) return {};
    return at_.invalid(fmt::format("{} takes {} to {} arguments, got {}", name_.substr(0, 64),
                                   least, most, args_.size()));
  }
  Result<TermId> number(size_t i) { return as_number(context_, at_, args_[i]); }
  Result<TermId> text(size_t i) {
    return TRY(cast(context_, at_, args_[i], DataType::kString)).term;
  }
  Result<Typed> of(DataType type, Result<TermId> term) { return Typed{TRY(std::move(term)), type}; }
  Result<Typed> truth(Result<TermId> term) { return of(DataType::kBoolean, std::move(term)); }
  Result<std::string> constant_text(size_t i) {
    const auto found = terms_.constant_text(args_[i].term);
    if (!found) return at_.unsupported(fmt::format("{} with a pattern that varies", name_));
    return std::string(*found);
  }
  Result<std::string> java_pattern(size_t i) {
    const std::string pattern = TRY(constant_text(i));
    return from_java_pattern(at_, pattern);
  }
  DataType common_type() const {
    DataType type = DataType::kInteger;
    for (const Typed& arg : args_) {
      if (arg.type == DataType::kDouble || arg.type == DataType::kString) return DataType::kDouble;
      if (arg.type == DataType::kFloat) type = DataType::kFloat;
    }
    return type;
  }
  Result<Typed> simple(Code code);
  Result<Typed> compare();
  Result<Typed> combine();
  Result<Typed> choose();
  Result<Typed> set_member();
  Result<Typed> missing();
  Result<Typed> of_text();
  Result<Typed> pattern();
  Result<Typed> time();
  Result<Typed> normal();

  Context& context_;
  ExpressionBuilder& terms_;
  const Element& at_;
  std::string_view name_;
  std::vector<Typed> args_;
};

Result<Typed> Function::simple(Code code) {
  const std::string_view signature = code_signature(code);
  const bool any = signature[0] == '*';
  const size_t arity = signature.find('>');
  if (any && args_.empty()) return at_.invalid("expected arguments");
  if (!any && name_ == "-" && args_.size() == 1) code = Code::kNegate;
  if (!any && code != Code::kNegate) TRY_STATUS(expect(arity, arity));
  std::vector<TermId> numbers;
  for (size_t i = 0; i < args_.size(); ++i) numbers.push_back(TRY(number(i)));
  TermId value = TRY(terms_.apply(code, numbers));
  DataType type = DataType::kDouble;
  switch (code) {
    case Code::kNot: type = DataType::kBoolean; break;
    case Code::kFloor:
    case Code::kCeil:
    case Code::kRoundHalfUp: type = DataType::kInteger; break;
    case Code::kDivide:
      type = common_type();
      // Two whole numbers are divided as whole numbers.
      if (type == DataType::kInteger) value = TRY(terms_.apply(Code::kTruncate, {value}));
      break;
    case Code::kAdd:
    case Code::kSubtract:
    case Code::kMultiply:
    case Code::kModulo:
    case Code::kPower:
    case Code::kAbsolute:
    case Code::kRoundHalfEven:
    case Code::kNegate:
    case Code::kMinimumOf:
    case Code::kMaximumOf:
    case Code::kSumOf:
    case Code::kProductOf: type = common_type(); break;
    default: break;
  }
  if (type == DataType::kFloat) value = TRY(terms_.apply(Code::kToFloat32, {value}));
  return Typed{value, type};
}

Result<Typed> Function::compare() {
  TRY_STATUS(expect(2, 2));
  TRY_STATUS(match_types(context_, at_, args_[0], args_[1]));
  const bool texts = context_.is_text(args_[0]);
  const TermId a = args_[0].term;
  const TermId b = args_[1].term;
  const auto equal = [&] { return terms_.apply(texts ? Code::kTextEqual : Code::kEqual, {a, b}); };
  const auto less = [&](TermId x, TermId y) {
    return terms_.apply(texts ? Code::kTextLess : Code::kLess, {x, y});
  };
  if (name_ == "equal") return truth(equal());
  if (name_ == "notEqual") return truth(terms_.apply(Code::kNot, {TRY(equal())}));
  if (name_ == "lessThan") return truth(less(a, b));
  if (name_ == "greaterThan") return truth(less(b, a));
  if (name_ == "lessOrEqual") return truth(terms_.apply(Code::kNot, {TRY(less(b, a))}));
  return truth(terms_.apply(Code::kNot, {TRY(less(a, b))}));
}

Result<Typed> Function::combine() {
  TRY_STATUS(expect(2, 1U << 16));
  const Code code = name_ == "and" ? Code::kAnd : Code::kOr;
  TermId all = TRY(number(0));
  for (size_t i = 1; i < args_.size(); ++i) {
    const TermId next = TRY(number(i));
    all = TRY(terms_.apply(code, {all, next}));
  }
  return Typed{all, DataType::kBoolean};
}

Result<Typed> Function::choose() {
  TRY_STATUS(expect(2, 3));
  const TermId condition = TRY(number(0));
  if (args_.size() == 2) {
    args_.push_back({context_.is_text(args_[1]) ? terms_.missing_text() : terms_.missing_number(),
                     args_[1].type});
  }
  DataType type = args_[1].type;
  if (context_.is_text(args_[1]) != context_.is_text(args_[2])) {
    // A constant gives way; else both become texts.
    Typed& text_one = context_.is_text(args_[1]) ? args_[1] : args_[2];
    Typed& other = context_.is_text(args_[1]) ? args_[2] : args_[1];
    const auto constant = terms_.constant_text(text_one.term);
    if (constant && parse_double(*constant)) {
      text_one = TRY(cast(context_, at_, text_one, other.type));
      type = other.type;
    } else {
      other = TRY(cast(context_, at_, other, DataType::kString));
      type = DataType::kString;
    }
  } else if (args_[1].type != args_[2].type && !context_.is_text(args_[1])) {
    args_.erase(args_.begin());
    type = common_type();
    args_.insert(args_.begin(), Typed{condition, DataType::kBoolean});
  }
  const Code code = type == DataType::kString ? Code::kChooseText : Code::kChoose;
  return of(type, terms_.apply(code, {condition, args_[1].term, args_[2].term}));
}

Result<Typed> Function::set_member() {
  TRY_STATUS(expect(2, 1U << 16));
  std::optional<TermId> found;
  const Typed value = args_[0];
  for (size_t i = 1; i < args_.size(); ++i) {
    Typed a = value;
    Typed b = args_[i];
    TRY_STATUS(match_types(context_, at_, a, b));
    const TermId equal =
        TRY(terms_.apply(context_.is_text(a) ? Code::kTextEqual : Code::kEqual, {a.term, b.term}));
    found = found ? TRY(terms_.apply(Code::kOr, {*found, equal})) : equal;
  }
  if (name_ == "isIn") return Typed{*found, DataType::kBoolean};
  return truth(terms_.apply(Code::kNot, {*found}));
}

Result<Typed> Function::missing() {
  TRY_STATUS(expect(1, 1));
  const Code code = context_.is_text(args_[0]) ? Code::kIsTextMissing : Code::kIsMissing;
  const TermId is = TRY(terms_.apply(code, {args_[0].term}));
  if (name_ == "isMissing") return Typed{is, DataType::kBoolean};
  if (name_ == "isNotValid") return Typed{terms_.number(0), DataType::kBoolean};
  return truth(terms_.apply(Code::kNot, {is}));
}

Result<Typed> Function::of_text() {
  if (name_ == "concat") {
    TRY_STATUS(expect(2, 64));
    const TermId nothing = terms_.text("");
    TermId all = nothing;
    for (size_t i = 0; i < args_.size(); ++i) {
      // Missing arguments are left out.
      const TermId part = TRY(terms_.apply(Code::kCoalesceText, {TRY(text(i)), nothing}));
      all = i == 0 ? part : TRY(terms_.apply(Code::kConcat, {all, part}));
    }
    return Typed{all, DataType::kString};
  }
  if (name_ == "substring") {
    TRY_STATUS(expect(3, 3));
    const TermId whole = TRY(text(0));
    const TermId start = TRY(number(1));
    const TermId count = TRY(number(2));
    return of(DataType::kString, terms_.apply(Code::kSubstring, {whole, start, count}));
  }
  TRY_STATUS(expect(1, 1));
  if (name_ == "uppercase") {
    return of(DataType::kString, terms_.apply(Code::kUpper, {TRY(text(0))}));
  }
  if (name_ == "lowercase") {
    return of(DataType::kString, terms_.apply(Code::kLower, {TRY(text(0))}));
  }
  if (name_ == "trimBlanks") {
    return of(DataType::kString, terms_.apply(Code::kTrim, {TRY(text(0))}));
  }
  return of(DataType::kInteger, terms_.apply(Code::kLength, {TRY(text(0))}));
}

Result<Typed> Function::pattern() {
  if (name_ == "matches") {
    TRY_STATUS(expect(2, 2));
    const TermId subject = TRY(text(0));
    const std::string wanted = TRY(java_pattern(1));
    return truth(terms_.matches(subject, wanted));
  }
  if (name_ == "replace") {
    TRY_STATUS(expect(3, 3));
    if (TRY(constant_text(2)).find_first_of("$\\") != std::string::npos) {
      return at_.unsupported("a replacement with groups");
    }
    const TermId subject = TRY(text(0));
    const TermId by = TRY(text(2));
    const std::string wanted = TRY(java_pattern(1));
    return of(DataType::kString, terms_.replace(subject, wanted, by));
  }
  TRY_STATUS(expect(2, 2));
  const std::string format = TRY(constant_text(1));
  if (name_ == "formatNumber") {
    return of(DataType::kString,
              terms_.apply_with_text(Code::kFormatNumber, {TRY(number(0))}, format));
  }
  return of(DataType::kString, terms_.apply_with_text(Code::kFormatTime, {args_[0].term}, format));
}

Result<Typed> Function::time() {
  constexpr double kDaySeconds = 86400;
  TRY_STATUS(expect(1, 2));
  if (context_.is_text(args_[0])) {
    args_[0] = TRY(cast(context_, at_, args_[0], DataType::kDateTime));
  }
  const TermId moment = args_[0].term;
  const TermId day = terms_.number(kDaySeconds);
  if (name_ == "dateSecondsSinceMidnight") {
    return of(DataType::kInteger, terms_.apply(Code::kModulo, {moment, day}));
  }
  TRY_STATUS(expect(2, 2));
  const auto year = terms_.constant_number(TRY(number(1)));
  if (!year || *year < 0 || *year > 9999 || *year != std::floor(*year)) {
    return at_.unsupported(fmt::format("{} with a year that varies", name_));
  }
  const TermId start =
      TRY(terms_.apply(Code::kParseTime, {terms_.text(fmt::format("{:04.0f}-01-01", *year))},
                       static_cast<uint32_t>(TimeKind::kDate)));
  const TermId seconds = TRY(terms_.apply(Code::kSubtract, {moment, start}));
  if (name_ == "dateSecondsSinceYear") return Typed{seconds, DataType::kInteger};
  const TermId days = TRY(terms_.apply(Code::kDivide, {seconds, day}));
  return of(DataType::kInteger, terms_.apply(Code::kFloor, {days}));
}

Result<Typed> Function::normal() {
  const bool standard = name_.starts_with("std");
  TRY_STATUS(expect(standard ? 1 : 3, standard ? 1 : 3));
  const TermId x = TRY(number(0));
  const TermId mean = standard ? terms_.number(0) : TRY(number(1));
  const TermId deviation = standard ? terms_.number(1) : TRY(number(2));
  if (name_ == "normalIDF") {
    const TermId quantile = TRY(terms_.apply(Code::kNormalQuantile, {x}));
    const TermId scaled = TRY(terms_.apply(Code::kMultiply, {quantile, deviation}));
    return of(DataType::kDouble, terms_.apply(Code::kAdd, {scaled, mean}));
  }
  const TermId shifted = TRY(terms_.apply(Code::kSubtract, {x, mean}));
  const TermId z = TRY(terms_.apply(Code::kDivide, {shifted, deviation}));
  const TermId half = terms_.number(0.5);
  if (name_.ends_with("CDF")) {
    const TermId e = TRY(terms_.apply(
        Code::kErf, {TRY(terms_.apply(Code::kDivide, {z, terms_.number(std::numbers::sqrt2)}))}));
    const TermId halved = TRY(terms_.apply(Code::kMultiply, {e, half}));
    return of(DataType::kDouble, terms_.apply(Code::kAdd, {half, halved}));
  }
  const TermId square = TRY(terms_.apply(Code::kMultiply, {z, z}));
  const TermId power = TRY(terms_.apply(
      Code::kExp, {TRY(terms_.apply(Code::kMultiply, {square, terms_.number(-0.5)}))}));
  const TermId scale = TRY(
      terms_.apply(Code::kMultiply, {deviation, terms_.number(std::sqrt(2 * std::numbers::pi))}));
  return of(DataType::kDouble, terms_.apply(Code::kDivide, {power, scale}));
}

Result<Typed> Function::apply() {
  const auto is = [this](std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, name_) != names.end();
  };
  if (const auto found = simple_functions().find(name_); found != simple_functions().end()) {
    return simple(found->second);
  }
  if (name_ == "atan2" || name_ == "x-atan2") {
    TRY_STATUS(expect(2, 2));
    const TermId y = TRY(number(0));
    const TermId x = TRY(number(1));
    return of(DataType::kDouble, terms_.apply(Code::kAtan2, {y, x}));
  }
  if (name_ == "threshold") {
    TRY_STATUS(expect(2, 2));
    const TermId value = TRY(number(0));
    const TermId threshold = TRY(number(1));
    return of(DataType::kInteger, terms_.apply(Code::kLess, {threshold, value}));
  }
  if (is({"equal", "notEqual", "lessThan", "lessOrEqual", "greaterThan", "greaterOrEqual"})) {
    return compare();
  }
  if (is({"and", "or"})) return combine();
  if (name_ == "if") return choose();
  if (is({"isIn", "isNotIn"})) return set_member();
  if (is({"isMissing", "isNotMissing", "isValid", "isNotValid"})) return missing();
  if (is({"concat", "substring", "uppercase", "lowercase", "trimBlanks", "stringLength"})) {
    return of_text();
  }
  if (is({"matches", "replace", "formatNumber", "formatDatetime"})) return pattern();
  if (is({"dateDaysSinceYear", "dateSecondsSinceYear", "dateSecondsSinceMidnight"})) return time();
  if (is({"normalCDF", "normalPDF", "normalIDF", "stdNormalCDF", "stdNormalPDF"})) return normal();
  return at_.unsupported(fmt::format("the function {}", name_.substr(0, 64)));
}

}  // namespace

Result<Typed> apply_function(Context& context, const Element& at, std::string_view name,
                             std::vector<Typed> arguments) {
  return Function(context, at, name, std::move(arguments)).apply();
}

}  // namespace slipway::pmml
