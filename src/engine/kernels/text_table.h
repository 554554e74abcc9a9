// TextTable: from a text to its position in a list of texts.
//
// An open-addressing table, hashed with a seed of this process, so that neither a model nor a
// request can aim at collisions. Of equal texts the first counts. find() allocates nothing.
// Ownership: keeps views into the texts, which must outlive it. Thread rule: immutable.
//
//   const TextTable table(op.vocabulary, [](uint32_t) { return true; });
//   if (const int64_t position = table.find("city=London"); position != TextTable::kUnknown) ...
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/heap_bytes.h"

namespace slipway::engine {

class TextTable {
 public:
  TextTable() = default;
  /// Over the texts at those positions that `counts` holds true for.
  template <typename Counts>
  TextTable(std::span<const std::string> texts, const Counts& counts) : texts_(texts) {
    reserve();
    for (uint32_t i = 0; i < texts.size(); ++i) {
      if (counts(i)) insert(i);
    }
  }

  static constexpr int64_t kUnknown = -1;
  int64_t find(std::string_view text) const;
  size_t size_bytes() const { return heap_bytes(slots_); }

 private:
  void reserve();
  void insert(uint32_t position);

  std::span<const std::string> texts_;
  std::vector<uint32_t> slots_;  // position + 1; 0 is free; a power of two of them
};

}  // namespace slipway::engine
