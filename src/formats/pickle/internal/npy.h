// Arrays in numpy's own files as nodes of the parse tree.
//
// A .npy file is a header, which is a Python literal, and the array's bytes (numpy's
// lib/format.py, versions 1 to 3). The nodes are those of a pickle's
// _frombuffer(bytes, dtype, shape, order), so that numpy.h reads them.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "formats/pickle/internal/tree_builder.h"

namespace slipway::pickle {

struct NpyNodes {
  uint32_t array;
  uint32_t dtype;
  uint32_t shape;  // a kTuple of ints
  uint32_t bytes;  // kBytes
};

/// `file` must live as long as the tree. DATA_LOSS if it is no .npy file; an array of objects,
/// whose bytes are a pickle, is INVALID_ARGUMENT: skops never writes one.
Result<NpyNodes> add_npy(TreeBuilder& builder, std::string_view file, uint64_t offset);

/// As .npy headers have it: "<f8", or [('left_child', '<i8'), ...].
Result<uint32_t> add_dtype(TreeBuilder& builder, std::string_view code, uint64_t offset);

}  // namespace slipway::pickle
