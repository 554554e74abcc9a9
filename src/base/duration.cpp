#include "base/duration.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace slipway {

std::optional<double> parse_duration(std::string_view text) {
  constexpr double kSecondsMax = 1e6;
  static constexpr std::array<std::pair<std::string_view, double>, 6> kUnits = {
      {{"", 1}, {"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"m", 60}, {"h", 3600}}};
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::string unit(text.substr(0, 3));
  std::ranges::transform(unit, unit.begin(), [](char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  for (const auto& [name, factor] : kUnits) {
    if (name != unit) continue;
    const double seconds = number * factor;
    return seconds >= 0 && seconds <= kSecondsMax ? std::optional(seconds) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace slipway
