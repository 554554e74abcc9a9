// Patterns in Java's syntax, which is Perl's but for a few letters.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "formats/pmml/internal/fields.h"

namespace slipway::pmml {
namespace {

/// Java's names of classes that PCRE2 knows by others.
constexpr std::array<std::pair<std::string_view, std::string_view>, 20> kClasses = {{
    {"Lower", "[:lower:]"},      {"Upper", "[:upper:]"},         {"ASCII", "[:ascii:]"},
    {"Alpha", "[:alpha:]"},      {"Digit", "[:digit:]"},         {"Alnum", "[:alnum:]"},
    {"Punct", "[:punct:]"},      {"Graph", "[:graph:]"},         {"Print", "[:print:]"},
    {"Blank", "[:blank:]"},      {"Cntrl", "[:cntrl:]"},         {"XDigit", "[:xdigit:]"},
    {"Space", "[:space:]"},      {"IsAlphabetic", "\\p{L}"},     {"IsLetter", "\\p{L}"},
    {"IsDigit", "\\p{Nd}"},      {"IsUppercase", "\\p{Lu}"},     {"IsLowercase", "\\p{Ll}"},
    {"IsPunctuation", "\\p{P}"}, {"IsWhite_Space", "[:space:]"},
}};

class Translation {
 public:
  Translation(const Element& at, std::string_view pattern) : at_(at), in_(pattern) {}

  Result<std::string> run() {
    while (place_ < in_.size()) {
      const char c = in_[place_];
      if (c == '\\') {
        TRY_STATUS(escape());
      } else if (c == '[') {
        open_class();
      } else if (c == ']' && class_depth_ > 0) {
        --class_depth_;
        take(1);
      } else if (c == '&' && class_depth_ > 0 && in_.substr(place_).starts_with("&&")) {
        return at_.unsupported("a pattern with an intersection of classes");
      } else if (class_depth_ == 0 && in_.substr(place_).starts_with("(?")) {
        flags();
      } else {
        take(1);
      }
    }
    return std::move(out_);
  }

 private:
  void take(size_t count) {
    out_.append(in_.substr(place_, count));
    place_ += count;
  }

  void open_class() {
    ++class_depth_;
    take(1);
    if (place_ < in_.size() && in_[place_] == '^') take(1);
    // A bracket that comes first is itself in PCRE2, and in Java's too where one is behind it.
    if (place_ < in_.size() && in_[place_] == ']') take(1);
  }

  /// `(?u)`: which letters are one in two cases; PCRE2 always goes by Unicode.
  void flags() {
    size_t end = place_ + 2;
    constexpr std::string_view kLetters = "idmsuxU-";
    while (end < in_.size() && kLetters.find(in_[end]) != std::string_view::npos) ++end;
    const bool is_flags =
        end > place_ + 2 && end < in_.size() && (in_[end] == ')' || in_[end] == ':');
    if (!is_flags) return take(2);
    std::string kept(in_.substr(place_ + 2, end - place_ - 2));
    std::erase_if(kept, [](char c) { return c == 'u' || c == 'U' || c == 'd'; });
    if (kept == "-") kept.clear();
    place_ = end + 1;
    if (in_[end] == ')' && kept.empty()) return;
    out_.append("(?").append(kept).push_back(in_[end]);
  }

  Status escape() {
    if (place_ + 1 >= in_.size()) return at_.invalid("a pattern ends with a backslash");
    const char letter = in_[place_ + 1];
    if (letter == 'Q') {
      const size_t end = std::min(in_.find("\\E", place_), in_.size());
      take(end - place_);
      return {};
    }
    if (letter == 'u' && place_ + 6 <= in_.size()) {
      out_.append("\\x{").append(in_.substr(place_ + 2, 4)).push_back('}');
      place_ += 6;
      return {};
    }
    if ((letter != 'p' && letter != 'P') || place_ + 2 >= in_.size() || in_[place_ + 2] != '{') {
      take(2);
      return {};
    }
    const size_t end = in_.find('}', place_);
    if (end == std::string_view::npos) return at_.invalid("a pattern's \\p{ has no end");
    std::string_view name = in_.substr(place_ + 3, end - place_ - 3);
    place_ = end + 1;
    const auto known =
        std::ranges::find(kClasses, name, [](const auto& pair) { return pair.first; });
    if (known == kClasses.end()) {
      // Of \p{IsL} and \p{L}.
      if (name.starts_with("Is")) name.remove_prefix(2);
      out_.append(letter == 'p' ? "\\p{" : "\\P{").append(name).push_back('}');
      return {};
    }
    const std::string_view by = known->second;
    if (by.starts_with('\\')) {
      out_.append(letter == 'p' ? "\\p" : "\\P").append(by.substr(2));
      return {};
    }
    std::string of(by);
    if (letter == 'P') of.insert(2, "^");
    out_.append(class_depth_ > 0 ? of : "[" + of + "]");
    return {};
  }

  const Element& at_;
  std::string_view in_;
  size_t place_ = 0;
  size_t class_depth_ = 0;
  std::string out_;
};

}  // namespace

Result<std::string> from_java_pattern(const Element& at, std::string_view pattern) {
  return Translation(at, pattern).run();
}

}  // namespace slipway::pmml
