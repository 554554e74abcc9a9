#include "training/preparation/plan.h"

#include <array>
#include <utility>

namespace slipway::training {
namespace {

template <typename Value, size_t kCount>
std::optional<Value> find_word(const std::array<std::pair<std::string_view, Value>, kCount>& words,
                               std::string_view word) {
  for (const auto& [name, value] : words) {
    if (name == word) return value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<PreparationPlan::Fill> find_fill(std::string_view word) {
  using Fill = PreparationPlan::Fill;
  constexpr std::array<std::pair<std::string_view, Fill>, 5> kWords = {{
      {"mean", Fill::kMean},
      {"median", Fill::kMedian},
      {"most_frequent", Fill::kMostFrequent},
      {"constant", Fill::kConstant},
      {"keep", Fill::kKeep},
  }};
  return find_word(kWords, word);
}

std::optional<PreparationPlan::Scale> find_scale(std::string_view word) {
  using Scale = PreparationPlan::Scale;
  constexpr std::array<std::pair<std::string_view, Scale>, 4> kWords = {{
      {"none", Scale::kNone},
      {"standard", Scale::kStandard},
      {"minmax", Scale::kMinMax},
      {"robust", Scale::kRobust},
  }};
  return find_word(kWords, word);
}

std::optional<PreparationPlan::Encode> find_encode(std::string_view word) {
  using Encode = PreparationPlan::Encode;
  constexpr std::array<std::pair<std::string_view, Encode>, 2> kWords = {{
      {"onehot", Encode::kOneHot},
      {"ordinal", Encode::kOrdinal},
  }};
  return find_word(kWords, word);
}

}  // namespace slipway::training
