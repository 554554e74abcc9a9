#include "protocols/kserve_v2/tensor_data.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "protocols/internal/record_json.h"

namespace slipway::protocols::kserve_v2 {
namespace {

static_assert(std::endian::native == std::endian::little);

struct IntegerRange {
  double min;
  double max;  // 2^63 and 2^64 themselves are let through as doubles: the grid is that coarse there
};

/// False if the type is not an integer type.
bool integer_range(DType dtype, IntegerRange& range) {
  switch (dtype) {
    case DType::kInt8: range = {-128, 127}; return true;
    case DType::kInt16: range = {-32768, 32767}; return true;
    case DType::kInt32: range = {-2147483648.0, 2147483647.0}; return true;
    case DType::kInt64: range = {-9223372036854775808.0, 9223372036854775808.0}; return true;
    case DType::kUint8: range = {0, 255}; return true;
    case DType::kUint16: range = {0, 65535}; return true;
    case DType::kUint32: range = {0, 4294967295.0}; return true;
    case DType::kUint64: range = {0, 18446744073709551616.0}; return true;
    case DType::kBool: range = {0, 1}; return true;
    default: return false;
  }
}

/// To the nearest half (ties to even), as numpy's float16 holds it.
double round_to_half(double value) {
  if (!std::isfinite(value) || value == 0) return value;
  if (std::abs(value) >= 65520) return std::copysign(HUGE_VAL, value);
  const int exponent = std::max(std::ilogb(value), -14) - 10;
  return std::ldexp(std::nearbyint(std::ldexp(value, -exponent)), exponent);
}

double bfloat_to_double(uint16_t bits) {
  return static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bits) << 16U));
}

double round_to_float(double value) {
  constexpr double kRoundsToInfinity = 3.4028235677973366e38;  // FLT_MAX and half a step
  if (std::abs(value) >= kRoundsToInfinity) return std::copysign(HUGE_VAL, value);
  return static_cast<double>(static_cast<float>(value));
}

/// To the nearest bfloat16 (ties to even): a float without its lower half.
double round_to_bfloat(double value) {
  const double rounded = round_to_float(value);
  if (!std::isfinite(rounded)) return rounded;
  const auto bits = std::bit_cast<uint32_t>(static_cast<float>(rounded));
  const uint32_t even = (bits >> 16U) & 1U;
  return bfloat_to_double(static_cast<uint16_t>((bits + 0x7FFFU + even) >> 16U));
}

