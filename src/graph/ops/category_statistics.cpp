#include "graph/ops/category_statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/heap_bytes.h"

namespace slipway {
namespace {

using Indicator = CategoryStatistics::Indicator;

Status check_indicator(const Indicator& indicator, size_t texts) {
  if (indicator.column < texts) return {};
  return invalid_argument(
      fmt::format("an indicator reads text column {} of {}", indicator.column, texts));
}

Status check_combination(const CategoryStatistics::Combination& combination, size_t texts,
                         size_t numbers) {
  for (const uint32_t column : combination.columns) {
    TRY_STATUS(check_indicator({column, 0}, texts));
  }
  for (const Indicator& indicator : combination.indicators) {
    TRY_STATUS(check_indicator(indicator, texts));
  }
  for (const auto& threshold : combination.thresholds) {
    if (threshold.column >= numbers) {
      return invalid_argument(
          fmt::format("a combination reads column {} of {}", threshold.column, numbers));
    }
  }
  return {};
}

Status check_table(const CategoryStatistics::Table& table, size_t combinations) {
  if (table.combination >= combinations) {
    return invalid_argument(
        fmt::format("a table names combination {} of {}", table.combination, combinations));
  }
  const size_t width = table.fallback.size();
  if (width == 0 || table.values.size() / width != table.keys.size() ||
      table.values.size() % width != 0) {
    return invalid_argument(fmt::format("a table of {} keys has {} values of {}", table.keys.size(),
                                        table.values.size(), width));
  }
  if (std::adjacent_find(table.keys.begin(), table.keys.end(), std::greater_equal<>()) !=
      table.keys.end()) {
    return invalid_argument("the keys of a table are not ascending");
  }
  return {};
}

}  // namespace

size_t CategoryStatistics::width() const {
  size_t width = indicators.size();
  for (const Table& table : tables) width += table.fallback.size();
  return width;
}

Result<ValueType> CategoryStatisticsOp::infer(std::span<const ValueType> inputs) const {
  const bool fits = (inputs.size() == 1 || inputs.size() == 2) &&
                    inputs[0].kind == ValueKind::kString &&
                    inputs[0].width == statistics.columns.size() &&
                    (inputs.size() == 1 || inputs[1].kind == ValueKind::kDense);
  if (!fits) {
    return invalid_argument(fmt::format(
        "expected {} columns of strings, and perhaps a dense matrix", statistics.columns.size()));
  }
  const size_t texts = inputs[0].width;
  const size_t numbers = inputs.size() == 2 ? inputs[1].width : 0;
  for (const Indicator& indicator : statistics.indicators) {
    TRY_STATUS(check_indicator(indicator, texts));
  }
  for (const auto& combination : statistics.combinations) {
    TRY_STATUS(check_combination(combination, texts, numbers));
  }
  for (const auto& table : statistics.tables) {
    TRY_STATUS(check_table(table, statistics.combinations.size()));
  }
  const size_t width = statistics.width();
  if (width == 0 || width > kWidthMax) {
    return invalid_argument(fmt::format("{} columns of statistics", width));
  }
  return ValueType{ValueKind::kDense, static_cast<uint32_t>(width)};
}

std::string CategoryStatisticsOp::describe() const {
  return fmt::format("{} columns: {} indicators, {} tables of {} combinations",
                     statistics.columns.size(), statistics.indicators.size(),
                     statistics.tables.size(), statistics.combinations.size());
}

size_t CategoryStatisticsOp::size_bytes() const {
  size_t total = heap_bytes(statistics.columns) + heap_bytes(statistics.indicators) +
                 heap_bytes(statistics.combinations) + heap_bytes(statistics.tables);
  for (const auto& combination : statistics.combinations) {
    total += heap_bytes(combination.columns) + heap_bytes(combination.thresholds) +
             heap_bytes(combination.indicators);
  }
  for (const auto& table : statistics.tables) {
    total += heap_bytes(table.keys) + heap_bytes(table.values) + heap_bytes(table.fallback);
  }
  return total;
}

}  // namespace slipway
