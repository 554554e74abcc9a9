#include "formats/onnx/internal/lowering.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "graph/ops/basic.h"

namespace slipway::onnx {
namespace {

bool is_identity(const std::vector<uint32_t>& map, uint32_t width) {
  if (map.size() != width) return false;
  for (uint32_t i = 0; i < map.size(); ++i) {
    if (map[i] != i) return false;
  }
  return true;
}

/// Places in `dims`, walked in order, weighted by other strides: the source of every element.
std::vector<uint32_t> walk(const Dims& dims, const std::vector<uint32_t>& strides, size_t count) {
  std::vector<uint32_t> map(count);
  std::vector<uint32_t> at(dims.size(), 0);
  uint32_t place = 0;
  for (size_t i = 0; i < count; ++i) {
    map[i] = place;
    for (size_t axis = dims.size(); axis-- > 0;) {
      place += strides[axis];
      if (++at[axis] < dims[axis]) break;
      place -= strides[axis] * at[axis];
      at[axis] = 0;
    }
  }
  return map;
}

}  // namespace

Status Lowering::charge_bytes(uint64_t bytes) {
  if (bytes > bytes_left_) {
    return resource_exhausted("the model becomes far larger than its file");
  }
  bytes_left_ -= bytes;
  return {};
}

Status Lowering::charge(uint64_t elements) {
  return charge_bytes(std::min<uint64_t>(elements, UINT64_MAX / 8) * 8);
}

Result<ValueId> Lowering::add(std::unique_ptr<const Op> op, std::vector<ValueId> inputs) {
  if (++nodes_ > kNodesMax) {
    return resource_exhausted(fmt::format("the model becomes too many nodes, limit {}", kNodesMax));
  }
  TRY_STATUS(charge_bytes(op->size_bytes()));
  const ValueId id = TRY(graph_.add(std::move(op), std::move(inputs), path_));
  TRY_STATUS(charge(graph_.type(id).width));
  return id;
}

Result<Value> Lowering::wrap(ValueId id, DType type, Dims dims) {
  const uint32_t count = TRY(element_count(dims));
  if (count != graph_.type(id).width) {
    return invalid_argument(fmt::format("a value of {} elements does not have the shape {}",
                                        graph_.type(id).width, to_string(dims)));
  }
  Value value;
  value.type = type;
  value.dims = std::move(dims);
  value.id = id;
  return value;
}

Result<Value> Lowering::constant(DType type, Dims dims, std::vector<double> numbers) {
  if (type == DType::kString) return invalid_argument("expected numbers, got texts");
  TRY_STATUS(charge(numbers.size()));
  if (TRY(element_count(dims)) != numbers.size()) {
    return invalid_argument(
        fmt::format("{} constants do not have the shape {}", numbers.size(), to_string(dims)));
  }
  auto tensor = std::make_shared<Tensor>();
  tensor->type = type;
  tensor->numbers = std::move(numbers);
  Value value;
  value.type = type;
  value.dims = std::move(dims);
  value.constant = std::move(tensor);
  return value;
}

Result<Value> Lowering::texts(Dims dims, std::vector<std::string> texts) {
  TRY_STATUS(charge(texts.size()));
  if (TRY(element_count(dims)) != texts.size()) {
    return invalid_argument("texts do not have their shape");
  }
  auto tensor = std::make_shared<Tensor>();
  tensor->type = DType::kString;
  tensor->texts = std::move(texts);
  Value value;
  value.type = DType::kString;
  value.dims = std::move(dims);
  value.constant = std::move(tensor);
  return value;
}

Result<Value> Lowering::plain(const Value& value) {
  if (value.tokens != nullptr) {
    return unimplemented(
        "it takes the words of a text, of which there are more or less in each row");
  }
  if (value.text_case != TextCase::kStays) return change_case(value);
  if (value.labels == nullptr) return value;
  const uint32_t count = TRY(element_count(value.dims));
  const LabelTable& labels = *value.labels;
  TensorGatherOp::Map map;
  map.extent = static_cast<uint32_t>(labels.size());
  map.offsets.assign(count, 0);
  map.places.resize(count);
  std::iota(map.places.begin(), map.places.end(), 0U);
  std::vector<double> numbers(labels.ints.begin(), labels.ints.end());
  Value result = value;
  result.labels = nullptr;
  result.id =
      TRY(add(std::make_unique<TensorGatherOp>(std::move(map), std::move(numbers), labels.strings),
              {value.id}));
  return result;
}

Result<ValueId> Lowering::id_of(const Value& value) {
  if (value.constant == nullptr) return TRY(plain(value)).id;
  const Tensor& tensor = *value.constant;
  if (value.is_text()) {
    if (tensor.texts.empty()) return unimplemented("a tensor has no elements");
    return add(std::make_unique<TensorTextsOp>(tensor.texts), {});
  }
  if (tensor.numbers.empty()) return unimplemented("a tensor has no elements");
  if (is_whole(value.type) &&
      std::ranges::any_of(tensor.numbers, [](double x) { return std::isnan(x); })) {
    return unimplemented("the result depends on how many rows there are");
  }
  return add(std::make_unique<TensorConstantOp>(tensor.numbers), {});
}

Result<Value> Lowering::select(const Value& value, Dims dims, const std::vector<uint32_t>& map) {
  TRY_STATUS(charge(map.size()));
  if (TRY(element_count(dims)) != map.size()) {
    return invalid_argument(
        fmt::format("{} elements do not have the shape {}", map.size(), to_string(dims)));
  }
  const uint32_t width = TRY(element_count(value.dims));
  if (std::ranges::any_of(map, [&](uint32_t place) { return place >= width; })) {
    return invalid_argument("an element is chosen that does not exist");
  }
  Value result = value;
  result.dims = std::move(dims);
  result.columns.clear();
  if (is_identity(map, width)) return result;
  if (value.constant != nullptr) {
    auto tensor = std::make_shared<Tensor>();
    tensor->type = value.type;
    for (const uint32_t place : map) {
      if (value.is_text()) {
        TRY_STATUS(charge_bytes(value.constant->texts[place].size() + sizeof(std::string)));
        tensor->texts.push_back(value.constant->texts[place]);
      } else {
        tensor->numbers.push_back(value.constant->numbers[place]);
      }
    }
    result.constant = std::move(tensor);
    return result;
  }
  if (map.empty()) {
    auto nothing = std::make_shared<Tensor>();
    nothing->type = value.type;
    Value empty;
    empty.type = value.type;
    empty.dims = std::move(result.dims);
    empty.constant = std::move(nothing);
    return empty;
  }
  result = TRY(plain(result));
  std::vector<ColumnPick> picks;
  picks.reserve(map.size());
  for (const uint32_t place : map) picks.push_back({0, place});
  const ValueId source = result.id;
  if (value.is_text()) {
    result.id = TRY(add(std::make_unique<SelectStringsOp>(std::move(picks)), {source}));
  } else {
    result.id = TRY(add(std::make_unique<SelectOp>(std::move(picks)), {source}));
  }
  return result;
}

Result<Value> Lowering::reshape(const Value& value, Dims dims) {
  const auto parts = [](const Dims& shape) {
    const auto batch = batch_axis(shape);
    return std::pair(Dims(shape.begin(), batch), batch != shape.end());
  };
  const auto [before_old, has_old] = parts(value.dims);
  const auto [before_new, has_new] = parts(dims);
  const bool stays =
      has_old ? has_new && TRY(element_count(before_old)) == TRY(element_count(before_new))
              : !has_new;
  if (!stays) {
    return unimplemented(
        fmt::format("the rows cannot be told apart after a change of shape from {} to {}",
                    to_string(value.dims), to_string(dims)));
  }
  if (TRY(element_count(value.dims)) != TRY(element_count(dims))) {
    return invalid_argument(
        fmt::format("shape {} has other elements than {}", to_string(dims), to_string(value.dims)));
  }
  Value result = value;
  result.dims = std::move(dims);
  return result;
}

Result<Value> Lowering::transpose(const Value& value, const std::vector<size_t>& order) {
  const std::vector<uint32_t> strides = strides_of(value.dims);
  Dims dims;
  std::vector<uint32_t> steps;
  for (const size_t axis : order) {
    dims.push_back(value.dims[axis]);
    steps.push_back(strides[axis]);
  }
  const uint32_t count = TRY(element_count(dims));
  TRY_STATUS(charge(count));
  return select(value, dims, walk(row_dims(dims), steps, count));
}

Result<Value> Lowering::concat(std::span<const Value> values, size_t axis) {
  Dims dims = values[0].dims;
  dims[axis] = 0;
  for (const Value& value : values) {
    Dims others = value.dims;
    const int64_t size = others.size() > axis ? others[axis] : 0;
    if (others.size() == dims.size()) others[axis] = dims[axis];
    if (is_batch(size))
      return unimplemented("rows of several tensors are put one behind the other");
    if (others != dims || value.type != values[0].type) {
      return invalid_argument(fmt::format("tensors of shapes {} and {} cannot be put together",
                                          to_string(values[0].dims), to_string(value.dims)));
    }
    dims[axis] += size;
    TRY_STATUS(element_count(dims).status());
  }
  // One long vector of all, part after part, then each element from its place in it.
  std::vector<uint32_t> starts;
  uint32_t total = 0;
  for (const Value& value : values) {
    starts.push_back(total);
    total += TRY(element_count(value.dims));
  }
  const Dims shape = row_dims(dims);
  const uint32_t outer =
      TRY(element_count(Dims(shape.begin(), shape.begin() + static_cast<ptrdiff_t>(axis))));
  std::vector<ColumnPick> picks;
  TRY_STATUS(charge(total));
  for (uint32_t i = 0; i < outer; ++i) {
    for (uint32_t part = 0; part < values.size(); ++part) {
      const uint32_t size = TRY(element_count(values[part].dims)) / outer;
      for (uint32_t j = 0; j < size; ++j) picks.push_back({part, i * size + j});
    }
  }
  Value result;
  result.type = values[0].type;
  result.dims = dims;
  if (std::ranges::all_of(values, [](const Value& v) { return v.constant != nullptr; })) {
    auto tensor = std::make_shared<Tensor>();
    tensor->type = result.type;
    for (const ColumnPick& pick : picks) {
      const Tensor& part = *values[pick.input].constant;
      if (result.is_text()) {
        TRY_STATUS(charge_bytes(part.texts[pick.column].size() + sizeof(std::string)));
        tensor->texts.push_back(part.texts[pick.column]);
      } else {
        tensor->numbers.push_back(part.numbers[pick.column]);
      }
    }
    result.constant = std::move(tensor);
    return result;
  }
  std::vector<ValueId> ids;
  std::vector<uint32_t> input_of;  // parts without elements have no value
  for (const Value& value : values) {
    input_of.push_back(static_cast<uint32_t>(ids.size()));
    if (TRY(element_count(value.dims)) > 0) ids.push_back(TRY(id_of(value)));
  }
  for (ColumnPick& pick : picks) pick.input = input_of[pick.input];
  if (result.is_text()) {
    result.id = TRY(add(std::make_unique<SelectStringsOp>(std::move(picks)), std::move(ids)));
  } else {
    result.id = TRY(add(std::make_unique<SelectOp>(std::move(picks)), std::move(ids)));
  }
  return result;
}

Result<Value> Lowering::slice(const Value& value, size_t axis, int64_t start, int64_t step,
                              int64_t count) {
  if (axis >= value.dims.size()) return invalid_argument("a slice is of an axis that is not there");
  const int64_t size = value.dims[axis];
  if (is_batch(size)) return unimplemented("some of the rows are chosen");
  const int64_t last = start + (count - 1) * step;
  if (count < 0 || (count > 0 && (start < 0 || start >= size || last < 0 || last >= size))) {
    return invalid_argument("a slice reaches beyond its tensor");
  }
  Dims dims = value.dims;
  dims[axis] = count;
  const uint32_t elements = TRY(element_count(dims));
  TRY_STATUS(charge(elements));
  std::vector<uint32_t> strides = strides_of(value.dims);
  const uint32_t first = static_cast<uint32_t>(start) * strides[axis];
  strides[axis] *= static_cast<uint32_t>(step);  // wraps around for negative steps, as meant
  std::vector<uint32_t> map = walk(row_dims(dims), strides, elements);
  if (count > 0) {
    for (uint32_t& place : map) place += first;
  }
  return select(value, std::move(dims), map);
}

Result<Dims> Lowering::broadcast_dims(const Dims& a, const Dims& b) const {
  Dims dims(std::max(a.size(), b.size()));
  for (size_t i = 0; i < dims.size(); ++i) {
    const int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) {
      const bool rows = is_batch(x) || is_batch(y);
      const std::string text =
          fmt::format("tensors of shapes {} and {} do not go together", to_string(a), to_string(b));
      return rows ? unimplemented(text) : invalid_argument(text);
    }
    dims[dims.size() - 1 - i] = x == 1 ? y : x;
  }
  if (std::ranges::count_if(dims, is_batch) > 1) {
    return unimplemented("each row is combined with every other row");
  }
  return dims;
}

