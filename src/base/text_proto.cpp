#include "base/text_proto.h"

#include <fmt/format.h>

#include <charconv>

namespace slipway {
namespace {

constexpr size_t kDepthMax = 32;
constexpr size_t kFieldsMax = 1'000'000;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-' || c == '+';
}

class Parser {
 public:
  Parser(std::string_view what, std::string_view text) : what_(what), text_(text) {}

  Result<TextField> parse() {
    open_.emplace_back();
    open_.back().is_message = true;
    std::string closers;  // of the open messages but the whole
    while (true) {
      skip_space();
      if (at_ == text_.size()) break;
      const char c = text_[at_];
      if (c == '}' || c == '>') {
        if (closers.empty() || closers.back() != c) return wrong(fmt::format("unexpected {}", c));
        closers.pop_back();
        ++at_;
        TextField closed = std::move(open_.back());
        open_.pop_back();
        open_.back().fields.push_back(std::move(closed));
        skip_separator();
        continue;
      }
      TextField field;
      field.line = line_;
      TRY_STATUS(read_name(field.name));
      if (++count_ > kFieldsMax) return wrong("there are too many fields");
      skip_space();
      const bool has_colon = take(':');
      skip_space();
      if (const char opener = peek(); opener == '{' || opener == '<') {
        if (open_.size() > kDepthMax) return wrong("messages are nested too deeply");
        ++at_;
        closers.push_back(opener == '{' ? '}' : '>');
        field.is_message = true;
        open_.push_back(std::move(field));
        continue;
      }
      if (!has_colon) return wrong(fmt::format("expected ':' or '{{' after {}", field.name));
      TRY_STATUS(read_values(field));
      skip_separator();
    }
    if (!closers.empty()) return wrong(fmt::format("{} does not end", open_.back().name));
    return std::move(open_.front());
  }

 private:
  Status wrong(std::string_view message) const {
    return invalid_argument(fmt::format("{}, line {}: {}", what_, line_, message));
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  void skip_space() {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '#') {
        while (at_ + 1 < text_.size() && text_[at_ + 1] != '\n') ++at_;
      } else if (c == '\n') {
        ++line_;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        return;
      }
    }
  }
  void skip_separator() {
    skip_space();
    if (peek() == ',' || peek() == ';') ++at_;
  }

  std::string_view read_word() {
    const size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  /// A word, or the type of an extension or an Any in brackets.
  Status read_name(std::string& name) {
    if (peek() == '[') {
      const size_t end = text_.find_first_of("]\n", at_);
      if (end == std::string_view::npos || text_[end] != ']') return wrong("expected ]");
      name = text_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
      return {};
    }
    name = read_word();
    return name.empty() ? wrong("expected the name of a field") : Status();
  }

  /// One value, or those of a list; messages in a list are not taken.
  Status read_values(TextField& field) {
    if (!take('[')) {
      TRY_STATUS(read_value(field));
      open_.back().fields.push_back(std::move(field));
      return {};
    }
    skip_space();
    if (take(']')) return {};
    while (true) {
      TextField item;
      item.name = field.name;
      item.line = line_;
      if (++count_ > kFieldsMax) return wrong("there are too many fields");
      TRY_STATUS(read_value(item));
      open_.back().fields.push_back(std::move(item));
      skip_space();
      if (take(']')) return {};
      if (!take(',')) return wrong("expected , or ]");
      skip_space();
    }
  }

  Status read_value(TextField& field) {
    if (peek() != '"' && peek() != '\'') {
      field.value = read_word();
      return field.value.empty() ? wrong(fmt::format("{} has no value", field.name)) : Status();
    }
    field.is_quoted = true;
    while (peek() == '"' || peek() == '\'') {  // one after the other they are one text
      TRY_STATUS(read_quoted(field.value));
      skip_space();
    }
    return {};
  }

  Status read_quoted(std::string& out) {
    const char quote = text_[at_++];
    while (at_ < text_.size() && text_[at_] != quote) {
      char c = text_[at_++];
      if (c == '\n') return wrong("a text does not end on its line");
      if (c == '\\') {
        if (at_ == text_.size()) break;
        TRY_STATUS(read_escape(c));
      }
      out.push_back(c);
    }
    if (at_ == text_.size()) return wrong("a text does not end");
    ++at_;
    return {};
  }

  Status read_escape(char& c) {
    const char kind = text_[at_++];
    switch (kind) {
      case 'n': c = '\n'; return {};
      case 't': c = '\t'; return {};
      case 'r': c = '\r'; return {};
      case '\\':
      case '\'':
      case '"':
      case '?': c = kind; return {};
      case 'x':
      case 'X': return read_number_escape(c, at_, 2, 16);
      default: break;
    }
    if (kind >= '0' && kind <= '7') return read_number_escape(c, at_ - 1, 3, 8);
    return wrong("an escape is not known");
  }

  Status read_number_escape(char& c, size_t begin, size_t digits_max, int base) {
    unsigned value = 0;
    const char* const end = text_.data() + std::min(begin + digits_max, text_.size());
    const auto [place, error] = std::from_chars(text_.data() + begin, end, value, base);
    if (error != std::errc() || value > 0xFF) return wrong("an escape is broken");
    at_ = static_cast<size_t>(place - text_.data());
    c = static_cast<char>(value);
    return {};
  }

  const std::string_view what_;
  const std::string_view text_;
  size_t at_ = 0;
  size_t line_ = 1;
  size_t count_ = 0;
  std::vector<TextField> open_;  // the whole, and the messages in it that are not closed
};

}  // namespace

Result<TextField> parse_text_proto(std::string_view what, std::string_view text) {
  return Parser(what, text).parse();
}

std::optional<bool> text_bool(const TextField& field) {
  if (field.is_message || field.is_quoted) return std::nullopt;
  const std::string& text = field.value;
  if (text == "true" || text == "True" || text == "t" || text == "1") return true;
  if (text == "false" || text == "False" || text == "f" || text == "0") return false;
  return std::nullopt;
}

std::optional<int64_t> text_integer(const TextField& field) {
  if (field.is_message || field.is_quoted) return std::nullopt;
  int64_t value = 0;
  const char* const end = field.value.data() + field.value.size();
  const auto [place, error] = std::from_chars(field.value.data(), end, value);
  return error == std::errc() && place == end ? std::optional(value) : std::nullopt;
}

}  // namespace slipway