double half_to_double(uint16_t bits) {
  const uint32_t exponent = (bits >> 10U) & 0x1FU;
  const double fraction = bits & 0x3FFU;
  double value = 0;
  if (exponent == 31) {
    value = fraction == 0 ? HUGE_VAL : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else {
    value = std::ldexp(fraction + 1024, static_cast<int>(exponent) - 25);
  }
  return (bits & 0x8000U) != 0 ? -value : value;
}

/// The number as the tensor's datatype holds it.
Status convert(DType dtype, double& number) {
  if (dtype == DType::kFloat64 || std::isnan(number)) return {};
  if (dtype == DType::kFloat32) {
    number = round_to_float(number);
    return {};
  }
  if (dtype == DType::kFloat16) {
    number = round_to_half(number);
    return {};
  }
  if (dtype == DType::kBfloat16) {
    number = round_to_bfloat(number);
    return {};
  }
  IntegerRange range{};
  if (!integer_range(dtype, range)) return {};
  if (number < range.min || number > range.max || number != std::trunc(number)) {
    return invalid_argument(fmt::format("{} holds no such value: {}", oip_name(dtype), number));
  }
  return {};
}

class JsonDataReader {
 public:
  JsonDataReader(JsonInput& json, const Tensor& tensor, const Place& place)
      : json_(json),
        tensor_(tensor),
        place_(place),
        numbers_(place.input.number_row(0)),
        strings_(place.type == ColumnType::kText ? place.input.string_row(0) : nullptr) {}

  Status read(ondemand::value& value) {
    ondemand::array array;
    if (const auto error = value.get_array().get(array)) {
      if (error != simdjson::INCORRECT_TYPE) return json_.syntax_error(error);
      return invalid_argument("\"data\": expected a list, got " + describe(value));
    }
    for (auto element : array) {
      ondemand::value item;
      if (const auto error = element.get(item)) return json_.syntax_error(error);
      ondemand::json_type type{};
      if (const auto error = item.type().get(type)) return json_.syntax_error(error);
      if (type != ondemand::json_type::array) {
        if (nested_) return invalid_argument("\"data\" mixes lists and single values");
        TRY_STATUS(read_element(item));
        continue;
      }
      if (count_ > 0 && !nested_) {
        return invalid_argument("\"data\" mixes lists and single values");
      }
      nested_ = true;
      TRY_STATUS(read_nested(item));
    }
    if (count_ == place_.count) return {};
    return invalid_argument(
        fmt::format("\"data\": expected {} values by its shape, got {}", place_.count, count_));
  }

 private:
  Status read_nested(ondemand::value& item) {
    if (tensor_.rank != 2) return invalid_argument("\"data\" is nested deeper than its shape");
    ondemand::array row;
    if (const auto error = item.get_array().get(row)) return json_.syntax_error(error);
    const size_t before = count_;
    for (auto element : row) {
      ondemand::value value;
      if (const auto error = element.get(value)) return json_.syntax_error(error);
      TRY_STATUS(read_element(value));
    }
    if (count_ - before == place_.width) return {};
    return invalid_argument(fmt::format("\"data\": expected {} values in row {}, got {}",
                                        place_.width, before / place_.width, count_ - before));
  }

  Status read_element(ondemand::value& value) {
    if (count_ >= place_.count) {  // counted on, for the message
      ++count_;
      return {};
    }
    const size_t cell = place_.first + count_ * place_.stride;
    Status status;
    switch (place_.type) {
      case ColumnType::kText: status = read_text(json_, value, place_.input, strings_[cell]); break;
      case ColumnType::kNumber:
        status = read_number(json_, value, numbers_[cell]);
        if (status.ok()) status = convert(tensor_.dtype, numbers_[cell]);
        break;
      case ColumnType::kRecord: status = read_record_element(value, cell); break;
    }
    if (!status.ok() && !json_.failed_on_syntax()) {
      return std::move(status).with_context(fmt::format("\"data\" element {}", count_));
    }
    ++count_;
    return status;
  }

  Status read_record_element(ondemand::value& value, size_t cell) {
    const size_t row = cell / place_.input.columns();
    const size_t column = cell % place_.input.columns();
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return json_.syntax_error(error);
    if (type != ondemand::json_type::string) {
      return read_record(json_, value, place_.input, row, column);
    }
    std::string_view text;
    if (const auto error = value.get_string().get(text)) return json_.syntax_error(error);
    return read_record_text(place_.nested, text, place_.input, row, column);
  }

  JsonInput& json_;
  const Tensor& tensor_;
  const Place& place_;
  double* numbers_;
  StringCell* strings_;
  size_t count_ = 0;
  bool nested_ = false;
};

size_t element_bytes(DType dtype) {
  switch (dtype) {
    case DType::kBool:
    case DType::kInt8:
    case DType::kUint8: return 1;
    case DType::kInt16:
    case DType::kUint16:
    case DType::kFloat16:
    case DType::kBfloat16: return 2;
    case DType::kInt32:
    case DType::kUint32:
    case DType::kFloat32: return 4;
    case DType::kInt64:
    case DType::kUint64:
    case DType::kFloat64: return 8;
    case DType::kString: return 0;
  }
  return 0;
}

template <typename T>
void copy_elements(const char* bytes, const Place& place) {
  double* numbers = place.input.number_row(0);
  for (size_t k = 0; k < place.count; ++k) {
    T element;
    std::memcpy(&element, bytes + k * sizeof(T), sizeof(T));
    numbers[place.first + k * place.stride] = static_cast<double>(element);
  }
}

template <double (*to_double)(uint16_t)>
void copy_halves(const char* bytes, const Place& place) {
  double* numbers = place.input.number_row(0);
  for (size_t k = 0; k < place.count; ++k) {
    uint16_t bits = 0;
    std::memcpy(&bits, bytes + k * sizeof(bits), sizeof(bits));
    numbers[place.first + k * place.stride] = to_double(bits);
  }
}

Status read_binary_texts(std::string_view bytes, const Place& place) {
  for (size_t k = 0; k < place.count; ++k) {
    uint32_t size = 0;
    if (bytes.size() < sizeof(size)) {
      return invalid_argument(fmt::format("the binary data ends before element {}", k));
    }
    std::memcpy(&size, bytes.data(), sizeof(size));
    bytes.remove_prefix(sizeof(size));
    if (size > bytes.size()) {
      return invalid_argument(fmt::format("the binary data ends inside element {}", k));
    }
    const std::string_view text = bytes.substr(0, size);
    Status status = store_text(text, place.first + k * place.stride, place);
    if (!status.ok()) return std::move(status).with_context(fmt::format("binary element {}", k));
    bytes.remove_prefix(size);
  }
  if (bytes.empty()) return {};
  return invalid_argument(
      fmt::format("{} bytes are left over after the tensor's {} texts", bytes.size(), place.count));
}

}  // namespace

