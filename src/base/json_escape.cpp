#include "base/json_escape.h"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace slipway {
namespace {

/// Length of the valid UTF-8 sequence at text[i], or 0 (RFC 3629: no overlongs, no surrogates).
size_t utf8_sequence_length(std::string_view text, size_t i) {
  const auto byte = [&](size_t k) -> unsigned {
    return k < text.size() ? static_cast<unsigned char>(text[k]) : 0U;
  };
  const auto continues = [&](size_t k) { return (byte(k) & 0xC0U) == 0x80U; };
  const unsigned b = byte(i);
  if (b < 0x80U) return 1;
  if (b >= 0xC2U && b <= 0xDFU) return continues(i + 1) ? 2 : 0;
  if (b >= 0xE0U && b <= 0xEFU) {
    if (!continues(i + 1) || !continues(i + 2)) return 0;
    if (b == 0xE0U && byte(i + 1) < 0xA0U) return 0;
    if (b == 0xEDU && byte(i + 1) > 0x9FU) return 0;
    return 3;
  }
  if (b >= 0xF0U && b <= 0xF4U) {
    if (!continues(i + 1) || !continues(i + 2) || !continues(i + 3)) return 0;
    if (b == 0xF0U && byte(i + 1) < 0x90U) return 0;
    if (b == 0xF4U && byte(i + 1) > 0x8FU) return 0;
    return 4;
  }
  return 0;
}

/// ASCII that stands for itself in a JSON string.
bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20U && byte < 0x80U && c != '"' && c != '\\';
}

void append_escaped(std::string& out, char c) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"': out.append("\\\""); break;
    case '\\': out.append("\\\\"); break;
    case '\n': out.append("\\n"); break;
    case '\r': out.append("\\r"); break;
    case '\t': out.append("\\t"); break;
    default:
      out.append("\\u00");
      out.push_back(kHex[static_cast<unsigned char>(c) >> 4U]);
      out.push_back(kHex[static_cast<unsigned char>(c) & 0xFU]);
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  for (size_t i = 0; i < text.size();) {
    const size_t plain_begin = i;
    while (i < text.size() && is_plain(text[i])) ++i;
    out.append(text, plain_begin, i - plain_begin);
    if (i == text.size()) break;
    if (static_cast<unsigned char>(text[i]) < 0x80U) {
      append_escaped(out, text[i++]);
      continue;
    }
    const size_t length = utf8_sequence_length(text, i);
    if (length == 0) {
      out.append("\xEF\xBF\xBD");
      ++i;
    } else {
      out.append(text, i, length);
      i += length;
    }
  }
  out.push_back('"');
}

void append_json_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out.append("null");
    return;
  }
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), value);
  static_cast<void>(error);  // 32 bytes hold every shortest double
  const std::string_view digits(buffer, static_cast<size_t>(end - buffer));
  out.append(digits);
  if (digits.find_first_of(".en") == std::string_view::npos) out.append(".0");
}

}  // namespace slipway
