// An array object of the parse tree, seen as its elements in the file: nothing is copied.
//
// view_array() finds out how the array was pickled and checks its size against the bytes that are
// really there. for_each_index() then walks it in row-major order whatever the order in the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "formats/pickle/internal/dtype.h"

namespace slipway::pickle {

struct ArrayView {
  Dtype dtype;
  std::vector<uint64_t> shape;
  std::vector<uint64_t> strides;  // in elements
  uint64_t count = 0;
  std::string_view bytes;        // count * stride_bytes, unless the dtype is object
  uint64_t stride_bytes = 0;     // from one element to the next in the file
  uint64_t first_byte = 0;       // of the element, or of the field of interest in it
  std::optional<Value> objects;  // kList of count elements, if the dtype is object
  bool is_row_major = true;
  uint64_t offset = 0;  // in the file, of the array object

  const char* element(uint64_t index) const {
    return bytes.data() + index * stride_bytes + first_byte;
  }
};

/// True for an object that was made by one of numpy's or joblib's array constructors.
bool is_array_object(Value value);
/// A pandas Index or array gives the array inside it; anything else itself.
Value unwrap_pandas(Value value);
/// `value` as is_array_object() or unwrap_pandas() know it.
Result<ArrayView> view_array(Value value);
/// Room for `count` results of `size_bytes` each, against Limits::memory_bytes_max.
Status check_memory(Value value, uint64_t count, uint64_t size_bytes);

/// Calls f(index of the element in the file) in row-major order until f returns false; true if it
/// never did.
template <typename F>
bool for_each_index(const ArrayView& view, F&& f) {
  if (view.is_row_major) {
    for (uint64_t i = 0; i < view.count; ++i) {
      if (!f(i)) return false;
    }
    return true;
  }
  std::vector<uint64_t> position(view.shape.size(), 0);
  uint64_t index = 0;
  for (uint64_t done = 0; done < view.count; ++done) {
    if (!f(index)) return false;
    for (size_t axis = view.shape.size(); axis-- > 0;) {
      index += view.strides[axis];
      if (++position[axis] < view.shape[axis]) break;
      index -= view.strides[axis] * view.shape[axis];
      position[axis] = 0;
    }
  }
  return true;
}

}  // namespace slipway::pickle
