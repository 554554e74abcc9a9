// CategoryLookup: from a cell to its position in a column's category table.
//
// Built once per kernel from graph/ops/encode.h's Categories. Texts: a TextTable. Numbers: a sorted
// array (-0.0 equals 0.0). Of equal categories the first counts. find() allocates nothing.
// Ownership: keeps views into the Categories, which must outlive it. Thread rule: immutable.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/kernel.h"
#include "engine/kernels/text_table.h"
#include "graph/ops/encode.h"

namespace slipway::engine {

class CategoryLookup {
 public:
  explicit CategoryLookup(const Categories& categories);

  static constexpr int64_t kUnknown = -1;
  /// The position of the cell in this row of the kernel's inputs, or kUnknown.
  int64_t find(const KernelArgs& args, size_t row) const {
    const ValueBuffer& input = args.input(categories_->from.input);
    return categories_->is_text ? find_text(input.strings(row)[categories_->from.column])
                                : find_number(input.dense(row)[categories_->from.column]);
  }
  size_t size_bytes() const { return texts_.size_bytes() + heap_bytes(sorted_); }
  /// "Found unknown categories ['x'] in column 2 ('sex'), row 5".
  Status unknown_error(const KernelArgs& args, size_t row) const;

 private:
  int64_t find_text(const StringCell& cell) const;
  int64_t find_number(double number) const;

  const Categories* categories_;
  TextTable texts_;
  std::vector<std::pair<double, uint32_t>> sorted_;
  int64_t nan_position_ = kUnknown;  // of numbers
};

}  // namespace slipway::engine
