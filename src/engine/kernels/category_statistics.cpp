// Kernel of graph/ops/category_statistics.h: hash each category once per row, then look up.
#include "graph/ops/category_statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/heap_bytes.h"
#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

using Combination = CategoryStatistics::Combination;
using Table = CategoryStatistics::Table;

/// Open addressing over a table's keys: a slot holds the key's position + 1, or 0.
class KeyIndex {
 public:
  explicit KeyIndex(const std::vector<uint64_t>& keys) : keys_(&keys) {
    // At most half full, so that a search always ends.
    slots_.resize(std::bit_ceil(keys.size() * 2 + 1));
    for (size_t i = 0; i < keys.size(); ++i) {
      size_t slot = start(keys[i]);
      while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = static_cast<uint32_t>(i + 1);
    }
  }
  /// The key's position.
  std::optional<size_t> find(uint64_t key) const {
    for (size_t slot = start(key); slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
      const size_t position = slots_[slot] - 1;
      if ((*keys_)[position] == key) return position;
    }
    return std::nullopt;
  }
  size_t size_bytes() const { return heap_bytes(slots_); }

 private:
  size_t start(uint64_t key) const {
    constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;
    return static_cast<size_t>((key * kMultiplier) >> 32) & (slots_.size() - 1);
  }

  const std::vector<uint64_t>* keys_;
  std::vector<uint32_t> slots_;
};

class CategoryStatisticsKernel final : public Kernel {
 public:
  CategoryStatisticsKernel(const CategoryStatisticsOp& op, bool has_numbers)
      : statistics_(op.statistics), has_numbers_(has_numbers) {
    std::vector<bool> used(statistics_.columns.size(), false);
    const auto use = [&](const auto& indicators) {
      for (const auto& indicator : indicators) used[indicator.column] = true;
    };
    use(statistics_.indicators);
    for (const Combination& combination : statistics_.combinations) {
      use(combination.indicators);
      for (const uint32_t column : combination.columns) used[column] = true;
    }
    for (uint32_t i = 0; i < used.size(); ++i) {
      if (used[i]) columns_.push_back(i);
    }
    for (const Table& table : statistics_.tables) indices_.emplace_back(table.keys);
  }

  size_t size_bytes() const override {
    size_t total = heap_bytes(columns_) + heap_bytes(indices_);
    for (const KeyIndex& index : indices_) total += index.size_bytes();
    return total;
  }
  size_t workspace_bytes(size_t) const override {
    return statistics_.combinations.size() * sizeof(uint64_t) +
           statistics_.columns.size() * sizeof(uint32_t);
  }

  Status run(const KernelArgs& args) const override {
    auto* combined = reinterpret_cast<uint64_t*>(args.workspace);
    auto* hashes = reinterpret_cast<uint32_t*>(combined + statistics_.combinations.size());
    for (size_t row = 0; row < args.rows; ++row) {
      const StringCell* cells = args.input(0).strings(row);
      for (const uint32_t column : columns_) {
        const auto hash = hash_of(cells[column]);
        if (!hash.has_value()) return refuse(cells[column], column, args.first_row + row);
        hashes[column] = *hash;
      }
      const double* numbers = has_numbers_ ? args.input(1).dense(row) : nullptr;
      for (size_t i = 0; i < statistics_.combinations.size(); ++i) {
        combined[i] = hash_of(statistics_.combinations[i], hashes, numbers);
      }
      fill(hashes, combined, args.output.dense(row));
    }
    return {};
  }

 private:
  /// Nothing for what is no category.
  static std::optional<uint32_t> hash_of(const StringCell& cell) {
    if (cell.is_text()) return category_hash(cell.view());
    constexpr double kExactMax = 9007199254740992;  // 2^53
    if (!cell.is_number() || !(std::fabs(cell.real) <= kExactMax)) return std::nullopt;
    if (cell.real != std::trunc(cell.real)) return std::nullopt;
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                   static_cast<int64_t>(cell.real));
    return category_hash({digits.data(), static_cast<size_t>(end.ptr - digits.data())});
  }

  static uint64_t hash_of(const Combination& combination, const uint32_t* hashes,
                          const double* numbers) {
    uint64_t hash = 0;
    for (const uint32_t column : combination.columns) {
      // The 32 bits count as a signed number.
      const auto part = static_cast<int64_t>(static_cast<int32_t>(hashes[column]));
      hash = combine_hashes(hash, static_cast<uint64_t>(part));
    }
    for (const auto& threshold : combination.thresholds) {
      const auto number = static_cast<float>(numbers[threshold.column]);
      const bool above = std::isnan(number) ? threshold.nan_above : number > threshold.border;
      hash = combine_hashes(hash, above ? 1 : 0);
    }
    for (const auto& indicator : combination.indicators) {
      hash = combine_hashes(hash, hashes[indicator.column] == indicator.hash ? 1 : 0);
    }
    return hash;
  }

  void fill(const uint32_t* hashes, const uint64_t* combined, double* out) const {
    for (const auto& indicator : statistics_.indicators) {
      *out++ = hashes[indicator.column] == indicator.hash ? 1 : 0;
    }
    for (size_t i = 0; i < indices_.size(); ++i) {
      const Table& table = statistics_.tables[i];
      const size_t width = table.fallback.size();
      const auto found = indices_[i].find(combined[table.combination]);
      const float* values = found ? table.values.data() + *found * width : table.fallback.data();
      out = std::copy_n(values, width, out);
    }
  }

  Status refuse(const StringCell& cell, uint32_t column, size_t row) const {
    return invalid_argument(
        fmt::format("CatBoost takes texts and whole numbers as categories, got {} in row {}, '{}'",
                    cell.is_number() ? fmt::format("{}", cell.real) : "a missing value", row,
                    statistics_.columns[column]));
  }

  const CategoryStatistics& statistics_;
  const bool has_numbers_;
  std::vector<uint32_t> columns_;  // those that something depends on
  std::vector<KeyIndex> indices_;  // of the tables
};

}  // namespace

std::span<const KernelEntry> category_statistics_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{
          "category_statistics", "scalar", on_every_cpu,
          [](const Op& op, std::span<const ValueType> inputs) -> std::unique_ptr<const Kernel> {
            return std::make_unique<CategoryStatisticsKernel>(
                static_cast<const CategoryStatisticsOp&>(op), inputs.size() == 2);
          }},
  };
  return kTable;
}

}  // namespace slipway::engine
