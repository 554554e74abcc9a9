// JSON out: a model's outputs as JSON values.
#pragma once

#include <string>

#include "graph/signature.h"
#include "tensor/batch.h"

namespace slipway::protocols {

/// The element type that a client sees, kBool, kInt64, kFloat64 or kString: that of the labels if
/// the output is an index into them (kString if its columns differ).
DType output_dtype(const OutputSpec& spec);

/// One element. NaN, infinity and missing text are null.
void append_cell(std::string& out, const OutputSpec& spec, const OutputBuffer& output, size_t row,
                 size_t column);
/// A vector's element, or [a, b, ...] for a row of a matrix.
void append_row(std::string& out, const OutputSpec& spec, const OutputBuffer& output, size_t row);
/// [row, row, ...]: all of them, each as append_row() writes it.
void append_rows(std::string& out, const OutputSpec& spec, const OutputBuffer& output);
void append_integer(std::string& out, uint64_t value);

}  // namespace slipway::protocols
