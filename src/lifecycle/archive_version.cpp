#include "lifecycle/archive_version.h"

#include <array>
#include <charconv>
#include <optional>

namespace slipway::lifecycle {
namespace {

constexpr uint64_t kPartEnd = 1000;
constexpr uint64_t kFirstPartEnd = 1'000'000'000;
constexpr uint64_t kTextBegin = 1'000'000'000'000'000;

using Parts = std::array<uint64_t, 3>;

std::optional<Parts> parts_of(std::string_view text) {
  Parts parts{};
  for (size_t i = 0; i < parts.size(); ++i) {
    const char* const end = text.data() + text.size();
    const auto [place, error] = std::from_chars(text.data(), end, parts[i]);
    const uint64_t limit = i == 0 ? kFirstPartEnd : kPartEnd;
    if (error != std::errc() || parts[i] >= limit) return std::nullopt;
    if (place == end) return parts;
    if (*place != '.') return std::nullopt;
    text.remove_prefix(static_cast<size_t>(place - text.data()) + 1);
  }
  return std::nullopt;
}

}  // namespace

uint64_t archive_version_number(std::string_view text) {
  if (const auto parts = parts_of(text)) {
    const auto [major, minor, patch] = *parts;
    if (minor == 0 && patch == 0) return major;
    return (major * kPartEnd + minor) * kPartEnd + patch;
  }
  uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return kTextBegin + hash % kTextBegin;
}

bool later_archive_version(std::string_view a, std::string_view b) {
  const auto left = parts_of(a);
  const auto right = parts_of(b);
  if (left.has_value() != right.has_value()) return left.has_value();
  return left.has_value() ? *left > *right : a > b;
}

}  // namespace slipway::lifecycle
