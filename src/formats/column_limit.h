// How many columns a model file may claim.
//
// A few bytes can name a column far away, and each one before it becomes a column of the model. A
// small model of wide, mostly empty data is sincere; a million columns in a file of a hundred bytes
// are not.
//
//   if (columns > columns_max(bytes.size())) return data_loss(...);
//
// Thread rule: a pure function.
#pragma once

#include <cstddef>

namespace slipway::formats {

constexpr size_t columns_max(size_t file_bytes) {
  constexpr size_t kFree = size_t{1} << 18;
  constexpr size_t kMost = size_t{1} << 20;
  return file_bytes < kMost - kFree ? kFree + file_bytes : kMost;
}

}  // namespace slipway::formats
