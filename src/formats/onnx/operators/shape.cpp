// Operators of ai.onnx that move elements or make constants; shapes are constants of whole numbers
// in which the number of rows is unknown (NaN).
#include <algorithm>
#include <array>
#include <cmath>

#include "formats/onnx/internal/call.h"

namespace slipway::onnx {
namespace {

Result<Value> shape_constant(Call& call, const Dims& dims) {
  std::vector<double> numbers;
  for (const int64_t size : dims) {
    if (size < kBatch) return unimplemented("a shape depends on how many rows there are");
    numbers.push_back(size == kBatch ? unknown_rows() : static_cast<double>(size));
  }
  return call.lower.constant(DType::kInt64, {static_cast<int64_t>(dims.size())},
                             std::move(numbers));
}

/// A shape given by a constant: unknown sizes are the rows.
Result<Dims> given_dims(const std::vector<double>& numbers) {
  Dims dims;
  for (const double x : numbers) {
    if (x < 0 || x > kWidthMax) return invalid_argument("a shape has an impossible size");
    dims.push_back(std::isnan(x) ? kBatch : static_cast<int64_t>(x));
  }
  if (std::ranges::count_if(dims, is_batch) > 1) {
    return unimplemented("each row is combined with every other row");
  }
  return dims;
}

Result<Values> shape(Call& call) {
  if (!call.has_input(0)) return invalid_argument("its input 0 is missing");
  const Dims& dims = call.raw_input(0)->dims;
  const auto rank = static_cast<int64_t>(dims.size());
  const auto bound = [&](int64_t x) { return std::clamp<int64_t>(x < 0 ? x + rank : x, 0, rank); };
  const int64_t start = bound(call.integer("start", 0));
  const int64_t end = std::max(start, bound(call.integer("end", rank)));
  return one(shape_constant(call, Dims(dims.begin() + start, dims.begin() + end)));
}

Result<Values> size(Call& call) {
  const Value x = TRY(call.input(0));
  const double count = static_cast<double>(TRY(element_count(x.dims)));
  if (x.has_batch() && count != 1) {
    return unimplemented("the result depends on how many rows there are");
  }
  return one(call.lower.constant(DType::kInt64, {}, {x.has_batch() ? unknown_rows() : count}));
}

/// Fills in what `reshape` leaves open: 0 keeps a size, -1 is what is left over.
Result<Dims> reshape_dims(const Value& x, const std::vector<double>& wanted, bool allow_zero) {
  Dims dims;
  std::optional<size_t> open;
  bool has_batch = false;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const double size = wanted[i];
    if (size == -1) {
      if (open.has_value()) return invalid_argument("a shape leaves two sizes open");
      open = i;
      dims.push_back(1);
      continue;
    }
    if (size == 0 && !allow_zero) {
      if (i >= x.dims.size()) return invalid_argument("a shape keeps a size that is not there");
      dims.push_back(x.dims[i]);
    } else if (std::isnan(size)) {
      dims.push_back(kBatch);
    } else if (size >= 0 && size <= kWidthMax) {
      dims.push_back(static_cast<int64_t>(size));
    } else {
      return invalid_argument("a shape has an impossible size");
    }
    has_batch = has_batch || is_batch(dims.back());
  }
  if (!open.has_value()) return dims;
  const uint32_t have = TRY(element_count(x.dims));
  const uint32_t named = TRY(element_count(dims));
  if (named == 0 || have % named != 0) {
    return unimplemented("the rows cannot be told apart after a change of shape from " +
                         to_string(x.dims));
  } else {
    const int64_t left = have / named;
    dims[*open] = x.has_batch() && !has_batch ? -left : left;
  }
  return dims;
}

/// Words of a text stay what they are: TfIdfVectorizer takes a row's, whatever their axes.
bool holds_words(const Call& call) {
  return call.has_input(0) && call.raw_input(0)->tokens != nullptr;
}

Result<Values> reshape(Call& call) {
  if (holds_words(call)) return Values{*call.raw_input(0)};
  const Value x = TRY(call.input(0));
  std::vector<double> wanted;
  if (call.version < 5) {
    for (const int64_t size : call.integers("shape")) wanted.push_back(static_cast<double>(size));
  } else {
    auto given = TRY(call.constant_input(1));
    if (!given.has_value()) return invalid_argument("it has no shape");
    wanted = std::move(*given);
  }
  const Dims dims = TRY(reshape_dims(x, wanted, call.integer("allowzero", 0) != 0));
  return one(call.lower.reshape(x, dims));
}

Result<Values> flatten(Call& call) {
  if (holds_words(call)) return Values{*call.raw_input(0)};
  const Value x = TRY(call.input(0));
  const auto rank = static_cast<int64_t>(x.dims.size());
  int64_t axis = call.integer("axis", 1);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis > rank) return invalid_argument("its axis lies outside of the tensor");
  const auto part = [&](int64_t begin, int64_t end) -> Result<int64_t> {
    const Dims dims(x.dims.begin() + begin, x.dims.begin() + end);
    const uint32_t count = TRY(element_count(dims));
    return batch_axis(dims) == dims.end() ? int64_t{count} : -int64_t{count};
  };
  const int64_t rows = TRY(part(0, axis));
  const int64_t columns = TRY(part(axis, rank));
  return one(call.lower.reshape(x, {rows, columns}));
}

