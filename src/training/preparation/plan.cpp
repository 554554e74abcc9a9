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
  constexpr std::array<std::pair<std::string_view, Fill>, 6> kWords = {{
      {"mean", Fill::kMean},
      {"median", Fill::kMedian},
      {"most_frequent", Fill::kMostFrequent},
      {"constant", Fill::kConstant},
      {"knn", Fill::kNeighbors},
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

std::optional<PreparationPlan::Times> find_times(std::string_view word) {
  using Times = PreparationPlan::Times;
  constexpr std::array<std::pair<std::string_view, Times>, 3> kWords = {{
      {"all", Times::kAll},
      {"elapsed", Times::kElapsed},
      {"parts", Times::kParts},
  }};
  return find_word(kWords, word);
}

std::optional<PreparationPlan::Encode> find_encode(std::string_view word) {
  using Encode = PreparationPlan::Encode;
  constexpr std::array<std::pair<std::string_view, Encode>, 3> kWords = {{
      {"onehot", Encode::kOneHot},
      {"ordinal", Encode::kOrdinal},
      {"target", Encode::kTarget},
  }};
  return find_word(kWords, word);
}

std::optional<PreparationPlan::Outliers> find_outliers(std::string_view word) {
  using Outliers = PreparationPlan::Outliers;
  constexpr std::array<std::pair<std::string_view, Outliers>, 5> kWords = {{
      {"keep", Outliers::kKeep},
      {"clip-iqr", Outliers::kClipIqr},
      {"clip-z", Outliers::kClipZ},
      {"drop-iqr", Outliers::kDropIqr},
      {"drop-z", Outliers::kDropZ},
  }};
  return find_word(kWords, word);
}

std::optional<PreparationPlan::Bins> find_bins(std::string_view word) {
  using Bins = PreparationPlan::Bins;
  constexpr std::array<std::pair<std::string_view, Bins>, 2> kWords = {{
      {"uniform", Bins::kUniform},
      {"quantile", Bins::kQuantile},
  }};
  return find_word(kWords, word);
}

std::optional<PreparationPlan::Select> find_select(std::string_view word) {
  using Select = PreparationPlan::Select;
  constexpr std::array<std::pair<std::string_view, Select>, 6> kWords = {{
      {"all", Select::kAll},
      {"f", Select::kF},
      {"mutual-information", Select::kMutualInformation},
      {"chi2", Select::kChi2},
      {"forest", Select::kForest},
      {"coefficients", Select::kCoefficients},
  }};
  return find_word(kWords, word);
}

std::optional<PreparationPlan::Resample> find_resample(std::string_view word) {
  using Resample = PreparationPlan::Resample;
  constexpr std::array<std::pair<std::string_view, Resample>, 4> kWords = {{
      {"none", Resample::kNone},
      {"over", Resample::kOver},
      {"under", Resample::kUnder},
      {"smote", Resample::kSmote},
  }};
  return find_word(kWords, word);
}

}  // namespace slipway::training
