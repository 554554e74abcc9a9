// Categories of text columns to numbers as CatBoost does it: indicators of single categories, and
// statistics of the training (CTRs) looked up by the hash of a combination of columns.
//
// Nothing is known here of how a statistic came about: each table holds, for the hash of every
// combination seen in the training, the numbers that the trees compare.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace slipway {

/// CatBoost's hash of a category: the lower half of CityHash64 in its first published version.
uint32_t category_hash(std::string_view category);
/// One step of the hash of a combination: `hash` so far, joined with the next part.
uint64_t combine_hashes(uint64_t hash, uint64_t part);

struct CategoryStatistics {
  /// 1 where the category in the text column has this hash.
  struct Indicator {
    uint32_t column = 0;
    uint32_t hash = 0;
  };
  /// 1 where the number, rounded to float32, lies above the border.
  struct Threshold {
    uint32_t column = 0;
    float border = 0;
    bool nan_above = false;
  };
  /// What a table is asked for: the hash of these parts, in this order.
  struct Combination {
    std::vector<uint32_t> columns;  // categories, by their hashes
    std::vector<Threshold> thresholds;
    std::vector<Indicator> indicators;
  };
  struct Table {
    uint32_t combination = 0;
    std::vector<uint64_t> keys;   // strictly ascending
    std::vector<float> values;    // `fallback.size()` for each key
    std::vector<float> fallback;  // for combinations that the training did not see
  };

  std::vector<std::string> columns;  // names of the text columns, for messages
  std::vector<Indicator> indicators;
  std::vector<Combination> combinations;
  std::vector<Table> tables;

  /// Columns of the result: the indicators, then each table's numbers.
  size_t width() const;
};

/// Takes a string matrix; where a combination has thresholds, a dense matrix too. A row whose
/// category is missing, or a number that is not whole, is INVALID_ARGUMENT, as in CatBoost. Only
/// columns that something depends on are looked at.
class CategoryStatisticsOp final : public Op {
 public:
  explicit CategoryStatisticsOp(CategoryStatistics statistics)
      : statistics(std::move(statistics)) {}
  std::string_view name() const override { return "category_statistics"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;

  const CategoryStatistics statistics;
};

}  // namespace slipway
