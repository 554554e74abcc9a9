#include "formats/formula_terms.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

namespace slipway::formats {
namespace {

/// Functions that are one instruction.
struct PlainFunction {
  std::string_view name;
  Code code;
};

constexpr std::array kPlain = {
    PlainFunction{"negate", Code::kNegate},
    PlainFunction{"not", Code::kNot},
    PlainFunction{"-", Code::kSubtract},
    PlainFunction{"*", Code::kMultiply},
    PlainFunction{"/", Code::kDivide},
    PlainFunction{"%", Code::kModulo},
    PlainFunction{"**", Code::kPower},
    PlainFunction{"and", Code::kAnd},
    PlainFunction{"or", Code::kOr},
    PlainFunction{"&", Code::kAnd},
    PlainFunction{"|", Code::kOr},
    PlainFunction{"power", Code::kPower},
    PlainFunction{"pow", Code::kPower},
    PlainFunction{"abs", Code::kAbsolute},
    PlainFunction{"sign", Code::kSign},
    PlainFunction{"sqrt", Code::kSquareRoot},
    PlainFunction{"exp", Code::kExp},
    PlainFunction{"expm1", Code::kExpm1},
    PlainFunction{"log", Code::kLn},
    PlainFunction{"log10", Code::kLog10},
    PlainFunction{"log1p", Code::kLog1p},
    PlainFunction{"log2", Code::kLog2},
    PlainFunction{"floor", Code::kFloor},
    PlainFunction{"ceil", Code::kCeil},
    PlainFunction{"trunc", Code::kTruncate},
    PlainFunction{"sin", Code::kSin},
    PlainFunction{"cos", Code::kCos},
    PlainFunction{"tan", Code::kTan},
    PlainFunction{"arcsin", Code::kAsin},
    PlainFunction{"arccos", Code::kAcos},
    PlainFunction{"arctan", Code::kAtan},
    PlainFunction{"arctan2", Code::kAtan2},
    PlainFunction{"sinh", Code::kSinh},
    PlainFunction{"cosh", Code::kCosh},
    PlainFunction{"tanh", Code::kTanh},
    PlainFunction{"hypot", Code::kHypot},
    PlainFunction{"expit", Code::kLogistic},
    PlainFunction{"erf", Code::kErf},
    PlainFunction{"float32", Code::kToFloat32},
    PlainFunction{"nansum", Code::kSumOf},
    PlainFunction{"nanmin", Code::kMinimumOf},
    PlainFunction{"nanmax", Code::kMaximumOf},
    PlainFunction{"nanmean", Code::kMeanOf},
    PlainFunction{"nanmedian", Code::kMedianOf},
    PlainFunction{"count", Code::kCountOf},
    PlainFunction{"upper", Code::kUpper},
    PlainFunction{"lower", Code::kLower},
    PlainFunction{"strip", Code::kTrim},
    PlainFunction{"length", Code::kLength},
    PlainFunction{"text", Code::kSpell},
    PlainFunction{"number", Code::kParseNumber},
};

struct TimeFunction {
  std::string_view name;
  Code code;
  uint32_t a;
};

constexpr std::array kTimes = {
    TimeFunction{"parse_date", Code::kParseTime, static_cast<uint32_t>(TimeKind::kDate)},
    TimeFunction{"parse_time", Code::kParseTime, static_cast<uint32_t>(TimeKind::kTime)},
    TimeFunction{"parse_datetime", Code::kParseTime, static_cast<uint32_t>(TimeKind::kDateTime)},
    TimeFunction{"year", Code::kTimePart, static_cast<uint32_t>(TimePart::kYear)},
    TimeFunction{"month", Code::kTimePart, static_cast<uint32_t>(TimePart::kMonth)},
    TimeFunction{"day", Code::kTimePart, static_cast<uint32_t>(TimePart::kDay)},
    TimeFunction{"hour", Code::kTimePart, static_cast<uint32_t>(TimePart::kHour)},
    TimeFunction{"minute", Code::kTimePart, static_cast<uint32_t>(TimePart::kMinute)},
    TimeFunction{"second", Code::kTimePart, static_cast<uint32_t>(TimePart::kSecond)},
    TimeFunction{"weekday", Code::kTimePart, static_cast<uint32_t>(TimePart::kDayOfWeek)},
    TimeFunction{"dayofyear", Code::kTimePart, static_cast<uint32_t>(TimePart::kDayOfYear)},
};

/// A text as a pattern that finds just it.
std::string as_pattern(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       static_cast<unsigned char>(c) >= 0x80;
    if (!plain) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

class Compiler {
 public:
  Compiler(const Formula& formula, FormulaScope& scope, ExpressionBuilder& terms)
      : formula_(formula), scope_(scope), terms_(terms) {}

  Result<TermId> run() {
    for (const FormulaNode& node : formula_.nodes) {
      Result<FormulaValue> value = make(node);
      if (!value.ok()) return formula_.error(node.at, value.status().message());
      stack_.push_back(std::move(value).value());
    }
    CHECK(stack_.size() == 1);
    const auto* term = std::get_if<TermId>(&stack_[0]);
    if (term == nullptr) return formula_.error(0, "the result is a list or table, not a value");
    return *term;
  }

 private:
  Result<FormulaValue> make(const FormulaNode& node) {
    switch (node.kind) {
      case FormulaNode::Kind::kNumber:
        return FormulaValue(std::isnan(node.number) ? terms_.missing_number()
                                                    : terms_.number(node.number));
      case FormulaNode::Kind::kText: return FormulaValue(terms_.text(node.text));
      case FormulaNode::Kind::kPath: return scope_.find(node);
      case FormulaNode::Kind::kList: {
        FormulaConstants items = TRY(constants(node.count, 0, 1));
        stack_.resize(stack_.size() - node.count);
        return FormulaValue(std::move(items));
      }
      case FormulaNode::Kind::kTable: {
        const size_t items = size_t{2} * node.count;
        // One at a time: what a TRY leaves, the values before it in its expression do not.
        FormulaTable table;
        table.keys = TRY(constants(items, 0, 2));
        table.values = TRY(constants(items, 1, 2));
        stack_.resize(stack_.size() - items);
        return FormulaValue(std::move(table));
      }
      case FormulaNode::Kind::kCall: break;
    }
    arguments_.assign(stack_.end() - node.count, stack_.end());
    stack_.resize(stack_.size() - node.count);
    name_ = node.text;
    return FormulaValue(TRY(call()));
  }

  /// Of the last `count` values: those at first, first + step, ...
  Result<FormulaConstants> constants(size_t count, size_t first, size_t step) const {
    std::vector<double> numbers;
    std::vector<std::string> texts;
    const size_t begin = stack_.size() - count;
    for (size_t i = begin + first; i < stack_.size(); i += step) {
      const auto* term = std::get_if<TermId>(&stack_[i]);
      if (term == nullptr) return invalid_argument("lists and tables hold numbers and texts only");
      if (const auto number = terms_.constant_number(*term)) {
        numbers.push_back(*number);
      } else if (const auto text = terms_.constant_text(*term)) {
        texts.emplace_back(*text);
      } else {
        return invalid_argument("lists and tables hold constants only");
      }
    }
    if (!numbers.empty() && !texts.empty()) {
      return invalid_argument("a list holds numbers or texts, not both");
    }
    if (texts.empty()) return FormulaConstants(std::move(numbers));
    return FormulaConstants(std::move(texts));
  }

  // --- Arguments.
  Status expect(size_t least, size_t most) const {
    if (arguments_.size() >= least && arguments_.size() <= most) return {};
    return invalid_argument(
        fmt::format("{} takes {} arguments, not {}", name_,
                    least == most ? fmt::format("{}", least) : fmt::format("{} to {}", least, most),
                    arguments_.size()));
  }
  Result<TermId> term(size_t i) const {
    if (const auto* found = std::get_if<TermId>(&arguments_[i])) return *found;
    return invalid_argument(
        fmt::format("argument {} of {} is a list or table, not a value", i + 1, name_));
  }
  Result<std::string> constant_text(size_t i) const {
    const TermId found = TRY(term(i));
    if (const auto text = terms_.constant_text(found)) return std::string(*text);
    return invalid_argument(fmt::format("argument {} of {} must be a constant text", i + 1, name_));
  }
  Result<FormulaConstants> list(size_t i) const {
    if (const auto* found = std::get_if<FormulaConstants>(&arguments_[i])) return *found;
    return invalid_argument(fmt::format("argument {} of {} must be a list", i + 1, name_));
  }
  Result<std::vector<double>> numbers(size_t i) const {
    FormulaConstants found = TRY(list(i));
    if (auto* values = std::get_if<std::vector<double>>(&found)) return std::move(*values);
    return invalid_argument(
        fmt::format("argument {} of {} must be a list of numbers", i + 1, name_));
  }
  Result<TermId> both_texts_or_numbers(Code numbers, Code texts, size_t first = 0) {
    const TermId a = TRY(term(first));
    const TermId b = TRY(term(first + 1));
    if (terms_.is_text(a) != terms_.is_text(b)) {
      return invalid_argument(
          fmt::format("{} is between two numbers or two texts, not one of each", name_));
    }
    return terms_.apply(terms_.is_text(a) ? texts : numbers, {a, b});
  }

  // --- Calls.
  Result<TermId> call() {
    for (const PlainFunction& plain : kPlain) {
      if (plain.name == name_) return apply_plain(plain.code);
    }
    for (const TimeFunction& known : kTimes) {
      if (known.name != name_) continue;
      TRY_STATUS(expect(1, 1));
      return terms_.apply(known.code, {TRY(term(0))}, known.a);
    }
    using Make = Result<TermId> (Compiler::*)();
    struct Special {
      std::string_view name;
      size_t least;
      size_t most;
      Make make;
    };
    static constexpr size_t kMany = 1000;
    static constexpr std::array kSpecial = {
        Special{"+", 2, 2, &Compiler::add},
        Special{"//", 2, 2, &Compiler::floor_divide},
        Special{"==", 2, 2, &Compiler::equal},
        Special{"!=", 2, 2, &Compiler::not_equal},
        Special{"<", 2, 2, &Compiler::less},
        Special{"<=", 2, 2, &Compiler::less_or_equal},
        Special{">", 2, 2, &Compiler::greater},
        Special{">=", 2, 2, &Compiler::greater_or_equal},
        Special{"in", 2, 2, &Compiler::is_in},
        Special{"not in", 2, 2, &Compiler::is_not_in},
        Special{"where", 3, 3, &Compiler::where},
        Special{"isnull", 1, 1, &Compiler::is_missing},
        Special{"notnull", 1, 1, &Compiler::is_there},
        Special{"fillna", 2, 2, &Compiler::fill},
        Special{"clip", 3, 3, &Compiler::clip},
        Special{"minimum", 2, kMany, &Compiler::minimum},
        Special{"maximum", 2, kMany, &Compiler::maximum},
        Special{"round", 1, 2, &Compiler::round},
        Special{"lookup", 2, 3, &Compiler::lookup},
        Special{"digitize", 2, 2, &Compiler::digitize},
        Special{"interp", 3, 3, &Compiler::interpolate},
        Special{"concat", 2, kMany, &Compiler::concatenate},
        Special{"substring", 3, 3, &Compiler::substring},
        Special{"matches", 2, 2, &Compiler::matches},
        Special{"contains", 2, 2, &Compiler::contains},
        Special{"startswith", 2, 2, &Compiler::starts_with},
        Special{"endswith", 2, 2, &Compiler::ends_with},
        Special{"replace", 3, 3, &Compiler::replace},
        Special{"regex_replace", 3, 3, &Compiler::replace_pattern},
        Special{"format_time", 2, 2, &Compiler::format_time},
    };
    for (const Special& special : kSpecial) {
      if (special.name != name_) continue;
      TRY_STATUS(expect(special.least, special.most));
      return (this->*special.make)();
    }
    return invalid_argument(fmt::format("there is no function '{}'", name_));
  }

  Result<TermId> apply_plain(Code code) {
    const std::string_view signature = code_signature(code);
    const size_t count = signature.find('>');
    if (signature[0] != '*') TRY_STATUS(expect(count, count));
    if (arguments_.empty()) return invalid_argument(fmt::format("{} takes arguments", name_));
    std::vector<TermId> given;
    for (size_t i = 0; i < arguments_.size(); ++i) {
      given.push_back(TRY(term(i)));
      const bool wants_text = signature[0] != '*' && signature[i] == 't';
      if (terms_.is_text(given.back()) == wants_text) continue;
      return invalid_argument(fmt::format("argument {} of {} must be a {}", i + 1, name_,
                                          wants_text ? "text" : "number"));
    }
    return terms_.apply(code, given);
  }

  Result<TermId> add() { return both_texts_or_numbers(Code::kAdd, Code::kConcat); }
  Result<TermId> floor_divide() {
    const TermId x = TRY(term(0));
    const TermId y = TRY(term(1));
    return terms_.apply(Code::kFloor, {TRY(terms_.apply(Code::kDivide, {x, y}))});
  }
  Result<TermId> equal() { return both_texts_or_numbers(Code::kEqual, Code::kTextEqual); }
  Result<TermId> not_equal() { return terms_.apply(Code::kNot, {TRY(equal())}); }
  Result<TermId> less() { return both_texts_or_numbers(Code::kLess, Code::kTextLess); }
  Result<TermId> greater() {
    std::swap(arguments_[0], arguments_[1]);
    return less();
  }
  Result<TermId> less_or_equal() {
    const TermId a = TRY(term(0));
    const TermId b = TRY(term(1));
    if (!terms_.is_text(a) || !terms_.is_text(b)) {
      return both_texts_or_numbers(Code::kLessOrEqual, Code::kTextLess);
    }
    return terms_.apply(Code::kNot, {TRY(greater())});
  }
  Result<TermId> greater_or_equal() {
    std::swap(arguments_[0], arguments_[1]);
    return less_or_equal();
  }

  Result<TermId> position_in(TermId x, const FormulaConstants& list) {
    return std::visit([&](const auto& items) { return terms_.find(x, items); }, list);
  }
  /// Missing if x is.
  Result<TermId> is_in() {
    const TermId position = TRY(position_in(TRY(term(0)), TRY(list(1))));
    return terms_.apply(Code::kLessOrEqual, {terms_.number(0), position});
  }
  Result<TermId> is_not_in() { return terms_.apply(Code::kNot, {TRY(is_in())}); }

  Result<TermId> choose(TermId condition, TermId yes, TermId no) {
    if (terms_.is_text(yes) != terms_.is_text(no)) {
      return invalid_argument(
          fmt::format("{} chooses between two numbers or two texts, not one of each", name_));
    }
    return terms_.apply(terms_.is_text(yes) ? Code::kChooseText : Code::kChoose,
                        {condition, yes, no});
  }
  Result<TermId> where() { return choose(TRY(term(0)), TRY(term(1)), TRY(term(2))); }
  Result<TermId> is_missing() {
    const TermId x = TRY(term(0));
    return terms_.apply(terms_.is_text(x) ? Code::kIsTextMissing : Code::kIsMissing, {x});
  }
  Result<TermId> is_there() { return terms_.apply(Code::kNot, {TRY(is_missing())}); }
  Result<TermId> fill() { return both_texts_or_numbers(Code::kCoalesce, Code::kCoalesceText); }
  Result<TermId> clip() {
    const TermId x = TRY(term(0));
    const TermId low = TRY(term(1));
    const TermId high = TRY(term(2));
    const TermId above = TRY(terms_.apply(Code::kMaximum, {x, low}));
    return terms_.apply(Code::kMinimum, {above, high});
  }
  Result<TermId> fold(Code code) {
    TermId result = TRY(term(0));
    for (size_t i = 1; i < arguments_.size(); ++i) {
      const TermId next = TRY(term(i));
      result = TRY(terms_.apply(code, {result, next}));
    }
    return result;
  }
  Result<TermId> minimum() { return fold(Code::kMinimum); }
  Result<TermId> maximum() { return fold(Code::kMaximum); }
  Result<TermId> concatenate() { return fold(Code::kConcat); }

  /// To even, as numpy's: scaled up, rounded, scaled down.
  Result<TermId> round() {
    const TermId x = TRY(term(0));
    if (arguments_.size() == 1) return terms_.apply(Code::kRoundHalfEven, {x});
    constexpr double kDigitsMax = 300;
    const auto digits = terms_.constant_number(TRY(term(1)));
    if (!digits.has_value() || *digits != std::trunc(*digits) || std::abs(*digits) > kDigitsMax) {
      return invalid_argument("the second argument of round must be a whole number");
    }
    const TermId scale = terms_.number(std::pow(10.0, std::abs(*digits)));
    const Code up = *digits >= 0 ? Code::kMultiply : Code::kDivide;
    const Code down = *digits >= 0 ? Code::kDivide : Code::kMultiply;
    const TermId scaled = TRY(terms_.apply(up, {x, scale}));
    return terms_.apply(down, {TRY(terms_.apply(Code::kRoundHalfEven, {scaled})), scale});
  }

  /// The value under the key x; else the default, also for a missing x.
  Result<TermId> lookup() {
    const auto* table = std::get_if<FormulaTable>(&arguments_[1]);
    if (table == nullptr) return invalid_argument("argument 2 of lookup must be a table");
    const TermId position = TRY(position_in(TRY(term(0)), table->keys));
    const TermId found = TRY(std::visit(
        [&](const auto& values) { return terms_.pick(position, values); }, table->values));
    if (arguments_.size() == 2) return found;
    const TermId fallback = TRY(term(2));
    if (terms_.is_text(found) != terms_.is_text(fallback)) {
      return invalid_argument("the values of a table and its default are not of one type");
    }
    const TermId known = TRY(terms_.apply(Code::kLessOrEqual, {terms_.number(0), position}));
    return choose(TRY(terms_.apply(Code::kCoalesce, {known, terms_.number(0)})), found, fallback);
  }

  /// numpy.digitize: how many of the ascending edges are at most x.
  Result<TermId> digitize() {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const std::vector<double> edges = TRY(numbers(1));
    if (edges.empty() || !std::ranges::is_sorted(edges)) {
      return invalid_argument("the edges of digitize must ascend");
    }
    std::vector<Interval> intervals;
    for (size_t i = 0; i <= edges.size(); ++i) {
      intervals.push_back({.low = i == 0 ? -kInfinity : edges[i - 1],
                           .high = i == edges.size() ? kInfinity : edges[i],
                           .low_open = false,
                           .high_open = i != edges.size()});
    }
    const TermId x = TRY(term(0));
    return terms_.find_interval(x, std::move(intervals));
  }

  Result<TermId> interpolate() {
    PiecewiseLine line{{}, {}, PiecewiseLine::Beyond::kClamp};
    line.x = TRY(numbers(1));
    line.y = TRY(numbers(2));
    if (line.x.size() != line.y.size() || line.x.empty() || !std::ranges::is_sorted(line.x)) {
      return invalid_argument("interp takes two lists of one length, the first ascending");
    }
    const TermId x = TRY(term(0));
    return terms_.interpolate(x, std::move(line));
  }

  /// Of `count` code points from `start` on, counted from 0.
  Result<TermId> substring() {
    const TermId first = TRY(terms_.apply(Code::kAdd, {TRY(term(1)), terms_.number(1)}));
    const TermId text = TRY(term(0));
    const TermId count = TRY(term(2));
    return terms_.apply(Code::kSubstring, {text, first, count});
  }
  Result<TermId> matches() {
    const std::string pattern = TRY(constant_text(1));
    return terms_.matches(TRY(term(0)), pattern);
  }
  Result<TermId> contains() { return matches_part("", ""); }
  Result<TermId> starts_with() { return matches_part("\\A", ""); }
  Result<TermId> ends_with() { return matches_part("", "\\z"); }
  Result<TermId> matches_part(std::string_view before, std::string_view behind) {
    const std::string part = TRY(constant_text(1));
    const std::string pattern = fmt::format("{}{}{}", before, as_pattern(part), behind);
    return terms_.matches(TRY(term(0)), pattern);
  }
  Result<TermId> replace() {
    const std::string part = TRY(constant_text(1));
    return terms_.replace(TRY(term(0)), as_pattern(part), TRY(term(2)));
  }
  Result<TermId> replace_pattern() {
    const std::string pattern = TRY(constant_text(1));
    return terms_.replace(TRY(term(0)), pattern, TRY(term(2)));
  }
  Result<TermId> format_time() {
    const std::string format = TRY(constant_text(1));
    return terms_.apply_with_text(Code::kFormatTime, {TRY(term(0))}, format);
  }

  const Formula& formula_;
  FormulaScope& scope_;
  ExpressionBuilder& terms_;
  std::vector<FormulaValue> stack_;
  std::vector<FormulaValue> arguments_;  // of the call that is made
  std::string_view name_;                // its name
};

}  // namespace

Result<TermId> compile_formula(const Formula& formula, FormulaScope& scope,
                               ExpressionBuilder& terms) {
  return Compiler(formula, scope, terms).run();
}

}  // namespace slipway::formats
