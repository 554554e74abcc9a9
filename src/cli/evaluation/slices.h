// Slices: the rows told apart by a column's values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/frame.h"

namespace slipway::cli {

struct Slice {
  std::string value;  // "London", "10 to 20", "(missing)"
  std::vector<uint32_t> rows;
};

/// Texts, truth values and few distinct numbers: a slice for each value, the largest first, at most
/// kSlicesMax and one of the rest. Many numbers: four slices between their quartiles. Rows without
/// a value are a slice of their own.
std::vector<Slice> slices_of(const data::Column& column);

inline constexpr size_t kSlicesMax = 50;
inline constexpr size_t kSliceNumbersMax = 20;  // distinct numbers that are values, not a range

}  // namespace slipway::cli
