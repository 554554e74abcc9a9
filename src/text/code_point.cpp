#include "text/code_point.h"

#include <array>
#include <cstdint>

namespace slipway::text {
namespace {

bool is_continuation(uint8_t byte) { return (byte & 0xC0U) == 0x80U; }

/// The code point of a sequence of two to four bytes at `place`, with its length; or one byte of
/// garbage.
char32_t decode(std::string_view text, size_t place, size_t& length) {
  static constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const auto lead = static_cast<uint8_t>(text[place]);
  length = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
  const bool is_lead = lead >= 0xC2U && lead <= 0xF4U;
  char32_t code = lead & (0xFFU >> (length + 1));
  bool valid = is_lead && length <= text.size() - place;
  for (size_t i = 1; valid && i < length; ++i) {
    const auto byte = static_cast<uint8_t>(text[place + i]);
    valid = is_continuation(byte);
    code = code << 6U | (byte & 0x3FU);
  }
  valid = valid && code >= kLeast[length] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
  if (valid) return code;
  length = 1;
  return kReplacement;
}

}  // namespace

char32_t next_code_point(std::string_view text, size_t& place) {
  const auto byte = static_cast<uint8_t>(text[place]);
  if (byte < 0x80U) {
    ++place;
    return byte;
  }
  size_t length = 0;
  const char32_t code = decode(text, place, length);
  place += length;
  return code;
}

char32_t previous_code_point(std::string_view text, size_t& place) {
  const auto byte = static_cast<uint8_t>(text[place - 1]);
  if (byte < 0x80U) {
    --place;
    return byte;
  }
  for (size_t back = 1; back <= 4 && back <= place; ++back) {
    if (is_continuation(static_cast<uint8_t>(text[place - back]))) continue;
    size_t length = 0;
    const char32_t code = decode(text, place - back, length);
    if (length != back) break;
    place -= back;
    return code;
  }
  --place;
  return kReplacement;
}

void append_code_point(std::string& out, char32_t code) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0U | code >> 6U));
    out.push_back(static_cast<char>(0x80U | (code & 0x3FU)));
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xE0U | code >> 12U));
    out.push_back(static_cast<char>(0x80U | (code >> 6U & 0x3FU)));
    out.push_back(static_cast<char>(0x80U | (code & 0x3FU)));
  } else {
    out.push_back(static_cast<char>(0xF0U | code >> 18U));
    out.push_back(static_cast<char>(0x80U | (code >> 12U & 0x3FU)));
    out.push_back(static_cast<char>(0x80U | (code >> 6U & 0x3FU)));
    out.push_back(static_cast<char>(0x80U | (code & 0x3FU)));
  }
}

}  // namespace slipway::text
