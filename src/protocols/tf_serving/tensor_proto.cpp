#include "protocols/tf_serving/tensor_proto.h"

#include <fmt/format.h>

#include <cstring>

#include "protocols/internal/closest.h"
#include "protocols/internal/proto_fields.h"
#include "protocols/kserve_v2/tensor_output.h"
#include "protocols/tf_serving/signature.h"

namespace slipway::protocols::tf_serving {
namespace {

using kserve_v2::Place;

// The fields of a TensorProto.
enum Field : uint32_t {
  kDtype = 1,
  kShape = 2,
  kContent = 4,
  kFloatVal = 5,
  kDoubleVal = 6,
  kIntVal = 7,
  kStringVal = 8,
  kInt64Val = 10,
  kBoolVal = 11,
  kHalfVal = 13,
  kUint32Val = 16,
  kUint64Val = 17,
};

constexpr std::string_view kTensor = "the TensorProto";

uint32_t field_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat32: return kFloatVal;
    case DType::kFloat64: return kDoubleVal;
    case DType::kInt8:
    case DType::kInt16:
    case DType::kInt32:
    case DType::kUint8:
    case DType::kUint16: return kIntVal;
    case DType::kString: return kStringVal;
    case DType::kInt64: return kInt64Val;
    case DType::kBool: return kBoolVal;
    case DType::kFloat16:
    case DType::kBfloat16: return kHalfVal;
    case DType::kUint32: return kUint32Val;
    case DType::kUint64: return kUint64Val;
  }
  return 0;
}

Status shape_error(const Tensor& tensor, std::string_view what) {
  return invalid_argument(fmt::format("input {}: {}", in_quotes(tensor.name), what));
}

/// A TensorShapeProto.
Status read_shape(std::string_view message, Tensor& tensor) {
  ProtoFields fields(message);
  while (fields.next()) {
    if (fields.is(3, ProtoFields::kVarint) && fields.varint() != 0) {
      return shape_error(tensor, "the shape has no known rank");
    }
    if (!fields.is(2, ProtoFields::kBytes)) continue;
    uint64_t size = 0;
    ProtoFields dimension(fields.bytes());
    while (dimension.next()) {
      if (dimension.is(1, ProtoFields::kVarint)) size = dimension.varint();
    }
    TRY_STATUS(dimension.status(kTensor));
    if (static_cast<int64_t>(size) < 0) return shape_error(tensor, "a dimension is negative");
    if (tensor.rank == 2) {
      return shape_error(tensor, "expected one or two dimensions, got more");
    }
    tensor.dims[tensor.rank++] = size;
  }
  return fields.status(kTensor);
}

/// Reads varints, packed or not.
template <typename Put>
Status read_varints(const ProtoFields& field, Put put) {
  if (field.kind() == ProtoFields::kVarint) {
    put(field.varint());
    return {};
  }
  if (field.kind() != ProtoFields::kBytes) return {};
  const std::string_view packed = field.bytes();
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(packed.data()),
                                            static_cast<int>(packed.size()));
  while (static_cast<size_t>(in.CurrentPosition()) < packed.size()) {
    uint64_t value = 0;
    if (!in.ReadVarint64(&value)) {
      return invalid_argument(fmt::format("{} is malformed protobuf", kTensor));
    }
    put(value);
  }
  return {};
}

/// The typed field of the tensor's own type; the others are passed over, as TensorFlow does.
class TypedValues {
 public:
  TypedValues(const Tensor& tensor, const Place& place) : dtype_(tensor.dtype), place_(place) {}

  Status read(std::string_view message) {
    const uint32_t wanted = field_of(dtype_);
    ProtoFields fields(message);
    while (fields.next()) {
      if (fields.number() == wanted) TRY_STATUS(read_field(fields));
    }
    TRY_STATUS(fields.status(kTensor));
    if (wanted == kHalfVal) return put_halves();
    return repeat_last();
  }

