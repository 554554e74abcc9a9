#include "formats/onnx/internal/metadata.h"

#include <algorithm>

namespace slipway::onnx {
namespace {

/// Takes a list apart from the left.
class Scanner {
 public:
  explicit Scanner(std::string_view json) : rest_(json) {}

  bool take(char c) {
    skip_blanks();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool done() {
    skip_blanks();
    return rest_.empty();
  }
  std::optional<std::string> text() {
    if (!take('"')) return std::nullopt;
    std::string out;
    while (!rest_.empty() && rest_[0] != '"') {
      const char c = rest_[0];
      rest_.remove_prefix(1);
      if (static_cast<unsigned char>(c) < 0x20) return std::nullopt;
      if (c != '\\') {
        out += c;
      } else if (!escape(out)) {
        return std::nullopt;
      }
    }
    return take('"') ? std::optional(std::move(out)) : std::nullopt;
  }

 private:
  void skip_blanks() {
    const size_t start = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(std::min(start, rest_.size()));
  }
  bool escape(std::string& out) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    if (rest_.empty()) return false;
    const char letter = rest_[0];
    rest_.remove_prefix(1);
    if (letter == 'u') return code_point(out);
    const size_t place = kLetters.find(letter);
    if (place == std::string_view::npos) return false;
    out += kMeant[place];
    return true;
  }
  std::optional<uint32_t> hexadecimal() {
    if (rest_.size() < 4) return std::nullopt;
    uint32_t value = 0;
    for (const char c : rest_.substr(0, 4)) {
      const uint32_t digit = c >= '0' && c <= '9'   ? static_cast<uint32_t>(c - '0')
                             : c >= 'a' && c <= 'f' ? static_cast<uint32_t>(c - 'a' + 10)
                             : c >= 'A' && c <= 'F' ? static_cast<uint32_t>(c - 'A' + 10)
                                                    : 16;
      if (digit > 15) return std::nullopt;
      value = value * 16 + digit;
    }
    rest_.remove_prefix(4);
    return value;
  }
  bool code_point(std::string& out) {
    const auto first = hexadecimal();
    if (!first) return false;
    uint32_t code = *first;
    if (code >= 0xDC00 && code < 0xE000) return false;
    if (code >= 0xD800 && code < 0xDC00) {
      if (!rest_.starts_with("\\u")) return false;
      rest_.remove_prefix(2);
      const auto second = hexadecimal();
      if (!second || *second < 0xDC00 || *second >= 0xE000) return false;
      code = 0x10000 + ((code - 0xD800) << 10) + (*second - 0xDC00);
    }
    append_utf8(code, out);
    return true;
  }
  static void append_utf8(uint32_t code, std::string& out) {
    const auto tail = [&](uint32_t shift) {
      out += static_cast<char>(0x80U | (code >> shift & 0x3FU));
    };
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0U | code >> 6);
      tail(0);
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0U | code >> 12);
      tail(6);
      tail(0);
    } else {
      out += static_cast<char>(0xF0U | code >> 18);
      tail(12);
      tail(6);
      tail(0);
    }
  }

  std::string_view rest_;
};

}  // namespace

std::optional<std::vector<std::string>> parse_text_list(std::string_view json, size_t count_max) {
  Scanner scanner(json);
  std::vector<std::string> texts;
  if (!scanner.take('[')) return std::nullopt;
  if (scanner.take(']')) return scanner.done() ? std::optional(std::move(texts)) : std::nullopt;
  do {
    auto text = scanner.text();
    if (!text || texts.size() == count_max) return std::nullopt;
    texts.push_back(*std::move(text));
  } while (scanner.take(','));
  if (!scanner.take(']') || !scanner.done()) return std::nullopt;
  return texts;
}

std::optional<std::string_view> find_metadata(const ModelProto& model, std::string_view key) {
  const auto found = std::ranges::find(model.metadata, key, &MetadataProto::key);
  if (found == model.metadata.end()) return std::nullopt;
  return found->value;
}

}  // namespace slipway::onnx
