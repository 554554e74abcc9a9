#include "training/selection/space.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace slipway::training {
namespace {

constexpr double kWholeMax = 1e15;
/// Draws in a row that were drawn before: then there is hardly anything new.
constexpr size_t kRepeatedMax = 1000;

/// "0.5", "100.0", "1e-05".
std::string fraction_text(double value) {
  std::string text = fmt::format("{:.6g}", value);
  if (text.find_first_of(".e") == std::string::npos) text.append(".0");
  return text;
}

}  // namespace

std::string Values::draw(Random& random) const {
  if (kind == Kind::kList) return list[random.below(list.size())];
  if (kind == Kind::kInteger) {
    const uint64_t count = static_cast<uint64_t>(high - low) + 1;
    return fmt::format("{:.0f}", low + static_cast<double>(random.below(count)));
  }
  const double share = random.uniform();
  if (kind == Kind::kUniform) return fraction_text(low + share * (high - low));
  const bool is_whole = kind == Kind::kLogInteger;
  // A whole number stands for the half on either side, so that the ends are no rarer.
  const double from = std::log(is_whole ? low - 0.5 : low);
  const double to = std::log(is_whole ? high + 0.5 : high);
  const double value = std::exp(from + share * (to - from));
  if (!is_whole) return fraction_text(std::clamp(value, low, high));
  return fmt::format("{:.0f}", std::clamp(std::round(value), low, high));
}

Status check_values(const Values& values) {
  using Kind = Values::Kind;
  if (values.kind == Kind::kList) {
    return values.list.empty() ? invalid_argument("expected at least one value") : Status();
  }
  if (!std::isfinite(values.low) || !std::isfinite(values.high) || !(values.low < values.high)) {
    return invalid_argument(
        fmt::format("expected a range from a lower to a higher number, got {} "
                    "to {}",
                    values.low, values.high));
  }
  const bool is_log = values.kind == Kind::kLog || values.kind == Kind::kLogInteger;
  if (is_log && values.low <= 0) {
    return invalid_argument(
        fmt::format("a range of logarithms lies above 0, got {} to {}", values.low, values.high));
  }
  const bool is_whole = values.kind == Kind::kInteger || values.kind == Kind::kLogInteger;
  const bool has_whole_ends =
      values.low == std::trunc(values.low) && values.high == std::trunc(values.high);
  if (is_whole && (!has_whole_ends || std::fabs(values.low) > kWholeMax ||
                   std::fabs(values.high) > kWholeMax)) {
    return invalid_argument(
        fmt::format("expected whole numbers, got {} to {}", values.low, values.high));
  }
  return {};
}

bool is_listed(const Space& space) {
  return std::ranges::all_of(
      space, [](const auto& entry) { return entry.second.kind == Values::Kind::kList; });
}

Result<std::vector<HyperparameterTexts>> all_of_spaces(std::span<const Space> spaces) {
  std::vector<HyperparameterTexts> all;
  for (const Space& space : spaces) {
    Grid grid;
    for (const auto& [name, values] : space) {
      if (values.kind != Values::Kind::kList) {
        return invalid_argument(
            fmt::format("{} is a range: say how many values are to be drawn (draws)", name));
      }
      grid.emplace(name, values.list);
    }
    std::vector<HyperparameterTexts> some = TRY(expand_grid(grid));
    if (all.size() + some.size() > kCombinationsMax) {
      return invalid_argument(
          fmt::format("there are over {} combinations to try; try fewer values", kCombinationsMax));
    }
    std::ranges::move(some, std::back_inserter(all));
  }
  return all;
}

Result<std::vector<HyperparameterTexts>> draw_from_spaces(std::span<const Space> spaces,
                                                          size_t count, uint64_t seed) {
  Random random(seed);
  if (std::ranges::all_of(spaces, is_listed)) {
    std::vector<HyperparameterTexts> all = TRY(all_of_spaces(spaces));
    if (count >= all.size()) return all;
    std::vector<uint32_t> places = random.permutation(static_cast<uint32_t>(all.size()));
    places.resize(count);
    std::ranges::sort(places);
    std::vector<HyperparameterTexts> drawn;
    drawn.reserve(count);
    for (const uint32_t place : places) drawn.push_back(std::move(all[place]));
    return drawn;
  }
  if (count > kCombinationsMax) {
    return invalid_argument(fmt::format("at most {} draws, got {}", kCombinationsMax, count));
  }
  std::vector<HyperparameterTexts> drawn;
  std::set<HyperparameterTexts> seen;
  for (size_t repeated = 0; drawn.size() < count && repeated < kRepeatedMax;) {
    const Space& space = spaces[random.below(spaces.size())];
    HyperparameterTexts texts;
    for (const auto& [name, values] : space) texts.emplace(name, values.draw(random));
    if (seen.insert(texts).second) {
      drawn.push_back(std::move(texts));
      repeated = 0;
    } else {
      ++repeated;
    }
  }
  return drawn;
}

}  // namespace slipway::training