Result<Value> Lowering::expand(const Value& value, const Dims& dims) {
  if (value.dims == dims) return value;
  const std::vector<uint32_t> old = strides_of(value.dims);
  std::vector<uint32_t> steps(dims.size(), 0);
  for (size_t i = 0; i < value.dims.size(); ++i) {
    const size_t axis = dims.size() - value.dims.size() + i;
    if (value.dims[i] != 1) steps[axis] = old[i];
  }
  const uint32_t count = TRY(element_count(dims));
  TRY_STATUS(charge(count));
  return select(value, dims, walk(row_dims(dims), steps, count));
}

Result<Value> Lowering::cast(const Value& value, DType type) {
  if (value.type == type) return value;
  if (value.is_text() || type == DType::kString) return cast_text(value, type);
  const bool widens = value.type == DType::kBool || type == DType::kFloat64;
  const auto function = type == DType::kBool ? UnaryFunction::kToBool : UnaryFunction::kIdentity;
  if (widens && value.constant == nullptr && value.labels == nullptr) {
    Value result = value;
    result.type = type;
    return result;
  }
  return unary(function, {}, type, value);
}

Result<Value> Lowering::unary(UnaryFunction function, UnaryParameters parameters, DType type,
                              const Value& value) {
  if (value.is_text()) return invalid_argument("expected numbers, got texts");
  Value result = TRY(plain(value));
  result.type = type;
  result.columns.clear();
  if (value.constant == nullptr) {
    const ValueId source = result.id;
    result.id = TRY(add(std::make_unique<TensorUnaryOp>(function, parameters, type), {source}));
    return result;
  }
  auto tensor = std::make_shared<Tensor>();
  tensor->type = type;
  for (const double x : value.constant->numbers) {
    const bool unknown = is_whole(value.type) && std::isnan(x);
    if (unknown && !is_whole(type)) {
      return unimplemented("the result depends on how many rows there are");
    }
    tensor->numbers.push_back(unknown ? x : apply(function, parameters, type, x));
  }
  TRY_STATUS(charge(tensor->numbers.size()));
  result.constant = std::move(tensor);
  return result;
}

