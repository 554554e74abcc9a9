// JSON as XGBoost writes it and as tools reformat it: RFC 8259, and NaN, Infinity and -Infinity.
#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "formats/xgboost/internal/document_builder.h"

namespace slipway::xgboost {
namespace {

void append_utf8(uint32_t code, std::string& text) {
  const auto put = [&](uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

class JsonParser {
 public:
  JsonParser(std::string_view bytes, const Limits& limits) : bytes_(bytes), builder_(limits) {}

  Result<Document> parse() {
    TRY_STATUS(add_value());
    while (builder_.is_open()) TRY_STATUS(step());
    skip_space();
    if (at_ != bytes_.size()) return malformed("something follows the last value");
    return std::move(builder_).finish();
  }

 private:
  Status malformed(std::string_view what) const {
    return data_loss(fmt::format("malformed JSON: {} (byte {})", what, at_));
  }
  void skip_space() {
    while (at_ < bytes_.size() && (bytes_[at_] == ' ' || bytes_[at_] == '\n' ||
                                   bytes_[at_] == '\t' || bytes_[at_] == '\r')) {
      ++at_;
    }
  }
  bool skip(char c) {
    skip_space();
    if (at_ >= bytes_.size() || bytes_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool skip_word(std::string_view word) {
    if (bytes_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  /// One element or member of the innermost container, or its end.
  Status step() {
    const bool object = builder_.in_object();
    if (skip(object ? '}' : ']')) {
      builder_.close();
      return {};
    }
    if (builder_.children() > 0 && !skip(',')) return malformed("expected a comma or the end");
    if (object) {
      if (!skip('"')) return malformed("expected a name in quotes");
      const std::string_view key = TRY(text());
      if (!skip(':')) return malformed("expected a colon");
      builder_.set_key(key);
    }
    return add_value();
  }

  Status add_value() {
    skip_space();
    if (at_ >= bytes_.size()) return malformed("the file ends early");
    switch (bytes_[at_]) {
      case '{': ++at_; return builder_.open_object();
      case '[': ++at_; return builder_.open_array(builder_.kUnknownLength);
      case '"': ++at_; return builder_.add_string(TRY(text()));
      default: return add_word();
    }
  }

  Status add_word() {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (skip_word("true")) return builder_.add_bool(true);
    if (skip_word("false")) return builder_.add_bool(false);
    if (skip_word("null")) return builder_.add_null();
    if (skip_word("NaN")) return builder_.add_number(std::numeric_limits<double>::quiet_NaN());
    if (skip_word("Infinity")) return builder_.add_number(kInfinity);
    if (skip_word("-Infinity")) return builder_.add_number(-kInfinity);
    const char first = bytes_[at_];
    if (first != '-' && !(first >= '0' && first <= '9')) return malformed("expected a value");
    double value = 0;
    const char* end = bytes_.data() + bytes_.size();
    const auto [rest, error] = std::from_chars(bytes_.data() + at_, end, value);
    if (error != std::errc()) return malformed("not a number, or one beyond float64");
    at_ = static_cast<size_t>(rest - bytes_.data());
    return builder_.add_number(value);
  }

  /// The rest of a text whose opening quote was read.
  Result<std::string_view> text() {
    const size_t begin = at_;
    const size_t end = bytes_.find_first_of("\"\\", begin);
    if (end == std::string_view::npos) return malformed("a text does not end");
    if (bytes_[end] == '"') {
      at_ = end + 1;
      return bytes_.substr(begin, end - begin);
    }
    std::string unescaped(bytes_.substr(begin, end - begin));
    at_ = end;
    while (true) {
      if (at_ >= bytes_.size()) return malformed("a text does not end");
      const char c = bytes_[at_++];
      if (c == '"') return builder_.keep(std::move(unescaped));
      if (c == '\\') {
        TRY_STATUS(escape(unescaped));
      } else {
        unescaped.push_back(c);
      }
    }
  }

  Status escape(std::string& out) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (at_ >= bytes_.size()) return malformed("a text does not end");
    const char c = bytes_[at_++];
    if (const size_t place = kLetters.find(c); place != std::string_view::npos) {
      out.push_back(kMeanings[place]);
      return {};
    }
    if (c != 'u') return malformed("an unknown escape");
    uint32_t code = TRY(hex4());
    if (code >= 0xD800 && code < 0xDC00) {
      if (!skip_word("\\u")) return malformed("half a surrogate pair");
      const uint32_t low = TRY(hex4());
      if (low < 0xDC00 || low > 0xDFFF) return malformed("half a surrogate pair");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
      return malformed("half a surrogate pair");
    }
    append_utf8(code, out);
    return {};
  }

  Result<uint32_t> hex4() {
    if (bytes_.size() - at_ < 4) return malformed("a text does not end");
    uint32_t code = 0;
    const char* begin = bytes_.data() + at_;
    const auto [rest, error] = std::from_chars(begin, begin + 4, code, 16);
    if (error != std::errc() || rest != begin + 4) return malformed("not four hexadecimal digits");
    at_ += 4;
    return code;
  }

  const std::string_view bytes_;
  size_t at_ = 0;
  DocumentBuilder builder_;
};

}  // namespace

Result<Document> parse_json(std::string_view bytes, const Limits& limits) {
  return JsonParser(bytes, limits).parse();
}

}  // namespace slipway::xgboost
