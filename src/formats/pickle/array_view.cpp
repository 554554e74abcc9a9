#include "formats/pickle/internal/array_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "formats/pickle/internal/nodes.h"

namespace slipway::pickle {
namespace {

// pandas nests an array in an extension array in an Index; joblib an array in a record.
constexpr int kWrappersMax = 8;

Status bad_array(Value value, std::string_view what) {
  return invalid_argument(
      fmt::format("A numpy array is not understood at byte {}: {}", value.offset(), what));
}

GlobalRole role_of(Value value) {
  return value.kind() == Kind::kObject ? TreeStorage::global(value).role : GlobalRole::kNone;
}

/// The elements, from bytes or from a list of objects.
Status set_elements(Value array, Value data, ArrayView& view) {
  if (data.kind() == Kind::kList) {
    if (view.dtype.kind != ElementKind::kObject) return bad_array(array, "a list of numbers");
    view.objects = data;
  } else if (data.kind() == Kind::kBytes || data.is_string()) {
    view.bytes = data.text();
  } else {
    return bad_array(array, fmt::format("elements that are a {}", data.type_name()));
  }
  return {};
}

/// Row-major strides of `shape`.
std::vector<uint64_t> row_major_strides(const std::vector<uint64_t>& shape) {
  std::vector<uint64_t> strides(shape.size(), 1);
  for (size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
  return strides;
}

void set_fortran_order(ArrayView& view) {
  uint64_t stride = 1;
  for (size_t axis = 0; axis < view.shape.size(); ++axis) {
    view.strides[axis] = stride;
    stride *= view.shape[axis];
  }
  view.is_row_major = view.shape.size() < 2;
}

/// Shape, count and strides; the elements must be as many as the shape says.
Status set_shape(Value array, std::vector<uint64_t> shape, bool fortran_order, ArrayView& view) {
  view.shape = std::move(shape);
  view.stride_bytes = view.dtype.item_bytes;
  view.count = TRY(element_count(view.shape, array.offset()));
  uint64_t size_bytes = 0;
  if (view.objects) {
    if (view.objects->size() != view.count) {
      return bad_array(array, fmt::format("{} elements expected, {} are there", view.count,
                                          view.objects->size()));
    }
  } else if (view.dtype.kind == ElementKind::kObject) {
    return bad_array(array, "an array of objects without its objects");
  } else if (__builtin_mul_overflow(view.count, uint64_t{view.dtype.item_bytes}, &size_bytes) ||
             size_bytes != view.bytes.size()) {
    return bad_array(array, fmt::format("{} elements of {} bytes expected, {} bytes are there",
                                        view.count, view.dtype.item_bytes, view.bytes.size()));
  } else if (view.dtype.item_bytes == 0 && view.count > TreeStorage::of(array).bytes.size()) {
    return bad_array(array, fmt::format("{} elements of no bytes", view.count));
  }
  if (view.count == 0) {
    view.strides.assign(view.shape.size(), 0);  // never used, and could overflow
    return {};
  }
  view.strides = row_major_strides(view.shape);
  // A list of objects is in row-major order whatever the array's own order is.
  if (fortran_order && !view.objects) set_fortran_order(view);
  return {};
}

/// _reconstruct and _mareconstruct: (version, shape, dtype, is Fortran, data, ...) from BUILD.
Result<ArrayView> view_reconstructed(Value array) {
  const std::optional<Value> state = array.state();
  if (!state || state->kind() != Kind::kTuple || state->size() < 5) {
    return bad_array(array, "its state is no tuple of at least 5");
  }
  ArrayView view;
  view.dtype = TRY(decode_dtype(state->at(2)));
  const Value fortran = state->at(3);
  const bool is_flag = fortran.kind() == Kind::kBool || fortran.kind() == Kind::kInt;
  if (!is_flag) return bad_array(array, "an order that is no flag");
  TRY_STATUS(set_elements(array, state->at(4), view));
  std::vector<uint64_t> sizes = TRY(decode_shape(state->at(1)));
  TRY_STATUS(set_shape(array, std::move(sizes), fortran.as_bool().value(), view));
  return view;
}

/// Order 'K': the buffer has `shape` in row-major order, and its axes are then transposed.
Status transpose(Value array, Value axes, ArrayView& view) {
  const std::vector<uint64_t> order = TRY(decode_shape(axes));
  std::vector<uint64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] != i) return bad_array(array, "axes that are no permutation");
  }
  if (order.size() != view.shape.size()) return bad_array(array, "as many axes as dimensions");
  const std::vector<uint64_t> shape = view.shape;
  const std::vector<uint64_t> strides = view.strides;
  for (size_t i = 0; i < order.size(); ++i) {
    view.shape[i] = shape[order[i]];
    view.strides[i] = strides[order[i]];
  }
  view.is_row_major = std::is_sorted(order.begin(), order.end());
  return {};
}

