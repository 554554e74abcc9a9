#include "formats/pickle/internal/element.h"

#include <algorithm>

#include "formats/pickle/internal/literal.h"

namespace slipway::pickle {

float LoadHalf::operator()(const char* at) const {
  const uint16_t bits = Load<uint16_t>{big_endian}(at);
  const uint32_t exponent = bits >> 10 & 0x1F;
  const uint32_t fraction = bits & 0x3FF;
  float magnitude = 0;
  if (exponent == 0x1F) {
    magnitude = fraction == 0 ? std::numeric_limits<float>::infinity()
                              : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(fraction | 0x400), static_cast<int>(exponent) - 25);
  }
  return bits & 0x8000 ? -magnitude : magnitude;
}

double LoadLongDouble::operator()(const char* at) const {
  char bytes[16];
  std::memcpy(bytes, at, sizeof bytes);
  if (big_endian) std::reverse(bytes, bytes + sizeof bytes);
  const uint64_t mantissa = Load<uint64_t>{false}(bytes);  // its top bit is the integer part
  const uint16_t head = Load<uint16_t>{false}(bytes + 8);
  const int exponent = head & 0x7FFF;
  double magnitude = 0;
  if (exponent == 0x7FFF) {
    magnitude = (mantissa << 1) == 0 ? std::numeric_limits<double>::infinity()
                                     : std::numeric_limits<double>::quiet_NaN();
  } else {
    magnitude = std::ldexp(static_cast<double>(mantissa), exponent - 16383 - 63);
  }
  return head & 0x8000 ? -magnitude : magnitude;
}

std::optional<std::string> load_text(const Dtype& dtype, const char* at) {
  const Load<uint32_t> load{dtype.big_endian};
  size_t characters = dtype.item_bytes / 4;
  while (characters > 0 && load(at + 4 * (characters - 1)) == 0) --characters;
  std::string text;
  for (size_t i = 0; i < characters; ++i) {
    const uint32_t code_point = load(at + 4 * i);
    if (code_point >= 0x110000) return std::nullopt;
    append_wtf8(text, code_point);
  }
  return text;
}

std::string load_bytes(const Dtype& dtype, const char* at) {
  size_t size = dtype.item_bytes;
  while (size > 0 && at[size - 1] == 0) --size;
  return std::string(at, size);
}

}  // namespace slipway::pickle
