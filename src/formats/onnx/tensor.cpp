#include "formats/onnx/internal/tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "graph/ops/tensor_math.h"

namespace slipway::onnx {
namespace {

constexpr double kExactMax = 9007199254740992.0;  // 2^53

template <typename T>
bool read_raw(std::string_view raw, size_t count, std::vector<double>& numbers) {
  if (raw.size() != count * sizeof(T)) return false;
  numbers.resize(count);
  for (size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, raw.data() + i * sizeof(T), sizeof(T));
    numbers[i] = static_cast<double>(value);
  }
  return true;
}

double from_half(uint16_t bits) {
  const double sign = (bits & 0x8000U) != 0 ? -1 : 1;
  const int exponent = bits >> 10U & 0x1F;
  const int digits = bits & 0x3FF;
  if (exponent == 31) return digits == 0 ? sign * HUGE_VAL : std::nan("");
  return sign *
         (exponent == 0 ? std::ldexp(digits, -24) : std::ldexp(1024 + digits, exponent - 25));
}

double from_bfloat(uint16_t bits) {
  return double{std::bit_cast<float>(static_cast<uint32_t>(bits) << 16U)};
}

double from_bits(DType type, double bits) {
  const auto word = static_cast<uint16_t>(bits);
  return type == DType::kFloat16 ? from_half(word) : from_bfloat(word);
}

bool is_short(DType type) { return type == DType::kFloat16 || type == DType::kBfloat16; }

bool read_raw(DType type, std::string_view raw, size_t count, std::vector<double>& numbers) {
  switch (type) {
    case DType::kBool:
    case DType::kUint8: return read_raw<uint8_t>(raw, count, numbers);
    case DType::kInt8: return read_raw<int8_t>(raw, count, numbers);
    case DType::kInt16: return read_raw<int16_t>(raw, count, numbers);
    case DType::kFloat16:
    case DType::kBfloat16:
      if (!read_raw<uint16_t>(raw, count, numbers)) return false;
      for (double& x : numbers) x = from_bits(type, x);
      return true;
    case DType::kUint16: return read_raw<uint16_t>(raw, count, numbers);
    case DType::kInt32: return read_raw<int32_t>(raw, count, numbers);
    case DType::kUint32: return read_raw<uint32_t>(raw, count, numbers);
    case DType::kInt64: return read_raw<int64_t>(raw, count, numbers);
    case DType::kUint64: return read_raw<uint64_t>(raw, count, numbers);
    case DType::kFloat32: return read_raw<float>(raw, count, numbers);
    case DType::kFloat64: return read_raw<double>(raw, count, numbers);
    default: return false;
  }
}

bool read_typed(DType type, const TensorProto& proto, size_t count, std::vector<double>& numbers) {
  if (type == DType::kFloat32) {
    numbers.assign(proto.float_data.begin(), proto.float_data.end());
  } else if (type == DType::kFloat64) {
    numbers = proto.double_data;
  } else if (is_short(type)) {
    for (const int64_t x : proto.integer_data) {
      numbers.push_back(from_bits(type, static_cast<double>(x & 0xFFFF)));
    }
  } else if (type == DType::kUint64) {
    for (const int64_t x : proto.integer_data) {
      numbers.push_back(static_cast<double>(static_cast<uint64_t>(x)));
    }
  } else {
    numbers.assign(proto.integer_data.begin(), proto.integer_data.end());
  }
  return numbers.size() == count;
}

}  // namespace

Dims::const_iterator batch_axis(const Dims& dims) { return std::ranges::find_if(dims, is_batch); }

bool Value::has_batch() const { return batch_axis(dims) != dims.end(); }

std::optional<DType> element_type(int64_t onnx_type) {
  switch (onnx_type) {
    case 1: return DType::kFloat32;
    case 2: return DType::kUint8;
    case 3: return DType::kInt8;
    case 4: return DType::kUint16;
    case 5: return DType::kInt16;
    case 6: return DType::kInt32;
    case 7: return DType::kInt64;
    case 8: return DType::kString;
    case 9: return DType::kBool;
    case 10: return DType::kFloat16;
    case 11: return DType::kFloat64;
    case 12: return DType::kUint32;
    case 13: return DType::kUint64;
    case 16: return DType::kBfloat16;
    default: return std::nullopt;
  }
}

