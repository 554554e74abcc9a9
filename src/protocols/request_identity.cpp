#include "protocols/internal/request_identity.h"

#include <algorithm>

namespace slipway::protocols {
namespace {

constexpr size_t kIdBytesMax = 128;
constexpr char kBase32[] = "0123456789abcdefghjkmnpqrstvwxyz";

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == '0'; });
}

}  // namespace

std::string_view usable_request_id(std::string_view header) {
  if (header.empty() || header.size() > kIdBytesMax) return {};
  const bool plain = std::ranges::all_of(
      header, [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '\\'; });
  return plain ? header : std::string_view();
}

std::string_view make_request_id(uint64_t number, std::array<char, 16>& storage) {
  // The finalizer of SplitMix64: each step can be undone.
  number = (number ^ (number >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  number = (number ^ (number >> 27U)) * 0x94D049BB133111EBULL;
  number ^= number >> 31U;
  constexpr size_t kDigits = 13;  // of 5 bits
  for (size_t i = 0; i < kDigits; ++i) {
    storage[i] = kBase32[number & 31U];
    number >>= 5U;
  }
  return {storage.data(), kDigits};
}

std::string_view trace_id_of(std::string_view header) {
  // version "-" trace-id "-" parent-id "-" flags
  if (header.size() < 55 || header[2] != '-' || header[35] != '-' || header[52] != '-') return {};
  const std::string_view version = header.substr(0, 2);
  const std::string_view trace = header.substr(3, 32);
  const std::string_view parent = header.substr(36, 16);
  const std::string_view flags = header.substr(53, 2);
  if (!is_hex(version) || !is_hex(trace) || !is_hex(parent) || !is_hex(flags)) return {};
  if (version == "ff" || is_zero(trace) || is_zero(parent)) return {};
  if (header.size() > 55 && (version == "00" || header[55] != '-')) return {};
  return trace;
}

}  // namespace slipway::protocols