Result<Value> Lowering::fold_binary(BinaryFunction function, DType type, Dims dims, const Value& a,
                                    const Value& b) {
  auto tensor = std::make_shared<Tensor>();
  const bool result_is_bool =
      function >= BinaryFunction::kEqual && function <= BinaryFunction::kXor;
  tensor->type = result_is_bool ? DType::kBool : type;
  const size_t count = a.is_text() ? a.constant->texts.size() : a.constant->numbers.size();
  for (size_t i = 0; i < count; ++i) {
    if (a.is_text()) {
      tensor->numbers.push_back(a.constant->texts[i] == b.constant->texts[i] ? 1 : 0);
      continue;
    }
    const double x = a.constant->numbers[i];
    const double y = b.constant->numbers[i];
    if (is_whole(a.type) && (std::isnan(x) || std::isnan(y))) {
      return unimplemented("the result depends on how many rows there are");
    }
    tensor->numbers.push_back(apply(function, type, x, y));
  }
  Value result;
  result.type = tensor->type;
  result.dims = std::move(dims);
  result.constant = std::move(tensor);
  return result;
}

Result<Value> Lowering::binary(BinaryFunction function, DType type, const Value& a,
                               const Value& b) {
  if (a.is_text() != b.is_text() || (a.is_text() && function != BinaryFunction::kEqual)) {
    return invalid_argument("expected two numbers, or two texts to compare");
  }
  const Dims dims = TRY(broadcast_dims(a.dims, b.dims));
  const Value left = TRY(expand(a, dims));
  const Value right = TRY(expand(b, dims));
  if (left.constant != nullptr && right.constant != nullptr) {
    return fold_binary(function, type, dims, left, right);
  }
  const ValueId left_id = TRY(id_of(left));
  const ValueId right_id = TRY(id_of(right));
  const bool result_is_bool =
      function >= BinaryFunction::kEqual && function <= BinaryFunction::kXor;
  const ValueId id =
      TRY(add(std::make_unique<TensorBinaryOp>(function, a.is_text() ? DType::kBool : type),
              {left_id, right_id}));
  return wrap(id, result_is_bool ? DType::kBool : type, dims);
}

