#include "training/selection/search.h"

#include <fmt/format.h>

#include <algorithm>

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

std::string combination_text(const HyperparameterTexts& combination) {
  std::string text;
  for (const auto& [name, value] : combination) {
    if (!text.empty()) text.push_back(' ');
    text.append(name).append("=").append(value);
  }
  return text;
}

}  // namespace slipway::training