 private:
  Status read_field(const ProtoFields& field) {
    const bool is_packed = field.kind() == ProtoFields::kBytes;
    switch (field.number()) {
      case kStringVal: return is_packed ? text(field.bytes()) : Status();
      case kFloatVal:
        return is_packed || field.kind() == ProtoFields::kFixed32 ? fixed<float>(field.bytes())
                                                                  : Status();
      case kDoubleVal:
        return is_packed || field.kind() == ProtoFields::kFixed64 ? fixed<double>(field.bytes())
                                                                  : Status();
      default: return read_varints(field, [this](uint64_t value) { varint(value); });
    }
  }

  void put(double number) {
    if (count_ < place_.count) {
      place_.input.number_row(0)[place_.first + count_ * place_.stride] = number;
    }
    ++count_;
    last_ = number;
  }

  void varint(uint64_t value) {
    const auto wide = static_cast<int64_t>(value);
    switch (dtype_) {
      case DType::kInt8: return put(static_cast<int8_t>(wide));
      case DType::kInt16: return put(static_cast<int16_t>(wide));
      case DType::kInt32: return put(static_cast<int32_t>(wide));
      case DType::kInt64: return put(static_cast<double>(wide));
      case DType::kUint8: return put(static_cast<uint8_t>(value));
      case DType::kUint16: return put(static_cast<uint16_t>(value));
      case DType::kUint32: return put(static_cast<uint32_t>(value));
      case DType::kUint64: return put(static_cast<double>(value));
      case DType::kBool: return put(value != 0 ? 1 : 0);
      default:  // the bits of a half
        if (halves_.size() < place_.count * sizeof(uint16_t)) {
          ProtoWriter(halves_).raw(static_cast<uint16_t>(value));
        }
    }
  }

  template <typename T>
  Status fixed(std::string_view bytes) {
    if (bytes.size() % sizeof(T) != 0) {
      return invalid_argument(fmt::format("{} is malformed protobuf", kTensor));
    }
    for (; !bytes.empty(); bytes.remove_prefix(sizeof(T))) {
      T element;
      std::memcpy(&element, bytes.data(), sizeof(T));
      put(static_cast<double>(element));
    }
    return {};
  }

  Status text(std::string_view bytes) {
    if (count_ < place_.count) {
      TRY_STATUS(kserve_v2::store_text(bytes, place_.first + count_ * place_.stride, place_));
    }
    ++count_;
    return {};
  }

  Status put_halves() {
    if (halves_.empty()) return repeat_last();
    const std::string last = halves_.substr(halves_.size() - sizeof(uint16_t));
    while (halves_.size() < place_.count * sizeof(uint16_t)) halves_ += last;
    Tensor tensor;
    tensor.dtype = dtype_;
    return kserve_v2::read_binary_data(halves_, tensor, place_);
  }

  Status repeat_last() {
    if (count_ >= place_.count) return {};
    if (place_.type == ColumnType::kRecord) {
      return invalid_argument(
          fmt::format("expected {} values by its shape, got {}", place_.count, count_));
    }
    const size_t given = count_;
    if (place_.type == ColumnType::kNumber) {
      while (count_ < place_.count) put(last_);
      return {};
    }
    StringCell* const cells = place_.input.string_row(0);
    const StringCell last =
        given == 0 ? place_.input.store("") : cells[place_.first + (given - 1) * place_.stride];
    for (; count_ < place_.count; ++count_) cells[place_.first + count_ * place_.stride] = last;
    return {};
  }

  const DType dtype_;
  const Place& place_;
  size_t count_ = 0;
  double last_ = 0;     // what a tensor without any value is filled with
  std::string halves_;  // bits, little-endian
};

