// Operators of ai.onnx that choose elements by numbers.
#include <algorithm>
#include <array>
#include <cmath>

#include "formats/onnx/internal/call.h"

namespace slipway::onnx {
namespace {

/// Constant places within [-size, size), as places from the start.
Result<std::vector<uint32_t>> fixed_places(const Value& places, int64_t size) {
  std::vector<uint32_t> result;
  for (double place : places.constant->numbers) {
    if (place < 0) place += static_cast<double>(size);
    if (std::isnan(place)) return unimplemented("a place depends on how many rows there are");
    if (!(place >= 0 && place < static_cast<double>(size))) {
      return invalid_argument("a place lies outside of the tensor");
    }
    result.push_back(static_cast<uint32_t>(place));
  }
  return result;
}

/// How the axes of data and places become those of the result of Gather: data's before the axis,
/// the places', data's behind it.
struct Around {
  Dims dims;
  uint32_t outer = 1;
  uint32_t inner = 1;
  uint32_t places = 1;
};

Result<Around> around(const Value& data, const Value& places, size_t axis) {
  Around result;
  const Dims before(data.dims.begin(), data.dims.begin() + static_cast<ptrdiff_t>(axis));
  const Dims behind(data.dims.begin() + static_cast<ptrdiff_t>(axis) + 1, data.dims.end());
  result.dims = before;
  result.dims.insert(result.dims.end(), places.dims.begin(), places.dims.end());
  result.dims.insert(result.dims.end(), behind.begin(), behind.end());
  result.outer = TRY(element_count(before));
  result.inner = TRY(element_count(behind));
  result.places = TRY(element_count(places.dims));
  TRY_STATUS(element_count(result.dims).status());
  if (std::ranges::count_if(result.dims, is_batch) > 1) {
    return unimplemented("each row is combined with every other row");
  }
  return result;
}

Result<Values> gather(Call& call) {
  const Value data = TRY(call.input(0));
  const Value places = TRY(call.input(1));
  const size_t axis = TRY(call.axis(call.integer("axis", 0), data.dims.size()));
  const int64_t size = data.dims[axis];
  if (is_batch(size)) return unimplemented("some of the rows are chosen");
  if (places.is_text()) return invalid_argument("expected places that are numbers");
  const Around shape = TRY(around(data, places, axis));
  TRY_STATUS(call.lower.charge(TRY(element_count(shape.dims))));
  TensorGatherOp::Map map;
  map.extent = static_cast<uint32_t>(size);
  map.stride = shape.inner;
  for (uint32_t i = 0; i < shape.outer; ++i) {
    for (uint32_t p = 0; p < shape.places; ++p) {
      for (uint32_t j = 0; j < shape.inner; ++j) {
        map.offsets.push_back(i * map.extent * map.stride + j);
        map.places.push_back(p);
      }
    }
  }
  if (places.constant == nullptr)
    return one(call.lower.gather(data, places, std::move(map), shape.dims));
  const std::vector<uint32_t> fixed = TRY(fixed_places(places, size));
  for (size_t i = 0; i < map.offsets.size(); ++i) {
    map.offsets[i] += fixed[map.places[i]] * map.stride;
  }
  return one(call.lower.select(data, shape.dims, map.offsets));
}

Result<Values> gather_elements(Call& call) {
  const Value data = TRY(call.input(0));
  const Value places = TRY(call.input(1));
  const size_t axis = TRY(call.axis(call.integer("axis", 0), data.dims.size()));
  if (places.dims.size() != data.dims.size() || is_batch(data.dims[axis]) ||
      is_batch(places.dims[axis]) || places.is_text()) {
    return unimplemented("elements are chosen across rows");
  }
  const Dims shape = row_dims(places.dims);
  const std::vector<uint32_t> strides = strides_of(data.dims);
  const uint32_t count = TRY(element_count(places.dims));
  TRY_STATUS(call.lower.charge(count));
  TensorGatherOp::Map map;
  map.extent = static_cast<uint32_t>(data.dims[axis]);
  map.stride = strides[axis];
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool rows_differ = is_batch(data.dims[i]) != is_batch(places.dims[i]);
    if (i != axis && (shape[i] > row_dims(data.dims)[i] || rows_differ)) {
      return unimplemented("elements are chosen across rows");
    }
  }
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t rest = i;
    uint32_t offset = 0;
    for (size_t k = shape.size(); k-- > 0;) {
      const auto at = rest % static_cast<uint32_t>(shape[k]);
      rest /= static_cast<uint32_t>(shape[k]);
      if (k != axis) offset += at * strides[k];
    }
    map.offsets.push_back(offset);
    map.places.push_back(i);
  }
  return one(call.lower.gather(data, places, std::move(map), places.dims));
}