Result<Value> Lowering::with_number(BinaryFunction function, DType type, const Value& a, double b) {
  return binary(function, type, a, TRY(constant(type, {}, {b})));
}

Result<Value> Lowering::where(const Value& condition, const Value& yes, const Value& no) {
  if (condition.is_text() || yes.type != no.type) {
    return invalid_argument("expected a condition and two tensors of one type");
  }
  const Dims dims = TRY(broadcast_dims(TRY(broadcast_dims(condition.dims, yes.dims)), no.dims));
  const Value test = TRY(expand(condition, dims));
  const Value first = TRY(expand(yes, dims));
  const Value second = TRY(expand(no, dims));
  if (test.constant != nullptr && first.constant != nullptr && second.constant != nullptr) {
    auto tensor = std::make_shared<Tensor>();
    tensor->type = yes.type;
    for (size_t i = 0; i < test.constant->numbers.size(); ++i) {
      const Tensor& from = test.constant->numbers[i] != 0 ? *first.constant : *second.constant;
      if (yes.is_text()) {
        tensor->texts.push_back(from.texts[i]);
      } else {
        tensor->numbers.push_back(from.numbers[i]);
      }
    }
    Value result = first;
    result.constant = std::move(tensor);
    return result;
  }
  const ValueId test_id = TRY(id_of(test));
  const ValueId yes_id = TRY(id_of(first));
  const ValueId no_id = TRY(id_of(second));
  const ValueId id = TRY(add(std::make_unique<TensorWhereOp>(), {test_id, yes_id, no_id}));
  return wrap(id, yes.type, dims);
}