/// _frombuffer(buffer, dtype, shape, order[, axis order]).
Result<ArrayView> view_frombuffer(Value array) {
  const Value args = array.args();
  if (args.size() < 4 || !args.at(3).is_string()) {
    return bad_array(array, "_frombuffer without buffer, dtype, shape and order");
  }
  ArrayView view;
  view.dtype = TRY(decode_dtype(args.at(1)));
  TRY_STATUS(set_elements(array, args.at(0), view));
  const std::string_view order = args.at(3).text();
  std::vector<uint64_t> sizes = TRY(decode_shape(args.at(2)));
  TRY_STATUS(set_shape(array, std::move(sizes), order == "F", view));
  if (order == "K" && args.size() > 4 && !args.at(4).is_none()) {
    TRY_STATUS(transpose(array, args.at(4), view));
  }
  return view;
}

Result<ArrayView> view_joblib(Value array, std::string_view payload) {
  ArrayView view;
  const Value type = TRY(array.attr("dtype"));
  const Value shape = TRY(array.attr("shape"));
  view.dtype = TRY(decode_dtype(type));
  view.bytes = payload;
  const std::optional<Value> order = array.find_attr("order");
  const bool fortran = order && order->is_string() && order->text() == "F";
  std::vector<uint64_t> sizes = TRY(decode_shape(shape));
  TRY_STATUS(set_shape(array, std::move(sizes), fortran, view));
  return view;
}

/// The array inside a pandas object, one step.
std::optional<Value> pandas_inner(Value value) {
  if (value.kind() != Kind::kObject || !value.module().starts_with("pandas")) return std::nullopt;
  if (value.name() == "_new_Index") {
    const Value args = value.args();
    if (args.size() != 2 || args.at(1).kind() != Kind::kDict) return std::nullopt;
    return args.at(1).find("data");
  }
  if (const std::optional<Value> inner = value.find_attr("_ndarray")) return inner;
  const std::optional<Value> state = value.state();
  if (!state || state->kind() != Kind::kTuple) return std::nullopt;
  for (size_t i = 0; i < state->size(); ++i) {  // (dtype, array) or (array, dtype, attributes)
    if (i == 3) break;
    if (is_array_object(state->at(i))) return state->at(i);
  }
  return std::nullopt;
}

}  // namespace

bool is_array_object(Value value) {
  const GlobalRole role = role_of(value);
  return role == GlobalRole::kNumpyArray || role == GlobalRole::kJoblibArray;
}

Value unwrap_pandas(Value value) {
  for (int i = 0; i < kWrappersMax; ++i) {
    const std::optional<Value> inner = pandas_inner(value);
    if (!inner) break;
    value = *inner;
  }
  return value;
}

Result<ArrayView> view_array(Value value) {
  value = unwrap_pandas(value);
  for (int i = 0; i < kWrappersMax && is_array_object(value); ++i) {
    const ObjectExtra* extra = TreeStorage::extra(value);
    if (extra != nullptr && extra->payload_pickle != kNoNode) {
      value = Value(&value.tree(), extra->payload_pickle);
      continue;
    }
    Result<ArrayView> view = [&]() -> Result<ArrayView> {
      if (role_of(value) == GlobalRole::kJoblibArray) {
        return view_joblib(value, extra == nullptr ? std::string_view() : extra->payload);
      }
      if (value.name() == "_frombuffer") return view_frombuffer(value);
      return view_reconstructed(value);
    }();
    if (view.ok()) view->offset = value.offset();
    return view;
  }
  return invalid_argument(fmt::format("A numpy array is expected at byte {}, got {}",
                                      value.offset(), value.type_name()));
}

Status check_memory(Value value, uint64_t count, uint64_t size_bytes) {
  const uint64_t memory_bytes_max = TreeStorage::of(value).limits.memory_bytes_max;
  if (count > memory_bytes_max / size_bytes) {
    return resource_exhausted(
        fmt::format("An array is larger than the limit allows: {} elements at byte {}, "
                    "memory_bytes_max {}",
                    count, value.offset(), memory_bytes_max));
  }
  return {};
}

}  // namespace slipway::pickle