/// The last axis of the places holds a whole place each, in the axes of the data behind those that
/// both have in common (batch_dims).
Result<Values> gather_nd(Call& call) {
  const Value data = TRY(call.input(0));
  const Value places = TRY(call.input(1));
  const int64_t common = call.integer("batch_dims", 0);
  const auto rank = static_cast<int64_t>(data.dims.size());
  if (common < 0 || common >= rank || common >= static_cast<int64_t>(places.dims.size()) ||
      !std::equal(data.dims.begin(), data.dims.begin() + common, places.dims.begin())) {
    return invalid_argument("its data and places have no such axes in common");
  }
  const Dims outer_dims(data.dims.begin(), data.dims.begin() + common);
  const int64_t depth = places.dims.back();
  if (depth < 1 || depth > rank - common) {
    return invalid_argument("a place has more numbers than there are axes");
  }
  const auto first = data.dims.begin() + common;
  if (std::any_of(first, data.dims.end(), is_batch)) {
    return unimplemented("elements are chosen across rows");
  }
  const std::vector<uint32_t> strides = strides_of(data.dims);
  const Dims inner_dims(first + depth, data.dims.end());
  const uint32_t inner = TRY(element_count(inner_dims));
  const uint32_t outer = TRY(element_count(outer_dims));
  // One number for each place: sizes bring negative numbers up, strides add them together.
  std::vector<double> sizes(first, first + depth);
  std::vector<double> steps(strides.begin() + common, strides.begin() + common + depth);
  for (double& step : steps) step /= std::max(inner, 1U);
  Lowering& lower = call.lower;
  const Value zero = TRY(lower.constant(DType::kInt64, {}, {0}));
  const Value size_value = TRY(lower.constant(DType::kInt64, {depth}, sizes));
  const Value negative = TRY(lower.binary(BinaryFunction::kLess, DType::kInt64, places, zero));
  const Value from_end = TRY(lower.binary(BinaryFunction::kAdd, DType::kInt64, places, size_value));
  const Value from_start = TRY(lower.cast(places, DType::kInt64));
  const Value moved = TRY(lower.cast(from_end, DType::kInt64));
  const Value whole = TRY(lower.where(negative, moved, from_start));
  const Value step_value = TRY(lower.constant(DType::kInt64, {depth}, steps));
  const Value flat = TRY(lower.matmul(whole, step_value, DType::kInt64));
  const uint32_t count = TRY(element_count(flat.dims));
  TensorGatherOp::Map map;
  map.extent = TRY(element_count(Dims(first, first + depth)));
  map.stride = inner;
  const uint64_t total = uint64_t{count} * inner;
  TRY_STATUS(lower.charge(total));
  if (outer == 0 || total > kWidthMax) return unimplemented("a tensor has no elements or too many");
  for (uint32_t i = 0; i < total; ++i) {
    const uint32_t group = i / inner / (count / outer);
    map.offsets.push_back(group * map.extent * inner + i % inner);
    map.places.push_back(i / inner);
  }
  Dims dims = flat.dims;
  dims.insert(dims.end(), inner_dims.begin(), inner_dims.end());
  return one(lower.gather(data, flat, std::move(map), std::move(dims)));
}

Result<Values> one_hot(Call& call) {
  const Value places = TRY(call.input(0));
  const auto depth = TRY(call.constant_input(1));
  const Value values = TRY(call.input(2));
  if (!depth.has_value() || depth->size() != 1 || !((*depth)[0] >= 1 && (*depth)[0] <= 65536)) {
    return invalid_argument("its depth is no number that is possible");
  }
  Lowering& lower = call.lower;
  const size_t rank = places.dims.size() + 1;
  const size_t axis = TRY(call.axis(call.integer("axis", -1), rank));
  const double size = std::trunc((*depth)[0]);
  // Numbers from -depth on count from the end.
  const Value negative = TRY(lower.with_number(BinaryFunction::kLess, places.type, places, 0));
  const Value from_end = TRY(lower.with_number(BinaryFunction::kAdd, places.type, places, size));
  Value at = TRY(lower.where(negative, from_end, places));
  Dims dims = at.dims;
  dims.insert(dims.begin() + static_cast<ptrdiff_t>(axis), 1);
  at = TRY(lower.reshape(at, dims));
  std::vector<double> numbers;
  for (double i = 0; i < size; ++i) numbers.push_back(i);
  Dims class_dims(rank, 1);
  class_dims[axis] = static_cast<int64_t>(size);
  const Value classes = TRY(lower.constant(places.type, class_dims, std::move(numbers)));
  const Value hot = TRY(lower.binary(BinaryFunction::kEqual, places.type, at, classes));
  const Value off_value = TRY(lower.slice(values, 0, 0, 1, 1));
  const Value on_value = TRY(lower.slice(values, 0, 1, 1, 1));
  return one(lower.where(hot, on_value, off_value));
}

}  // namespace

std::span<const Operator> gather_operators() {
  static constexpr std::array kTable = {
      Operator{"", "Gather", 1, 99, gather},
      Operator{"", "GatherElements", 11, 99, gather_elements},
      Operator{"", "GatherND", 11, 99, gather_nd},
      Operator{"", "OneHot", 9, 99, one_hot},
  };
  return kTable;
}

}  // namespace slipway::onnx
