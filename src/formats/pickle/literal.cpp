#include "formats/pickle/internal/literal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace slipway::pickle {
namespace {

constexpr size_t kDigitsMax = 4300;  // sys.int_info.default_max_str_digits

uint8_t byte_at(std::string_view text, size_t i) { return static_cast<uint8_t>(text[i]); }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The `count` hex digits at `at`; nullopt if they are not there.
std::optional<uint32_t> hex_value(std::string_view text, size_t at, size_t count) {
  if (count > text.size() || at > text.size() - count) return std::nullopt;
  uint32_t value = 0;
  for (size_t i = at; i < at + count; ++i) {
    const int digit = hex_digit(text[i]);
    if (digit < 0) return std::nullopt;
    value = value << 4 | static_cast<uint32_t>(digit);
  }
  return value;
}

/// Length of the WTF-8 sequence at `i`, 0 if there is none.
size_t wtf8_length(std::string_view text, size_t i) {
  const uint8_t lead = byte_at(text, i);
  const auto continues = [&](size_t at, uint8_t low, uint8_t high) {
    return at < text.size() && byte_at(text, at) >= low && byte_at(text, at) <= high;
  };
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(i + 1, 0x80, 0xBF) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const uint8_t low = lead == 0xE0 ? 0xA0 : 0x80;  // no overlong forms
    return continues(i + 1, low, 0xBF) && continues(i + 2, 0x80, 0xBF) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const uint8_t low = lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xF4 ? 0x8F : 0xBF;  // not above U+10FFFF
    return continues(i + 1, low, high) && continues(i + 2, 0x80, 0xBF) &&
                   continues(i + 3, 0x80, 0xBF)
               ? 4
               : 0;
  }
  return 0;
}

size_t ascii_prefix(std::string_view text, size_t i) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  while (i + 8 <= text.size()) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    if (word & kHighBits) break;
    i += 8;
  }
  while (i < text.size() && byte_at(text, i) < 0x80) ++i;
  return i;
}

}  // namespace

std::optional<int64_t> decimal_to_int(std::string_view digits) {
  if (digits.starts_with('+')) digits.remove_prefix(1);
  int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<std::string> decimal_to_bytes(std::string_view digits) {
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty() || digits.size() > kDigitsMax) return std::nullopt;
  std::vector<uint32_t> words;
  while (!digits.empty()) {
    constexpr size_t kDigitsAtOnce = 9;  // 10^9 fits a word
    const std::string_view group = digits.substr(0, kDigitsAtOnce);
    uint64_t carry = 0;
    uint64_t scale = 1;
    for (const char c : group) {
      if (c < '0' || c > '9') return std::nullopt;
      carry = carry * 10 + static_cast<uint64_t>(c - '0');
      scale *= 10;
    }
    for (uint32_t& word : words) {
      carry += word * scale;
      word = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) words.push_back(static_cast<uint32_t>(carry));
    digits.remove_prefix(group.size());
  }
  words.push_back(0);  // room for the sign
  if (negative) {
    uint64_t carry = 1;
    for (uint32_t& word : words) {
      carry += static_cast<uint32_t>(~word);
      word = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
  }
  std::string bytes;
  for (const uint32_t word : words) {
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(word >> shift));
  }
  return bytes;
}

std::optional<int64_t> bytes_to_int(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const uint8_t fill = byte_at(bytes, bytes.size() - 1) & 0x80 ? 0xFF : 0;
  for (size_t i = 8; i < bytes.size(); ++i) {
    if (byte_at(bytes, i) != fill) return std::nullopt;
  }
  if (bytes.size() > 8 && (byte_at(bytes, 7) & 0x80) != (fill & 0x80)) return std::nullopt;
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) {
    const uint64_t byte = i < bytes.size() ? byte_at(bytes, i) : fill;
    value |= byte << (8 * i);
  }
  return static_cast<int64_t>(value);
}