Result<Values> squeeze(Call& call) {
  if (holds_words(call)) return Values{*call.raw_input(0)};
  const Value x = TRY(call.input(0));
  const auto axes = TRY(call.axes(1, x.dims.size()));
  Dims dims;
  for (size_t i = 0; i < x.dims.size(); ++i) {
    const bool named = axes.has_value() && std::ranges::find(*axes, i) != axes->end();
    if (axes.has_value() ? !named : x.dims[i] != 1) {
      dims.push_back(x.dims[i]);
    } else if (x.dims[i] != 1) {
      return unimplemented("an axis is dropped that has more than one element: " +
                           to_string(x.dims));
    }
  }
  return one(call.lower.reshape(x, std::move(dims)));
}

Result<Values> unsqueeze(Call& call) {
  const Value x = TRY(call.input(0));
  const size_t added = call.has("axes") ? call.integers("axes").size()
                       : call.has_input(1) && call.raw_input(1)->constant != nullptr
                           ? call.raw_input(1)->constant->numbers.size()
                           : 0;
  const size_t rank = x.dims.size() + added;
  const auto axes = TRY(call.axes(1, rank));
  Dims dims = x.dims;
  for (const size_t axis : axes.value_or(std::vector<size_t>())) {
    dims.insert(dims.begin() + static_cast<ptrdiff_t>(axis), 1);
  }
  return one(call.lower.reshape(x, std::move(dims)));
}

Result<Values> transpose(Call& call) {
  const Value x = TRY(call.input(0));
  const std::vector<int64_t> given = call.integers("perm");
  std::vector<size_t> order;
  order.reserve(x.dims.size());
  for (size_t i = 0; i < x.dims.size(); ++i) order.push_back(x.dims.size() - 1 - i);
  if (call.has("perm")) {
    order.clear();
    order.reserve(given.size());
    for (const int64_t axis : given) order.push_back(TRY(call.axis(axis, x.dims.size())));
    std::vector<size_t> sorted = order;
    std::ranges::sort(sorted);
    for (size_t i = 0; i < sorted.size(); ++i) {
      if (sorted[i] != i) return invalid_argument("an order of axes names one twice");
    }
    if (sorted.size() != x.dims.size()) return invalid_argument("an order of axes leaves one out");
  }
  return one(call.lower.transpose(x, order));
}

Result<Values> concat(Call& call) {
  Values values;
  values.reserve(call.input_count());
  for (size_t i = 0; i < call.input_count(); ++i) values.push_back(TRY(call.input(i)));
  if (values.empty()) return invalid_argument("it has no inputs");
  const size_t axis =
      TRY(call.axis(call.integer("axis", call.version < 4 ? 1 : 0), values[0].dims.size()));
  return one(call.lower.concat(values, axis));
}

Result<Values> split(Call& call) {
  const Value x = TRY(call.input(0));
  const size_t axis = TRY(call.axis(call.integer("axis", 0), x.dims.size()));
  const int64_t size = x.dims[axis];
  if (is_batch(size)) return unimplemented("rows are put into several tensors");
  std::vector<int64_t> sizes = call.integers("split");
  const auto given = call.version >= 13 ? TRY(call.constant_input(1)) : std::nullopt;
  if (given.has_value()) {
    sizes.clear();
    for (const double part : *given) sizes.push_back(static_cast<int64_t>(part));
  }
  if (sizes.empty()) {
    const auto parts = static_cast<int64_t>(call.node.outputs.size());
    const int64_t each = (size + parts - 1) / std::max<int64_t>(parts, 1);
    for (int64_t i = 0; i < parts; ++i) {
      sizes.push_back(std::max<int64_t>(0, std::min(each, size - i * each)));
    }
  }
  if (sizes.size() != call.node.outputs.size())
    return invalid_argument("its parts are not its outputs");
  Values values;
  int64_t start = 0;
  for (const int64_t part : sizes) {
    if (part < 0 || part > size - start) return invalid_argument("its parts do not fit the tensor");
    values.push_back(TRY(call.lower.slice(x, axis, start, 1, part)));
    start += part;
  }
  return values;
}

struct SliceBounds {
  std::vector<double> starts;
  std::vector<double> ends;
  std::vector<double> steps;
  std::vector<double> axes;
};

