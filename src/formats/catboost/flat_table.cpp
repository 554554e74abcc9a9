#include "formats/catboost/flat_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway::catboost {
namespace {

// What a model makes of each byte of its file, at most, and what any model may take.
constexpr uint64_t kUnfoldingMax = 16;
constexpr uint64_t kFreeBytes = 64ULL << 20;
constexpr uint64_t kOffsetBytes = 4;

Status damaged(std::string_view what, uint64_t offset) {
  return data_loss(fmt::format("the file is damaged: {} at byte {} of its message", what, offset));
}

}  // namespace

FlatBudget::FlatBudget(const Limits& limits, uint64_t file_bytes)
    : left_(std::min(limits.memory_bytes_max,
                     kFreeBytes + kUnfoldingMax * std::min(file_bytes, limits.file_bytes_max))) {}

Status FlatBudget::spend(uint64_t bytes) {
  if (bytes > left_) return resource_exhausted("the model is far larger than its file");
  left_ -= bytes;
  return {};
}

Result<FlatTable> FlatTable::root(std::string_view bytes, FlatBudget& budget) {
  if (bytes.size() < kOffsetBytes) return damaged("no root", 0);
  const FlatTable nowhere(bytes, budget);
  return at(bytes, TRY(nowhere.follow(0)), budget);
}

Result<FlatTable> FlatTable::at(std::string_view bytes, uint64_t offset, FlatBudget& budget) {
  constexpr uint64_t kHeadBytes = 4;  // of the field list: two uint16
  FlatTable table(bytes, budget);
  if (offset > bytes.size() || bytes.size() - offset < kOffsetBytes) {
    return damaged("a table beyond the end", offset);
  }
  TRY_STATUS(budget.spend(sizeof(FlatTable)));
  const int64_t fields = static_cast<int64_t>(offset) - table.read<int32_t>(offset);
  if (fields < 0 || static_cast<uint64_t>(fields) > bytes.size() ||
      bytes.size() - static_cast<uint64_t>(fields) < kHeadBytes) {
    return damaged("a table without a list of fields", offset);
  }
  table.start_ = offset;
  table.fields_ = static_cast<uint64_t>(fields);
  const auto list_bytes = table.read<uint16_t>(table.fields_);
  table.bytes_of_table_ = table.read<uint16_t>(table.fields_ + 2);
  if (list_bytes < kHeadBytes || list_bytes % 2 != 0 || list_bytes > bytes.size() - table.fields_ ||
      table.bytes_of_table_ > bytes.size() - offset) {
    return damaged("a table with a wrong size", offset);
  }
  table.field_count_ = static_cast<uint32_t>((list_bytes - kHeadBytes) / 2);
  return table;
}

Result<std::optional<uint64_t>> FlatTable::place(uint32_t field, uint64_t size) const {
  if (field >= field_count_) return std::optional<uint64_t>();
  const uint64_t offset = read<uint16_t>(fields_ + 4 + uint64_t{field} * 2);
  if (offset == 0) return std::optional<uint64_t>();
  if (offset < kOffsetBytes || offset > bytes_of_table_ || bytes_of_table_ - offset < size) {
    return damaged(fmt::format("field {} of a table lies outside of it", field), start_);
  }
  return std::optional(start_ + offset);
}

Result<uint64_t> FlatTable::follow(uint64_t offset) const {
  const uint64_t target = offset + read<uint32_t>(offset);
  if (target <= offset || target >= bytes_.size()) return damaged("an offset leads out", offset);
  return target;
}

Result<std::string_view> FlatTable::items_at(uint64_t offset, uint64_t item_bytes) const {
  if (bytes_.size() - offset < kOffsetBytes) return damaged("a vector beyond the end", offset);
  const uint64_t count = read<uint32_t>(offset);
  const uint64_t first = offset + kOffsetBytes;
  if (count > (bytes_.size() - first) / item_bytes) {
    return damaged(fmt::format("a vector of {} elements, too many for the file,", count), offset);
  }
  return bytes_.substr(first, count * item_bytes);
}

Result<std::string_view> FlatTable::elements(uint32_t field, uint64_t item_bytes) const {
  const std::optional<uint64_t> at = TRY(place(field, kOffsetBytes));
  if (!at.has_value()) return std::string_view();
  return items_at(TRY(follow(*at)), item_bytes);
}

Result<std::string_view> FlatTable::bytes(uint32_t field) const {
  const std::string_view bytes = TRY(elements(field, 1));
  TRY_STATUS(budget_->spend(bytes.size()));
  return bytes;
}

Result<std::string> FlatTable::text(uint32_t field) const { return std::string(TRY(bytes(field))); }

Result<std::optional<FlatTable>> FlatTable::table(uint32_t field) const {
  const std::optional<uint64_t> place_of_offset = TRY(place(field, kOffsetBytes));
  if (!place_of_offset.has_value()) return std::optional<FlatTable>();
  return std::optional(TRY(at(bytes_, TRY(follow(*place_of_offset)), *budget_)));
}

Result<std::vector<FlatTable>> FlatTable::tables(uint32_t field) const {
  const std::string_view offsets = TRY(elements(field, kOffsetBytes));
  if (offsets.empty()) return std::vector<FlatTable>();
  const auto first = static_cast<uint64_t>(offsets.data() - bytes_.data());
  std::vector<FlatTable> found;
  for (uint64_t i = 0; i < offsets.size(); i += kOffsetBytes) {
    found.push_back(TRY(at(bytes_, TRY(follow(first + i)), *budget_)));
  }
  return found;
}

Result<std::vector<std::string>> FlatTable::texts(uint32_t field) const {
  const std::string_view offsets = TRY(elements(field, kOffsetBytes));
  if (offsets.empty()) return std::vector<std::string>();
  const auto first = static_cast<uint64_t>(offsets.data() - bytes_.data());
  std::vector<std::string> found;
  for (uint64_t i = 0; i < offsets.size(); i += kOffsetBytes) {
    const std::string_view bytes = TRY(items_at(TRY(follow(first + i)), 1));
    TRY_STATUS(budget_->spend(sizeof(std::string) + bytes.size()));
    found.emplace_back(bytes);
  }
  return found;
}

}  // namespace slipway::catboost
