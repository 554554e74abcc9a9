// NumPy's .npy files, as SageMaker's containers for Python models take and give them
// (application/x-npy): one array of numbers.
//
//   bytes --read_npy--> InputBuffer       OutputBuffer --append_npy--> bytes
//
// Of versions 1 to 3 of the format, of numbers in either byte order, in C or Fortran order; the
// shape is [rows, columns], [columns] for one row, or [rows] of a model with one column. Plain
// functions.
//
// Source: numpy.lib.format.
#pragma once

#include <string>
#include <string_view>

#include "graph/signature.h"
#include "tensor/batch.h"

namespace slipway::protocols::cloud {

/// INVALID_ARGUMENT says what is wrong with the file, or what the model wants instead.
Status read_npy(std::string_view bytes, const Signature& signature, InputBuffer& input);

/// float64, int64, bool, or texts of a fixed width, in the shape that numpy would give.
void append_npy(std::string& out, const OutputSpec& spec, const OutputBuffer& output);

}  // namespace slipway::protocols::cloud
