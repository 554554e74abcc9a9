#include "base/base64.h"

#include <cstdint>

namespace slipway {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t bits = 0;
    const size_t count = bytes.size() - at < 3 ? bytes.size() - at : 3;
    for (size_t i = 0; i < 3; ++i) {
      bits = bits << 8U | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (size_t i = 0; i < 4; ++i) {
      out.push_back(i <= count ? kAlphabet[bits >> (18U - 6U * i) & 63U] : '=');
    }
  }
}

bool decode_base64(std::string_view text, std::string& out) {
  uint32_t bits = 0;
  size_t digits = 0;
  size_t padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int value = digit(c);
    if (value < 0 || padding > 0) return false;
    bits = bits << 6U | static_cast<uint32_t>(value);
    if (++digits % 4 == 0) {
      out.push_back(static_cast<char>(bits >> 16U));
      out.push_back(static_cast<char>(bits >> 8U));
      out.push_back(static_cast<char>(bits));
      bits = 0;
    }
  }
  const size_t rest = digits % 4;
  if (rest == 1 || (padding > 0 && (rest == 0 || padding != 4 - rest))) return false;
  if (rest >= 2) out.push_back(static_cast<char>(bits >> (rest == 2 ? 4U : 10U)));
  if (rest == 3) out.push_back(static_cast<char>(bits >> 2U));
  return true;
}

}  // namespace slipway