double bytes_to_double(std::string_view bytes) {
  if (bytes.size() > 256) {  // only redundant sign bytes could make it small: not worth a look
    const double infinity = std::numeric_limits<double>::infinity();
    return byte_at(bytes, bytes.size() - 1) & 0x80 ? -infinity : infinity;
  }
  if (const std::optional<int64_t> small = bytes_to_int(bytes)) return static_cast<double>(*small);
  const bool negative = byte_at(bytes, bytes.size() - 1) & 0x80;
  double value = negative ? -1 : 0;  // top down: value * 256 + byte
  for (size_t i = bytes.size(); i-- > 0;) value = value * 256 + byte_at(bytes, i);
  return value;
}

std::optional<double> text_to_double(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (stop != end || text.empty()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // repr() never writes such a number; a hand-made one reads as Python reads it.
    const bool tiny = text.find("e-") != std::string_view::npos;
    const double magnitude = tiny ? 0 : std::numeric_limits<double>::infinity();
    return text.starts_with('-') ? -magnitude : magnitude;
  }
  if (error != std::errc()) return std::nullopt;
  return value;
}

bool is_ascii(std::string_view text) { return ascii_prefix(text, 0) == text.size(); }

bool is_wtf8(std::string_view text) {
  for (size_t i = ascii_prefix(text, 0); i < text.size(); i = ascii_prefix(text, i)) {
    const size_t length = wtf8_length(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

void append_wtf8(std::string& out, uint32_t code_point) {
  const auto add = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    add(code_point);
  } else if (code_point < 0x800) {
    add(0xC0 | code_point >> 6);
    add(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    add(0xE0 | code_point >> 12);
    add(0x80 | (code_point >> 6 & 0x3F));
    add(0x80 | (code_point & 0x3F));
  } else {
    add(0xF0 | code_point >> 18);
    add(0x80 | (code_point >> 12 & 0x3F));
    add(0x80 | (code_point >> 6 & 0x3F));
    add(0x80 | (code_point & 0x3F));
  }
}

std::optional<std::string> utf8_to_latin1(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const uint8_t lead = byte_at(text, i);
    if (lead < 0x80) {
      out.push_back(text[i]);
    } else if ((lead == 0xC2 || lead == 0xC3) && i + 1 < text.size()) {
      out.push_back(static_cast<char>((lead & 3) << 6 | (byte_at(text, i + 1) & 0x3F)));
      ++i;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

std::optional<std::string> decode_raw_unicode_escape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const bool escape =
        text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'u' || text[i + 1] == 'U');
    if (!escape) {
      append_wtf8(out, byte_at(text, i));
      ++i;
      continue;
    }
    const size_t digits = text[i + 1] == 'u' ? 4 : 8;
    const std::optional<uint32_t> code_point = hex_value(text, i + 2, digits);
    if (!code_point || *code_point >= 0x110000) return std::nullopt;
    append_wtf8(out, *code_point);
    i += 2 + digits;
  }
  return out;
}

std::optional<std::string> decode_quoted(std::string_view text) {
  if (text.size() < 2 || (text.front() != '\'' && text.front() != '"') ||
      text.back() != text.front()) {
    return std::nullopt;
  }
  text = text.substr(1, text.size() - 2);
  constexpr std::string_view kPlain = "\\'\"abfnrtv";
  constexpr std::string_view kMeaning = "\\'\"\a\b\f\n\r\t\v";
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out.push_back(text[i]);
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    if (const size_t found = kPlain.find(text[i]); found != std::string_view::npos) {
      out.push_back(kMeaning[found]);
    } else if (text[i] == 'x') {
      const std::optional<uint32_t> byte = hex_value(text, i + 1, 2);
      if (!byte) return std::nullopt;
      out.push_back(static_cast<char>(*byte));
      i += 2;
    } else if (text[i] >= '0' && text[i] <= '7') {
      uint32_t value = 0;
      size_t length = 0;
      for (; length < 3 && i + length < text.size(); ++length) {
        const char digit = text[i + length];
        if (digit < '0' || digit > '7') break;
        value = value * 8 + static_cast<uint32_t>(digit - '0');
      }
      out.push_back(static_cast<char>(value));
      i += length - 1;
    } else {
      out.push_back('\\');  // an unknown escape stands for itself
      out.push_back(text[i]);
    }
  }
  return out;
}

}  // namespace slipway::pickle
