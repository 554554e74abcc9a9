// Sparse kernels that change values and no positions.
#pragma once

#include <algorithm>

#include "engine/kernel.h"

namespace slipway::engine {

/// Gives the output of a sparse kernel the input's pattern.
inline void copy_pattern(const ValueBuffer& input, const ValueBuffer& output, size_t rows) {
  std::copy_n(input.row_starts, rows + 1, output.row_starts);
  std::copy_n(input.columns, input.row_starts[rows], output.columns);
}

}  // namespace slipway::engine