Result<SliceBounds> slice_bounds(Call& call) {
  SliceBounds bounds;
  if (call.version < 10) {
    for (const int64_t x : call.integers("starts")) bounds.starts.push_back(static_cast<double>(x));
    for (const int64_t x : call.integers("ends")) bounds.ends.push_back(static_cast<double>(x));
    for (const int64_t x : call.integers("axes")) bounds.axes.push_back(static_cast<double>(x));
  } else {
    bounds.starts = TRY(call.constant_input(1)).value_or(std::vector<double>());
    bounds.ends = TRY(call.constant_input(2)).value_or(std::vector<double>());
    bounds.axes = TRY(call.constant_input(3)).value_or(std::vector<double>());
    bounds.steps = TRY(call.constant_input(4)).value_or(std::vector<double>());
  }
  const size_t count = bounds.starts.size();
  if (bounds.axes.empty()) {
    for (size_t i = 0; i < count; ++i) bounds.axes.push_back(static_cast<double>(i));
  }
  if (bounds.steps.empty()) bounds.steps.assign(count, 1);
  if (bounds.ends.size() != count || bounds.axes.size() != count || bounds.steps.size() != count) {
    return invalid_argument("its starts, ends, axes and steps are not of one length");
  }
  return bounds;
}

Result<Value> slice_axis(Call& call, const Value& x, size_t axis, double start, double end,
                         double step) {
  const bool rows = is_batch(x.dims[axis]);
  if (rows) {
    const bool all = start == 0 && step == 1 && (std::isnan(end) || end >= 2147483647.0);
    if (all) return x;
    return unimplemented("some of the rows are chosen");
  }
  if (std::isnan(start) || std::isnan(end) || std::isnan(step)) {
    return unimplemented("a slice depends on how many rows there are");
  }
  if (step == 0 || std::fabs(step) > 2147483648.0) return invalid_argument("a slice has no step");
  const auto size = static_cast<double>(x.dims[axis]);
  const auto bound = [&](double place) {
    if (place < 0) place += size;
    return step > 0 ? std::clamp(place, 0.0, size) : std::clamp(place, -1.0, size - 1);
  };
  const double first = bound(start);
  const double count = std::max(0.0, std::ceil((bound(end) - first) / step));
  return call.lower.slice(x, axis, static_cast<int64_t>(first), static_cast<int64_t>(step),
                          static_cast<int64_t>(count));
}

Result<Values> slice(Call& call) {
  Value x = TRY(call.input(0));
  const SliceBounds bounds = TRY(slice_bounds(call));
  for (size_t i = 0; i < bounds.starts.size(); ++i) {
    const size_t axis = TRY(call.axis(static_cast<int64_t>(bounds.axes[i]), x.dims.size()));
    x = TRY(slice_axis(call, x, axis, bounds.starts[i], bounds.ends[i], bounds.steps[i]));
  }
  return one(std::move(x));
}

Result<Values> expand(Call& call) {
  const Value x = TRY(call.input(0));
  const auto given = TRY(call.constant_input(1));
  if (!given.has_value()) return invalid_argument("it has no shape");
  const Dims dims = TRY(call.lower.broadcast_dims(x.dims, TRY(given_dims(*given))));
  return one(call.lower.expand(x, dims));
}

Result<Values> tile(Call& call) {
  Value x = TRY(call.input(0));
  const auto repeats = TRY(call.constant_input(1));
  if (!repeats.has_value() || repeats->size() != x.dims.size()) {
    return invalid_argument("its repeats are not one for each axis");
  }
  for (size_t axis = 0; axis < x.dims.size(); ++axis) {
    const double times = (*repeats)[axis];
    if (times == 1) continue;
    if (std::isnan(times) && x.dims[axis] == 1) {
      Dims dims = x.dims;
      dims[axis] = kBatch;
      x = TRY(call.lower.expand(x, dims));
      continue;
    }
    if (!(times >= 1 && times <= 65536)) return unimplemented("a tensor is repeated too often");
    TRY_STATUS(call.lower.charge(static_cast<uint64_t>(times) * (sizeof(Value) / 8 + 1)));
    x = TRY(call.lower.concat(Values(static_cast<size_t>(times), x), axis));
  }
  return one(std::move(x));
}

