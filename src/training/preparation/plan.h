// What preparation is wanted: a value that candidates, flags and records hold.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace slipway::training {

struct PreparationPlan {
  enum class Fill : uint8_t { kMean, kMedian, kMostFrequent, kConstant, kKeep };
  enum class Scale : uint8_t { kNone, kStandard, kMinMax, kRobust };
  enum class Encode : uint8_t { kOneHot, kOrdinal };

  Fill numbers = Fill::kMedian;  // of missing numbers; kKeep: they stay NaN
  double constant = 0;           // of Fill::kConstant
  bool indicate_missing =
      false;  // a column of 0 and 1 more for each number column with missing ones
  bool fill_categories = false;  // missing ones become the most frequent; else a category
  Scale scale = Scale::kStandard;
  Encode encode = Encode::kOneHot;
  uint32_t category_rows_min = 1;  // rarer ones share one column (min_frequency)
  uint32_t categories_max = 1000;  // of a column, the rarest share one column (max_categories)

  bool operator==(const PreparationPlan&) const = default;
};

/// "mean", "median", "most_frequent", "constant", "keep"; "none", "standard", "minmax", "robust";
/// "onehot", "ordinal". nullopt: no such word.
std::optional<PreparationPlan::Fill> find_fill(std::string_view word);
std::optional<PreparationPlan::Scale> find_scale(std::string_view word);
std::optional<PreparationPlan::Encode> find_encode(std::string_view word);

}  // namespace slipway::training
