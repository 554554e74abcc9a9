// Anything that numpy.asarray would take, as numbered elements: an array object, a pandas Index or
// array, a Python scalar, a list or tuple (nested regularly), a RangeIndex.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/status.h"
#include "formats/pickle/internal/array_view.h"
#include "formats/pickle/numpy.h"

namespace slipway::pickle {

/// Exactly one of array, values and integers holds the elements.
struct ValueSource {
  std::vector<uint64_t> shape;
  uint64_t count = 0;
  std::optional<ArrayView> array;
  std::vector<Value> values;      // row-major
  std::vector<int64_t> integers;  // of a RangeIndex
  bool is_range = false;

  bool is_numeric_array() const { return array.has_value() && !array->objects.has_value(); }
};

Result<ValueSource> resolve_source(Value value);

}  // namespace slipway::pickle
