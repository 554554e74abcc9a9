#include "formats/formula.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace slipway::formats {
namespace {

/// How tightly an operator binds, as in Python.
struct Operator {
  std::string_view text;
  int binding = 0;
  bool is_word = false;
};

constexpr int kNotBinding = 3;
constexpr int kComparison = 4;
constexpr int kUnaryBinding = 9;
constexpr int kPowerBinding = 10;

// Longer ones before those that they begin with.
constexpr std::array kOperators = {
    Operator{"or", 1, true},
    Operator{"and", 2, true},
    Operator{"in", kComparison, true},
    Operator{"==", kComparison},
    Operator{"!=", kComparison},
    Operator{"<=", kComparison},
    Operator{">=", kComparison},
    Operator{"<", kComparison},
    Operator{">", kComparison},
    Operator{"|", 5},
    Operator{"&", 6},
    Operator{"+", 7},
    Operator{"-", 7},
    Operator{"**", kPowerBinding},
    Operator{"*", 8},
    Operator{"//", 8},
    Operator{"/", 8},
    Operator{"%", 8},
};

/// The beginning of a text, whole code points.
std::string_view beginning(std::string_view text, size_t bytes_max) {
  size_t end = std::min(bytes_max, text.size());
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  return text.substr(0, end);
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Shunting-yard: operators and open brackets wait on a stack of bounded depth.
class Parser {
 public:
  explicit Parser(Formula& formula) : formula_(formula), source_(formula.source) {}

  Status run() {
    bool operand_wanted = true;
    while (true) {
      skip_blanks();
      if (at_ == source_.size()) break;
      operand_wanted = TRY(operand_wanted ? operand() : behind_operand());
      if (formula_.nodes.size() > Formula::kNodesMax || waiting_.size() > Formula::kDepthMax) {
        return formula_.error(at_, "this formula is too long or too deeply nested");
      }
    }
    if (operand_wanted) return formula_.error(at_, "something is missing at the end");
    TRY_STATUS(emit_down_to(0));
    if (!waiting_.empty()) {
      return formula_.error(waiting_.back().at,
                            fmt::format("'{}' is never closed", waiting_.back().shown()));
    }
    return {};
  }

 private:
  enum class Wait : uint8_t { kOperator, kPrefix, kParenthesis, kCall, kList, kTable };
  struct Waiting {
    Wait kind = Wait::kOperator;
    std::string text;  // of an operator or function
    int binding = 0;
    uint32_t at = 0;
    uint32_t count = 0;     // finished arguments, items; of a table: keys and values
    bool is_value = false;  // of a table: behind the colon
    std::string_view shown() const {
      return kind == Wait::kList ? "[" : kind == Wait::kTable ? "{" : "(";
    }
  };

  void skip_blanks() {
    while (at_ < source_.size() && is_blank(source_[at_])) ++at_;
  }
  char peek() const { return at_ < source_.size() ? source_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  std::string_view take_name() {
    const size_t start = at_;
    while (at_ < source_.size() && (is_letter(source_[at_]) || is_digit(source_[at_]))) ++at_;
    return std::string_view(source_).substr(start, at_ - start);
  }

  void emit(FormulaNode node) { formula_.nodes.push_back(std::move(node)); }
  void emit_call(std::string_view name, uint32_t count, uint32_t at) {
    FormulaNode& last = formula_.nodes.back();
    if (name == "negate" && last.kind == FormulaNode::Kind::kNumber) {
      last.number = -last.number;  // so that lists may hold it
      return;
    }
    emit({.kind = FormulaNode::Kind::kCall, .text = std::string(name), .count = count, .at = at});
  }

  /// Emits waiting operators that bind at least so tightly, down to the innermost open bracket.
  Status emit_down_to(int binding) {
    while (!waiting_.empty() && waiting_.back().kind <= Wait::kPrefix &&
           waiting_.back().binding >= binding) {
      const Waiting& top = waiting_.back();
      if (binding == kComparison && top.binding == kComparison) {
        return formula_.error(top.at, "comparisons do not chain: write a < b and b < c");
      }
      emit_call(top.text, top.kind == Wait::kPrefix ? 1 : 2, top.at);
      waiting_.pop_back();
    }
    return {};
  }

  /// Gives whether an operand is still wanted.
  Result<bool> operand() {
    const auto start = static_cast<uint32_t>(at_);
    const char c = peek();
    if (is_digit(c) || (c == '.' && at_ + 1 < source_.size() && is_digit(source_[at_ + 1]))) {
      TRY_STATUS(number());
      return false;
    }
    if (c == '"' || c == '\'') {
      FormulaNode node{.kind = FormulaNode::Kind::kText, .at = start};
      node.text = TRY(quoted());
      emit(std::move(node));
      return false;
    }
    if (is_letter(c)) return name();
    ++at_;
    switch (c) {
      case '-': wait({Wait::kPrefix, "negate", kUnaryBinding, start}); return true;
      case '~': wait({Wait::kPrefix, "not", kUnaryBinding, start}); return true;
      case '+': return true;
      case '(': wait({Wait::kParenthesis, "", 0, start}); return true;
      case '[': wait({Wait::kList, "", 0, start}); return !close_empty(']');
      case '{': wait({Wait::kTable, "", 0, start}); return !close_empty('}');
      default:
        return formula_.error(
            start, fmt::format("expected a number, text, name or '(', got '{}'", shown_at(start)));
    }
  }

  Result<bool> name() {
    const auto start = static_cast<uint32_t>(at_);
    const std::string word(take_name());
    if (word == "not") {
      wait({Wait::kPrefix, "not", kNotBinding, start});
      return true;
    }
    for (const std::string_view kept : {"and", "or", "in", "if", "else", "lambda", "for", "is"}) {
      if (word == kept) {
        return formula_.error(
            start, fmt::format("'{}' cannot stand here{}", word,
                               word == "if" || word == "is"
                                   ? "; there are where(condition, yes, no) and isnull(x)"
                                   : ""));
      }
    }
    FormulaNode node{.kind = FormulaNode::Kind::kPath, .text = word, .at = start};
    skip_blanks();
    if (take('(')) {
      wait({Wait::kCall, word, 0, start});
      return !close_empty(')');
    }
    TRY_STATUS(steps(node));
    if (node.steps.empty() && (word == "True" || word == "False")) {
      emit({.kind = FormulaNode::Kind::kNumber, .number = word == "True" ? 1.0 : 0.0, .at = start});
    } else if (node.steps.empty() && (word == "None" || word == "nan")) {
      emit({.kind = FormulaNode::Kind::kNumber, .number = std::nan(""), .at = start});
    } else if (node.steps.empty() && word == "inf") {
      emit({.kind = FormulaNode::Kind::kNumber, .number = HUGE_VAL, .at = start});
    } else {
      emit(std::move(node));
    }
    return false;
  }

  Status steps(FormulaNode& node) {
    constexpr size_t kStepsMax = 16;
    while (node.steps.size() < kStepsMax) {
      const size_t start = at_;
      FormulaStep step;
      if (take('.')) {
        if (!is_letter(peek())) return formula_.error(at_, "expected a name behind '.'");
        step.key = take_name();
      } else if (take('[')) {
        skip_blanks();
        TRY_STATUS(subscript(step));
        skip_blanks();
        if (!take(']')) return formula_.error(start, "'[' is never closed");
      } else {
        return {};
      }
      node.steps.push_back(std::move(step));
    }
    return formula_.error(at_, "this name has too many parts");
  }

  Status subscript(FormulaStep& step) {
    const char c = peek();
    if (c == '"' || c == '\'') {
      step.key = TRY(quoted());
      return {};
    }
    if (is_letter(c)) {
      step.kind = FormulaStep::Kind::kVariable;
      step.key = take_name();
      return {};
    }
    step.kind = FormulaStep::Kind::kIndex;
    const char* first = source_.data() + at_;
    const auto [end, error] = std::from_chars(first, source_.data() + source_.size(), step.index);
    if (error != std::errc()) {
      return formula_.error(at_, "expected a text, whole number or variable in [...]");
    }
    at_ += static_cast<size_t>(end - first);
    return {};
  }

  Status number() {
    FormulaNode node{.kind = FormulaNode::Kind::kNumber, .at = static_cast<uint32_t>(at_)};
    const char* first = source_.data() + at_;
    const auto [end, error] = std::from_chars(first, source_.data() + source_.size(), node.number);
    at_ += static_cast<size_t>(end - first);
    if (error != std::errc() || is_letter(peek())) {
      return formula_.error(node.at, "this is no number");
    }
    emit(std::move(node));
    return {};
  }

  Result<std::string> quoted() {
    const size_t start = at_;
    const char quote = source_[at_++];
    std::string text;
    while (at_ < source_.size() && source_[at_] != quote) {
      char c = source_[at_++];
      if (c == '\\' && at_ < source_.size()) {
        c = source_[at_++];
        switch (c) {
          case 'n': c = '\n'; break;
          case 't': c = '\t'; break;
          case 'r': c = '\r'; break;
          case '\\':
          case '"':
          case '\'': break;
          default: text += '\\';  // as in Python: for patterns such as "\d"
        }
      }
      text += c;
    }
    if (!take(quote)) return formula_.error(start, "this text is never closed");
    return text;
  }

  /// Gives whether an operand is wanted next.
  Result<bool> behind_operand() {
    const auto start = static_cast<uint32_t>(at_);
    const char c = peek();
    if (c == ')' || c == ']' || c == '}') {
      ++at_;
      TRY_STATUS(close(c, start));
      return false;
    }
    if (c == ',' || c == ':') {
      ++at_;
      TRY_STATUS(separate(c, start));
      skip_blanks();
      return !(c == ',' && close_trailing());
    }
    const std::optional<Operator> found = take_operator();
    if (!found.has_value()) {
      return formula_.error(start, fmt::format("expected an operator, got '{}'", shown_at(start)));
    }
    const bool negated = found->text == "in" && negated_in_;
    const int binding = found->binding;
    // Powers bind from the right, and tighter than a sign before them, not than one behind.
    TRY_STATUS(emit_down_to(binding == kPowerBinding ? kPowerBinding + 1 : binding));
    wait({Wait::kOperator, negated ? "not in" : std::string(found->text), binding, start});
    return true;
  }

  std::optional<Operator> take_operator() {
    negated_in_ = false;
    if (is_letter(peek())) {
      const size_t start = at_;
      std::string_view word = take_name();
      if (word == "not") {
        skip_blanks();
        word = take_name();
        negated_in_ = word == "in";
        if (!negated_in_) word = "";
      }
      for (const Operator& known : kOperators) {
        if (known.is_word && known.text == word) return known;
      }
      at_ = start;
      return std::nullopt;
    }
    // "**" stands behind no shorter operator that would be taken first.
    for (const Operator& known : kOperators) {
      if (known.is_word || !std::string_view(source_).substr(at_).starts_with(known.text)) continue;
      at_ += known.text.size();
      return known;
    }
    return std::nullopt;
  }

  Status separate(char c, uint32_t start) {
    TRY_STATUS(emit_down_to(0));
    const bool fits = !waiting_.empty() && (waiting_.back().kind == Wait::kTable
                                                ? (c == ':') != waiting_.back().is_value
                                                : c == ',' && waiting_.back().kind >= Wait::kCall);
    if (!fits) return formula_.error(start, fmt::format("'{}' cannot stand here", c));
    Waiting& open = waiting_.back();
    ++open.count;
    open.is_value = c == ':';
    return {};
  }

  /// A comma before the closing bracket, as Python allows.
  bool close_trailing() {
    const char c = peek();
    if ((c != ')' && c != ']' && c != '}') || !closes(waiting_.back(), c)) return false;
    ++at_;
    finish(0);
    return true;
  }
  bool close_empty(char c) {
    skip_blanks();
    if (!take(c)) return false;
    finish(0);
    return true;
  }

  static bool closes(const Waiting& open, char c) {
    return c == (open.kind == Wait::kList ? ']' : open.kind == Wait::kTable ? '}' : ')');
  }

  Status close(char c, uint32_t start) {
    TRY_STATUS(emit_down_to(0));
    if (waiting_.empty() || !closes(waiting_.back(), c)) {
      return formula_.error(start, fmt::format("'{}' closes nothing", c));
    }
    if (waiting_.back().kind == Wait::kTable && !waiting_.back().is_value) {
      return formula_.error(start, "expected ': value' behind the key");
    }
    finish(1);
    return {};
  }

  /// Ends the innermost bracket, with so many more items than were counted.
  void finish(uint32_t more) {
    const Waiting open = waiting_.back();
    waiting_.pop_back();
    const uint32_t count = open.count + more;
    switch (open.kind) {
      case Wait::kCall:
        emit({.kind = FormulaNode::Kind::kCall, .text = open.text, .count = count, .at = open.at});
        break;
      case Wait::kList:
        emit({.kind = FormulaNode::Kind::kList, .count = count, .at = open.at});
        break;
      case Wait::kTable:
        emit({.kind = FormulaNode::Kind::kTable, .count = count / 2, .at = open.at});
        break;
      default: break;
    }
  }

  void wait(Waiting waiting) { waiting_.push_back(std::move(waiting)); }

  std::string_view shown_at(size_t at) const {
    constexpr size_t kShown = 12;
    return beginning(std::string_view(source_).substr(at), kShown);
  }

  Formula& formula_;
  const std::string& source_;
  size_t at_ = 0;
  bool negated_in_ = false;
  std::vector<Waiting> waiting_;
};

}  // namespace

Status Formula::error(size_t at, std::string_view message) const {
  constexpr size_t kShown = 200;
  const std::string_view before = std::string_view(source).substr(0, std::min(at, source.size()));
  const auto lines = static_cast<size_t>(std::ranges::count(before, '\n'));
  const size_t last = before.rfind('\n');
  const size_t column = last == std::string_view::npos ? before.size() + std::max(place.column, 1U)
                                                       : before.size() - last;
  return invalid_argument(fmt::format("line {}, column {}: {} (in: {})",
                                      std::max(place.line, 1U) + lines, column, message,
                                      beginning(source, kShown)));
}

Result<Formula> parse_formula(std::string_view source, FormulaPlace place) {
  Formula formula{std::string(source), place, {}};
  if (source.size() > Formula::kBytesMax) {
    formula.source.resize(Formula::kBytesMax);
    return formula.error(0, fmt::format("this formula is longer than {}", Formula::kBytesMax));
  }
  TRY_STATUS(Parser(formula).run());
  return formula;
}

}  // namespace slipway::formats
