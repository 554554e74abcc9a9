#include "training/selection/search.h"

#include <fmt/format.h>

#include <algorithm>

#include "training/random.h"

namespace slipway::training {

Result<std::vector<HyperparameterTexts>> expand_grid(const Grid& grid) {
  size_t count = 1;
  for (const auto& [name, values] : grid) {
    if (values.empty()) return invalid_argument(fmt::format("{} has no value to try", name));
    if (count > kCombinationsMax / values.size()) {
      return invalid_argument(
          fmt::format("there are over {} combinations to try; try fewer values", kCombinationsMax));
    }
    count *= values.size();
  }
  std::vector<HyperparameterTexts> all(count);
  size_t repeats = count;  // of each value of this name, one after another
  for (const auto& [name, values] : grid) {
    repeats /= values.size();
    for (size_t i = 0; i < count; ++i) all[i][name] = values[i / repeats % values.size()];
  }
  return all;
}

Result<std::vector<HyperparameterTexts>> draw_from_grid(const Grid& grid, size_t count,
                                                        uint64_t seed) {
  std::vector<HyperparameterTexts> all = TRY(expand_grid(grid));
  if (count >= all.size()) return all;
  std::vector<uint32_t> places = Random(seed).permutation(static_cast<uint32_t>(all.size()));
  places.resize(count);
  std::ranges::sort(places);
  std::vector<HyperparameterTexts> drawn;
  drawn.reserve(count);
  for (const uint32_t place : places) drawn.push_back(std::move(all[place]));
  return drawn;
}

std::string combination_text(const HyperparameterTexts& combination) {
  std::string text;
  for (const auto& [name, value] : combination) {
    if (!text.empty()) text.push_back(' ');
    text.append(name).append("=").append(value);
  }
  return text;
}

}  // namespace slipway::training