std::string element_type_name(int64_t onnx_type) {
  static constexpr std::array kNames = {"no type",    "float",   "uint8",  "int8",   "uint16",
                                        "int16",      "int32",   "int64",  "string", "bool",
                                        "float16",    "double",  "uint32", "uint64", "complex64",
                                        "complex128", "bfloat16"};
  if (onnx_type >= 0 && static_cast<size_t>(onnx_type) < kNames.size()) {
    return kNames[static_cast<size_t>(onnx_type)];
  }
  return fmt::format("type {}", onnx_type);
}

Dims row_dims(const Dims& dims) {
  Dims row = dims;
  for (int64_t& size : row) {
    if (is_batch(size)) size = -size;
  }
  return row;
}

Result<uint32_t> element_count(const Dims& dims) {
  uint64_t count = 1;
  bool is_empty = false;
  for (const int64_t size : row_dims(dims)) {
    if (size == 0) {
      is_empty = true;
      continue;
    }
    if (static_cast<uint64_t>(size) > kWidthMax ||
        count * static_cast<uint64_t>(size) > kWidthMax) {
      return resource_exhausted(fmt::format("a tensor has too many elements: shape {}, limit {}",
                                            to_string(dims), kWidthMax));
    }
    count *= static_cast<uint64_t>(size);
  }
  return is_empty ? 0 : static_cast<uint32_t>(count);
}

std::vector<uint32_t> strides_of(const Dims& dims) {
  std::vector<uint32_t> strides(dims.size());
  uint32_t stride = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= static_cast<uint32_t>(is_batch(dims[i]) ? -dims[i] : dims[i]);
  }
  return strides;
}

std::string to_string(const Dims& dims) {
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i) {
    if (i > 0) text += ", ";
    if (!is_batch(dims[i])) {
      text += fmt::format("{}", dims[i]);
    } else {
      text += dims[i] == kBatch ? "batch" : fmt::format("{} * batch", -dims[i]);
    }
  }
  return text + "]";
}

Result<Value> decode_tensor(const TensorProto& proto) {
  if (proto.is_external) {
    return unimplemented(
        "its numbers lie in another file (external data); save the model as one file");
  }
  const std::optional<DType> type = element_type(proto.data_type);
  if (!type.has_value()) {
    return unimplemented(fmt::format("Slipway does not compute with elements of {}",
                                     element_type_name(proto.data_type)));
  }
  if (proto.dims.size() > 64) return invalid_argument("a tensor has too many axes");
  if (std::ranges::any_of(proto.dims, [](int64_t size) { return size < 0; })) {
    return invalid_argument("a constant has a negative size");
  }
  const uint32_t count = TRY(element_count(proto.dims));
  auto tensor = std::make_shared<Tensor>();
  tensor->type = *type;
  bool fits = true;
  if (*type == DType::kString) {
    tensor->texts.assign(proto.string_data.begin(), proto.string_data.end());
    fits = tensor->texts.size() == count && !proto.has_raw_data;
  } else if (proto.has_raw_data) {
    fits = read_raw(*type, proto.raw_data, count, tensor->numbers);
  } else {
    fits = read_typed(*type, proto, count, tensor->numbers);
  }
  if (!fits) {
    return invalid_argument(fmt::format("a constant's data does not fit its shape {} of {}",
                                        to_string(proto.dims), element_type_name(proto.data_type)));
  }
  // Where a slice ends may be "the largest number there is"; as a value it is not exact.
  for (double& x : tensor->numbers) {
    if (is_whole(*type) && std::fabs(x) > kExactMax && std::fabs(x) < 9.2e18) {
      return unimplemented(
          fmt::format("a whole number is too large to be exact in float64: {}", x));
    }
    if (*type == DType::kBool) x = x != 0 ? 1 : 0;
  }
  Value value;
  value.type = *type;
  value.dims = proto.dims;
  value.constant = std::move(tensor);
  return value;
}

}  // namespace slipway::onnx
