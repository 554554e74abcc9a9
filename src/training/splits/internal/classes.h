// Counting labels and groups.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"

namespace slipway::training {

/// Labels numbered anew from 0 without gaps, in ascending order of what they were.
struct DenseLabels {
  std::vector<uint32_t> ids;        // rows
  std::vector<uint32_t> counts;     // of each
  std::vector<int32_t> labels;      // what it was
  std::vector<uint32_t> first_row;  // where it first stands

  size_t size() const { return counts.size(); }
};
DenseLabels dense_labels(std::span<const int32_t> labels);

/// "rows" or "groups": at least `parts` of them, of which there are at least two, and not so many
/// that 32 bits do not count them.
Status check_count(std::string_view what, size_t count, size_t parts);
/// Every class has at least so many rows.
Status check_class_counts(const DenseLabels& labels, size_t rows_min, std::string_view parts);

}  // namespace slipway::training