Result<Values> constant(Call& call) {
  if (call.has("sparse_value")) return unimplemented("a sparse constant");
  const auto tensor = TRY(call.tensor("value"));
  if (tensor.has_value()) return Values{*tensor};
  if (call.has("value_string")) {
    return one(call.lower.texts({}, {std::string(call.text("value_string", ""))}));
  }
  if (call.has("value_strings")) {
    std::vector<std::string> texts = call.texts("value_strings");
    const Dims dims = {static_cast<int64_t>(texts.size())};
    return one(call.lower.texts(dims, std::move(texts)));
  }
  if (call.has("value_int")) {
    return one(call.lower.constant(DType::kInt64, {},
                                   {static_cast<double>(call.integer("value_int", 0))}));
  }
  if (call.has("value_float")) {
    return one(call.lower.constant(DType::kFloat32, {}, {call.real("value_float", 0)}));
  }
  std::vector<double> numbers = call.reals("value_floats");
  const bool whole = call.has("value_ints");
  for (const int64_t x : call.integers("value_ints")) numbers.push_back(static_cast<double>(x));
  const Dims dims = {static_cast<int64_t>(numbers.size())};
  return one(
      call.lower.constant(whole ? DType::kInt64 : DType::kFloat32, dims, std::move(numbers)));
}

Result<Values> constant_of_shape(Call& call) {
  const auto given = TRY(call.constant_input(0));
  if (!given.has_value()) return invalid_argument("it has no shape");
  const Dims dims = TRY(given_dims(*given));
  const auto tensor = TRY(call.tensor("value"));
  const Value fill =
      tensor.has_value() ? *tensor : TRY(call.lower.constant(DType::kFloat32, {1}, {0}));
  const Value scalar = TRY(call.lower.reshape(fill, {}));
  return one(call.lower.expand(scalar, dims));
}

Result<Values> range(Call& call) {
  const Value from = TRY(call.input(0));
  std::array<double, 3> bounds = {0, 0, 1};
  for (size_t i = 0; i < bounds.size(); ++i) {
    const auto given = TRY(call.constant_input(i));
    if (!given.has_value() || given->size() != 1) return invalid_argument("expected three numbers");
    bounds[i] = (*given)[0];
  }
  const double count = std::ceil((bounds[1] - bounds[0]) / bounds[2]);
  if (std::isnan(count)) return unimplemented("the result depends on how many rows there are");
  if (count > kWidthMax) return resource_exhausted("a range has too many elements");
  TRY_STATUS(call.lower.charge(static_cast<uint64_t>(std::max(count, 0.0))));
  std::vector<double> numbers;
  for (double i = 0; i < count; ++i) numbers.push_back(bounds[0] + i * bounds[2]);
  const Dims dims = {static_cast<int64_t>(numbers.size())};
  return one(call.lower.constant(from.type, dims, std::move(numbers)));
}

Result<Values> trilu(Call& call) {
  const Value x = TRY(call.input(0));
  const size_t rank = x.dims.size();
  const auto shift = TRY(call.constant_input(1));
  if (x.is_text()) return invalid_argument("expected numbers, got texts");
  if (rank < 2 || is_batch(x.dims[rank - 1]) || is_batch(x.dims[rank - 2])) {
    return unimplemented("expected matrices");
  }
  const int64_t k = shift.has_value() && !shift->empty() ? static_cast<int64_t>((*shift)[0]) : 0;
  const bool upper = call.integer("upper", 1) != 0;
  TRY_STATUS(call.lower.charge(TRY(element_count({x.dims[rank - 2], x.dims[rank - 1]}))));
  std::vector<double> mask;
  for (int64_t i = 0; i < x.dims[rank - 2]; ++i) {
    for (int64_t j = 0; j < x.dims[rank - 1]; ++j) {
      mask.push_back((upper ? j - i >= k : j - i <= k) ? 1 : 0);
    }
  }
  const Value keeps =
      TRY(call.lower.constant(DType::kBool, {x.dims[rank - 2], x.dims[rank - 1]}, std::move(mask)));
  return one(call.lower.where(keeps, x, TRY(call.lower.constant(x.type, {}, {0}))));
}

}  // namespace

std::span<const Operator> shape_operators() {
  static constexpr std::array kTable = {
      Operator{"", "Shape", 1, 99, shape},
      Operator{"", "Size", 1, 99, size},
      Operator{"", "Reshape", 1, 99, reshape},
      Operator{"", "Flatten", 1, 99, flatten},
      Operator{"", "Squeeze", 1, 99, squeeze},
      Operator{"", "Unsqueeze", 1, 99, unsqueeze},
      Operator{"", "Transpose", 1, 99, transpose},
      Operator{"", "Concat", 1, 99, concat},
      Operator{"", "Split", 2, 99, split},
      Operator{"", "Slice", 1, 99, slice},
      Operator{"", "Expand", 8, 99, expand},
      Operator{"", "Tile", 6, 99, tile},
      Operator{"", "Constant", 1, 99, constant},
      Operator{"", "ConstantOfShape", 9, 99, constant_of_shape},
      Operator{"", "Range", 11, 99, range},
      Operator{"", "Trilu", 14, 99, trilu},
  };
  return kTable;
}

}  // namespace slipway::onnx