Status store_text(std::string_view text, size_t cell, const Place& place) {
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    return invalid_argument("the text is not valid UTF-8");
  }
  InputBuffer& input = place.input;
  if (place.type == ColumnType::kText) {
    input.string_row(0)[cell] = input.store(text);
    return {};
  }
  return read_record_text(place.nested, text, input, cell / input.columns(),
                          cell % input.columns());
}

Status read_json_data(JsonInput& json, ondemand::value& value, const Tensor& tensor,
                      const Place& place) {
  return JsonDataReader(json, tensor, place).read(value);
}

Status read_binary_data(std::string_view bytes, const Tensor& tensor, const Place& place) {
  if (place.type != ColumnType::kNumber) return read_binary_texts(bytes, place);
  const size_t size = element_bytes(tensor.dtype);
  if (bytes.size() != size * place.count) {
    return invalid_argument(fmt::format("expected {} bytes of {} by its shape, got {}",
                                        size * place.count, oip_name(tensor.dtype), bytes.size()));
  }
  switch (tensor.dtype) {
    case DType::kBool: copy_elements<uint8_t>(bytes.data(), place); break;
    case DType::kInt8: copy_elements<int8_t>(bytes.data(), place); break;
    case DType::kInt16: copy_elements<int16_t>(bytes.data(), place); break;
    case DType::kInt32: copy_elements<int32_t>(bytes.data(), place); break;
    case DType::kInt64: copy_elements<int64_t>(bytes.data(), place); break;
    case DType::kUint8: copy_elements<uint8_t>(bytes.data(), place); break;
    case DType::kUint16: copy_elements<uint16_t>(bytes.data(), place); break;
    case DType::kUint32: copy_elements<uint32_t>(bytes.data(), place); break;
    case DType::kUint64: copy_elements<uint64_t>(bytes.data(), place); break;
    case DType::kFloat16: copy_halves<half_to_double>(bytes.data(), place); break;
    case DType::kBfloat16: copy_halves<bfloat_to_double>(bytes.data(), place); break;
    case DType::kFloat32: copy_elements<float>(bytes.data(), place); break;
    case DType::kFloat64: copy_elements<double>(bytes.data(), place); break;
    case DType::kString: break;
  }
  return {};
}

}  // namespace slipway::protocols::kserve_v2