/// Strings in tensor_content: the lengths of all of them, then their bytes.
Status read_text_content(std::string_view content, const Place& place) {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(content.data()),
                                            static_cast<int>(content.size()));
  // A first walk over the lengths tells where the bytes begin; the second one reads both.
  for (size_t i = 0; i < place.count; ++i) {
    uint64_t size = 0;
    if (!in.ReadVarint64(&size)) return invalid_argument("tensor_content ends inside its lengths");
  }
  std::string_view bytes = content.substr(static_cast<size_t>(in.CurrentPosition()));
  google::protobuf::io::CodedInputStream lengths(reinterpret_cast<const uint8_t*>(content.data()),
                                                 static_cast<int>(content.size()));
  for (size_t i = 0; i < place.count; ++i) {
    uint64_t size = 0;
    if (!lengths.ReadVarint64(&size) || size > bytes.size()) {
      return invalid_argument(fmt::format("tensor_content ends inside element {}", i));
    }
    TRY_STATUS(kserve_v2::store_text(bytes.substr(0, static_cast<size_t>(size)),
                                     place.first + i * place.stride, place));
    bytes.remove_prefix(static_cast<size_t>(size));
  }
  if (bytes.empty()) return {};
  return invalid_argument(
      fmt::format("tensor_content has {} bytes beyond its texts", bytes.size()));
}

/// The typed field of each kind of element that a model gives.
struct TensorSink {
  ProtoWriter& out;

  void truth(bool value) { out.raw_varint(value ? 1 : 0); }
  void integer(int64_t value) { out.raw_varint(static_cast<uint64_t>(value)); }
  void real(double value) { out.raw(value); }
  void text(std::string_view value) { out.bytes(kStringVal, value); }
};

void append_dimension(ProtoWriter& out, int64_t size) {
  const size_t dimension = out.open(2);
  out.varint(1, static_cast<uint64_t>(size));
  out.close(dimension);
}

}  // namespace

Status read_tensor_head(std::string_view message, std::string_view name, Tensor& tensor) {
  tensor = Tensor();
  tensor.name = name;
  tensor.contents = message;
  uint64_t type = 0;
  ProtoFields fields(message);
  while (fields.next()) {
    if (fields.is(kDtype, ProtoFields::kVarint)) type = fields.varint();
    if (fields.is(kShape, ProtoFields::kBytes)) TRY_STATUS(read_shape(fields.bytes(), tensor));
  }
  TRY_STATUS(fields.status(kTensor));
  const auto dtype = type_from_number(type);
  if (!dtype) {
    return shape_error(tensor, fmt::format("type {} of TensorFlow's DataType is not taken", type));
  }
  tensor.dtype = *dtype;
  if (tensor.rank > 0) return {};
  return shape_error(tensor, "expected one or two dimensions, got none");
}

Status read_tensor_data(const Tensor& tensor, const Place& place) {
  std::string_view content;
  ProtoFields fields(tensor.contents);
  while (fields.next()) {
    if (fields.is(kContent, ProtoFields::kBytes)) content = fields.bytes();
  }
  TRY_STATUS(fields.status(kTensor));
  if (content.empty()) return TypedValues(tensor, place).read(tensor.contents);
  if (place.type != ColumnType::kNumber) return read_text_content(content, place);
  return kserve_v2::read_binary_data(content, tensor, place);
}

void append_tensor(ProtoWriter& out, const OutputSpec& spec, const OutputBuffer& output) {
  const DType dtype = output_dtype(spec);
  out.varint(kDtype, type_number(dtype));
  const size_t shape = out.open(kShape);
  append_dimension(out, static_cast<int64_t>(output.rows));
  if (!spec.is_vector) append_dimension(out, static_cast<int64_t>(output.width));
  out.close(shape);
  TensorSink sink{out};
  if (dtype == DType::kString || output.rows * output.width == 0) {
    return kserve_v2::for_each_element(spec, output, sink);
  }
  const size_t values = out.open(field_of(dtype));
  kserve_v2::for_each_element(spec, output, sink);
  out.close(values);
}

void append_tensor_info(ProtoWriter& out, std::string_view name, DType dtype, size_t width) {
  out.bytes(1, std::string(name) + ":0");
  out.varint(2, type_number(dtype));
  const size_t shape = out.open(3);
  append_dimension(out, -1);
  if (width > 0) append_dimension(out, static_cast<int64_t>(width));
  out.close(shape);
}

}  // namespace slipway::protocols::tf_serving