Result<Value> Lowering::axes_last(const Value& value, const std::vector<size_t>& axes) {
  std::vector<size_t> order;
  for (size_t i = 0; i < value.dims.size(); ++i) {
    if (std::ranges::find(axes, i) == axes.end()) order.push_back(i);
  }
  order.insert(order.end(), axes.begin(), axes.end());
  return transpose(value, order);
}

Result<Value> Lowering::reduce(TensorReduceOp::Function function, const Value& value,
                               const std::vector<size_t>& axes, bool keep, DType type) {
  uint32_t size = 1;
  Dims dims;
  // Zeros add up to zero over however many rows: converters take the shape of such a sum.
  const bool is_zero =
      value.constant != nullptr && !value.is_text() && function == TensorReduceOp::Function::kSum &&
      std::ranges::all_of(value.constant->numbers, [](double x) { return x == 0; });
  for (size_t i = 0; i < value.dims.size(); ++i) {
    const bool reduced = std::ranges::find(axes, i) != axes.end();
    if (reduced && is_batch(value.dims[i]) && !is_zero) {
      return unimplemented("the rows of a batch are combined into one");
    }
    if (reduced && !is_zero) size *= static_cast<uint32_t>(value.dims[i]);
    if (!reduced || keep) dims.push_back(reduced ? 1 : value.dims[i]);
  }
  if (is_zero) {
    std::vector<double> zeros(TRY(element_count(dims)), 0.0);
    return constant(type, std::move(dims), std::move(zeros));
  }
  if (size == 0) return unimplemented("a tensor has no elements");
  const ValueId source = TRY(id_of(TRY(axes_last(value, axes))));
  const ValueId id = TRY(add(std::make_unique<TensorReduceOp>(function, size, type), {source}));
  return wrap(id, type, std::move(dims));
}

Result<Value> Lowering::group(TensorGroupOp::Function function, const Value& value, size_t axis,
                              uint32_t count, DType type) {
  if (is_batch(value.dims[axis])) {
    return unimplemented("the rows of a batch are computed with each other");
  }
  const Value last = TRY(axes_last(value, {axis}));
  const auto size = static_cast<uint32_t>(value.dims[axis]);
  if (size == 0) return unimplemented("a tensor has no elements");
  const ValueId source = TRY(id_of(last));
  Dims dims = last.dims;
  dims.back() = count;
  const ValueId id =
      TRY(add(std::make_unique<TensorGroupOp>(function, size, count, type), {source}));
  const Value result = TRY(wrap(id, type, std::move(dims)));
  std::vector<size_t> order(value.dims.size());
  for (size_t i = 0; i < order.size(); ++i) {
    order[i] = i < axis ? i : i == axis ? order.size() - 1 : i - 1;
  }
  return transpose(result, order);
}

Result<Value> Lowering::gather(const Value& data, const Value& places, TensorGatherOp::Map map,
                               Dims dims) {
  if (places.is_text()) return invalid_argument("expected places that are numbers");
  if (map.offsets.empty() || map.extent == 0) return unimplemented("a tensor has no elements");
  const ValueId where = TRY(id_of(places));
  ValueId id = 0;
  if (data.constant != nullptr) {
    id = TRY(add(std::make_unique<TensorGatherOp>(std::move(map), data.constant->numbers,
                                                  data.constant->texts),
                 {where}));
  } else {
    const ValueId source = TRY(id_of(data));
    id = TRY(add(std::make_unique<TensorGatherOp>(std::move(map)), {source, where}));
  }
  return wrap(id, data.type, std::move(dims));
}

}  // namespace slipway::onnx
