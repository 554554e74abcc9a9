// numpy dtypes and shapes as a pickle holds them.
//
// A dtype is numpy.dtype('f8', False, True) with the state (version, byte order, subdtype, names,
// fields, item size, alignment, flags[, metadata]); numpy's arraydescr_reduce writes it. Padding
// and offsets of structured dtypes are in `fields`, so fields are found by name.
//
// Decoding takes plain Python ints and strings only, never numpy scalars, whose own dtype would
// have to be decoded first: that way it cannot recurse. Its cost does not depend on how many fields
// there are. Handles stay valid while their Tree lives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "formats/pickle/numpy.h"

namespace slipway::pickle {

struct Dtype {
  ElementKind kind = ElementKind::kFloat;
  bool big_endian = false;
  bool holds_objects = false;
  bool is_complex = false;
  bool has_subarray = false;
  uint32_t item_bytes = 0;
  std::optional<Value> names;   // tuple of str, of a structured dtype
  std::optional<Value> fields;  // dict: name to (dtype, offset[, title])
};

struct DtypeField {
  Dtype dtype;
  uint64_t offset_bytes;
};

Result<Dtype> decode_dtype(Value value);
/// nullopt if there is no such field; its bytes lie within an item of `dtype`.
Result<std::optional<DtypeField>> find_field(const Dtype& dtype, std::string_view name);
/// As numpy prints it.
std::string dtype_name(const Dtype& dtype);

/// A tuple (or an int) of non-negative sizes.
Result<std::vector<uint64_t>> decode_shape(Value value);
/// Their product, checked; `offset` is for the error.
Result<uint64_t> element_count(const std::vector<uint64_t>& shape, uint64_t offset);

}  // namespace slipway::pickle
