// FlatTable: a table of a FlatBuffers message, read with every bound checked.
//
//   bytes --FlatTable::root--> table --field by number--> scalars, texts, vectors, tables
//
// A message is a graph of tables by offsets; whoever reads it follows a schema of fixed depth, so
// that cycles end by themselves. Several offsets may lead to one place, which would let a small
// file unfold into a huge model: what is copied out is charged to a budget.
//
// Ownership: points into the bytes, which must outlive it. Thread rule: single-sequence (the
// budget).
//
//   FlatBudget budget(limits, bytes.size());
//   const FlatTable core = TRY(FlatTable::root(bytes, budget));
//   const std::string version = TRY(core.text(0));
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/status.h"

namespace slipway::catboost {

static_assert(std::endian::native == std::endian::little);

/// How many bytes may still be copied out of a file.
class FlatBudget {
 public:
  FlatBudget(const Limits& limits, uint64_t file_bytes);
  /// RESOURCE_EXHAUSTED when it is used up.
  Status spend(uint64_t bytes);

 private:
  uint64_t left_;
};

class FlatTable {
 public:
  /// The table that a message begins with. DATA_LOSS, as all that follow, where the bytes
  /// contradict themselves.
  static Result<FlatTable> root(std::string_view bytes, FlatBudget& budget);

  /// A number, truth value or enumerator; `fallback` where the field is not given.
  template <typename T>
  Result<T> scalar(uint32_t field, T fallback) const {
    const std::optional<uint64_t> at = TRY(place(field, sizeof(T)));
    return at.has_value() ? read<T>(*at) : fallback;
  }
  /// Empty where the field is not given, as those below. Bytes are charged although they are not
  /// copied: whoever wants them makes more of them.
  Result<std::string_view> bytes(uint32_t field) const;
  Result<std::string> text(uint32_t field) const;
  /// Of numbers and of structs without padding between their fields.
  template <typename T>
  Result<std::vector<T>> vector(uint32_t field) const {
    const std::string_view items = TRY(elements(field, sizeof(T)));
    TRY_STATUS(budget_->spend(items.size()));
    std::vector<T> values(items.size() / sizeof(T));
    if (!items.empty()) std::memcpy(values.data(), items.data(), items.size());
    return values;
  }
  Result<std::optional<FlatTable>> table(uint32_t field) const;
  Result<std::vector<FlatTable>> tables(uint32_t field) const;
  Result<std::vector<std::string>> texts(uint32_t field) const;

 private:
  FlatTable(std::string_view bytes, FlatBudget& budget) : bytes_(bytes), budget_(&budget) {}

  static Result<FlatTable> at(std::string_view bytes, uint64_t offset, FlatBudget& budget);
  template <typename T>
  T read(uint64_t offset) const {
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof(T));
    return value;
  }
  Result<std::optional<uint64_t>> place(uint32_t field, uint64_t size) const;
  Result<uint64_t> follow(uint64_t offset) const;
  Result<std::string_view> items_at(uint64_t offset, uint64_t item_bytes) const;
  Result<std::string_view> elements(uint32_t field, uint64_t item_bytes) const;

  std::string_view bytes_;
  FlatBudget* budget_;
  uint64_t start_ = 0;  // of the table
  uint64_t bytes_of_table_ = 0;
  uint64_t fields_ = 0;  // of its list of field offsets
  uint32_t field_count_ = 0;
};

}  // namespace slipway::catboost
