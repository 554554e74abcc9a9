#include "text/regex_translation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "text/code_point.h"

namespace slipway::text {
namespace {

// str.isspace(), inside brackets.
constexpr std::string_view kSpaces =
    R"(\x09-\x0d\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
constexpr std::string_view kOthers =
    R"(\x00-\x08\x0e-\x1b\x21-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027})"
    R"(\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff})";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_octal(char c) { return c >= '0' && c <= '7'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::optional<uint32_t> hex_digit(char c) {
  if (is_digit(c)) return static_cast<uint32_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint32_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<uint32_t>(c - 'A' + 10);
  return std::nullopt;
}

class Translator {
 public:
  explicit Translator(std::string_view pattern) : in_(pattern) {}

  Result<TranslatedRegex> run() && {
    TRY_STATUS(global_flags());
    while (!at_end()) TRY_STATUS(item());
    return std::move(made_);
  }

 private:
  bool at_end() const { return place_ == in_.size(); }
  bool next_is(std::string_view text) const { return in_.substr(place_).starts_with(text); }
  char peek(size_t ahead = 0) const {
    return place_ + ahead < in_.size() ? in_[place_ + ahead] : '\0';
  }
  void put(std::string_view text) { made_.pattern += text; }
  void put_code(uint32_t code) { made_.pattern += fmt::format("\\x{{{:x}}}", code); }
  Status bad(std::string_view what) const {
    return invalid_argument(fmt::format("a regular expression: {} at byte {}", what, place_));
  }
  Status left_out(std::string_view what) const {
    return unimplemented(fmt::format("a regular expression: {} at byte {}", what, place_));
  }

  /// "(?aiu)" at the start, also several of them.
  Status global_flags() {
    while (next_is("(?") && is_letter(peek(2)) && peek(2) != 'P') {
      const size_t close = in_.find(')', place_);
      const std::string_view flags =
          in_.substr(place_ + 2, std::min(close, in_.size()) - place_ - 2);
      if (close == std::string_view::npos || flags.find_first_of(":-") != std::string_view::npos) {
        return {};  // flags of a group
      }
      for (const char flag : flags) TRY_STATUS(set_flag(flag));
      place_ = close + 1;
    }
    if (made_.ascii && made_.ignore_case) return left_out("the flags a and i together");
    return {};
  }

  Status set_flag(char flag) {
    switch (flag) {
      case 'a': made_.ascii = true; return {};
      case 'i': made_.ignore_case = true; return {};
      case 'm': made_.multi_line = true; return {};
      case 's': made_.dot_all = true; return {};
      case 'x': made_.verbose = true; return {};
      case 'u': return {};
      default: return bad("an unknown flag");
    }
  }

  Status item() {
    const char c = peek();
    if (c == '\\') return escape(false);
    if (c == '[') return set();
    if (c == '(') return group();
    if (c == '{') return braces();
    if (c == '#' && made_.verbose) {
      place_ = std::min(in_.find('\n', place_), in_.size());
      return {};
    }
    copy_code_point();
    return {};
  }

  void copy_code_point() { append_code_point(made_.pattern, next_code_point(in_, place_)); }

  /// What may follow "(?" as it stands, or "(" alone.
  Status group() {
    if (next_is("(*")) return bad("nothing to repeat");
    if (!next_is("(?")) return take(1);
    for (const std::string_view open : {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>"}) {
      if (next_is(open)) return take(open.size());
    }
    if (next_is("(?#")) {
      const size_t close = in_.find(')', place_);
      if (close == std::string_view::npos) return bad("an unterminated comment");
      place_ = close + 1;
      return {};
    }
    if (next_is("(?P<")) return named('>');
    if (next_is("(?P=")) return named(')');
    if (next_is("(?(")) {
      size_t end = place_ + 3;
      while (end < in_.size() && is_digit(in_[end])) ++end;
      if (end == place_ + 3) return left_out("a condition on a name");
      if (end == in_.size() || in_[end] != ')') return bad("an unterminated condition");
      return take(end + 1 - place_);
    }
    return scoped_flags();
  }

  /// "(?i-s:"
  Status scoped_flags() {
    size_t end = place_ + 2;
    while (end < in_.size() && (is_letter(in_[end]) || in_[end] == '-')) ++end;
    if (end == in_.size() || in_[end] != ':' || end == place_ + 2) {
      return left_out("an extension of groups, or flags that are not at the start");
    }
    const std::string_view flags = in_.substr(place_ + 2, end - place_ - 2);
    if (flags.find_first_not_of("ims-") != std::string_view::npos ||
        std::ranges::count(flags, '-') > 1) {
      return left_out("flags of a group other than i, m and s");
    }
    return take(end + 1 - place_);
  }

  /// "(?P<name>" and "(?P=name)"
  Status named(char close) {
    size_t end = place_ + 4;
    while (end < in_.size() && (is_letter(in_[end]) || is_digit(in_[end]) || in_[end] == '_')) {
      ++end;
    }
    if (end == in_.size() || in_[end] != close || end == place_ + 4 || is_digit(in_[place_ + 4])) {
      return left_out("a name of a group that is no ASCII identifier");
    }
    return take(end + 1 - place_);
  }

  Status take(size_t bytes) {
    put(in_.substr(place_, bytes));
    place_ += bytes;
    return {};
  }

  /// A quantifier, or the character itself.
  Status braces() {
    size_t end = place_ + 1;
    const size_t low = end;
    while (end < in_.size() && is_digit(in_[end])) ++end;
    const bool has_low = end > low;
    const bool comma = end < in_.size() && in_[end] == ',';
    const std::string_view lowest = has_low ? in_.substr(low, end - low) : "0";
    if (comma) ++end;
    const size_t high = end;
    if (comma) {
      while (end < in_.size() && is_digit(in_[end])) ++end;
    }
    if (end == in_.size() || in_[end] != '}' || (!has_low && !comma)) {
      put("\\{");
      ++place_;
      return {};
    }
    const std::string_view highest = in_.substr(high, end - high);
    put(comma ? fmt::format("{{{},{}}}", lowest, highest) : fmt::format("{{{}}}", lowest));
    place_ = end + 1;
    return {};
  }

  Status set() {
    put("[");
    ++place_;
    if (peek() == '^') TRY_STATUS(take(1));
    bool first = true;
    while (!at_end()) {
      const char c = peek();
      if (c == ']' && !first) return take(1);
      first = false;
      if (c == '\\') {
        TRY_STATUS(escape(true));
      } else if (c == '[' || c == ']') {
        put(c == '[' ? "\\[" : "\\]");
        ++place_;
      } else {
        copy_code_point();
      }
    }
    return bad("an unterminated set of characters");
  }

  Status escape(bool in_set) {
    ++place_;
    if (at_end()) return bad("a backslash at the end");
    const char c = peek();
    if (is_digit(c)) return digits(in_set);
    if (!is_letter(c)) {
      if (static_cast<uint8_t>(c) < 0x80U) put("\\");
      copy_code_point();
      return {};
    }
    ++place_;
    switch (c) {
      case 'd':
      case 'D':
      case 'w':
      case 'W':
      case 'a':
      case 'f':
      case 'n':
      case 'r':
      case 't': put(std::string{'\\', c}); return {};
      case 'v': put_code(0x0B); return {};
      case 'x': return hex(2);
      case 'u': return hex(4);
      case 'U': return hex(8);
      case 's':
      case 'S': space(c == 'S', in_set); return {};
      case 'b': put(in_set ? "\\x08" : "\\b"); return {};
      case 'A':
      case 'B':
        if (in_set) return bad("a bad escape");
        put(std::string{'\\', c});
        return {};
      case 'Z':
        if (in_set) return bad("a bad escape");
        put("\\z");
        return {};
      case 'N': return left_out("a character by its name");
      default: return bad("a bad escape");
    }
  }

  void space(bool negated, bool in_set) {
    if (made_.ascii) return put(negated ? "\\S" : "\\s");
    if (in_set) return put(negated ? kOthers : kSpaces);
    put(fmt::format("[{}]", negated ? kOthers : kSpaces));
  }

  Status hex(size_t count) {
    uint32_t code = 0;
    for (size_t i = 0; i < count; ++i) {
      const std::optional<uint32_t> digit = hex_digit(peek());
      if (!digit.has_value() || at_end()) return bad("an incomplete escape");
      code = code << 4U | *digit;
      ++place_;
    }
    if (code > 0x10FFFF) return bad("an escape that is no character");
    if (code >= 0xD800 && code <= 0xDFFF) return left_out("a surrogate");
    put_code(code);
    return {};
  }

  /// An octal escape or the number of a group.
  Status digits(bool in_set) {
    const bool three = is_octal(peek()) && is_octal(peek(1)) && is_octal(peek(2));
    if (in_set || peek() == '0' || three) {
      uint32_t code = 0;
      const size_t count = peek() == '0' || three || in_set ? 3 : 0;
      if (!is_octal(peek())) return bad("a bad escape");
      for (size_t i = 0; i < count && is_octal(peek()); ++i, ++place_) {
        code = code * 8 + static_cast<uint32_t>(peek() - '0');
      }
      if (code > 0377) return bad("an octal escape outside 0-0o377");
      put_code(code);
      return {};
    }
    uint32_t group = 0;
    for (size_t i = 0; i < 2 && is_digit(peek()); ++i, ++place_) {
      group = group * 10 + static_cast<uint32_t>(peek() - '0');
    }
    put(fmt::format("\\g{{{}}}", group));
    return {};
  }

  std::string_view in_;
  size_t place_ = 0;
  TranslatedRegex made_;
};

}  // namespace

Result<TranslatedRegex> translate_regex(std::string_view pattern) {
  return Translator(pattern).run();
}

}  // namespace slipway::text
