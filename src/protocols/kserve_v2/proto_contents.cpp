#include "protocols/kserve_v2/proto_contents.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "protocols/internal/proto_fields.h"

namespace slipway::protocols::kserve_v2 {
namespace {

enum Field : uint32_t {
  kBool = 1,
  kInt = 2,
  kInt64 = 3,
  kUint = 4,
  kUint64 = 5,
  kFloat = 6,
  kDouble = 7,
  kTexts = 8,
};
constexpr std::array<std::string_view, 9> kFieldNames = {"",
                                                         "bool_contents",
                                                         "int_contents",
                                                         "int64_contents",
                                                         "uint_contents",
                                                         "uint64_contents",
                                                         "fp32_contents",
                                                         "fp64_contents",
                                                         "bytes_contents"};

/// 0 for FP16 and BF16, which have none.
uint32_t field_of(DType dtype) {
  switch (dtype) {
    case DType::kBool: return kBool;
    case DType::kInt8:
    case DType::kInt16:
    case DType::kInt32: return kInt;
    case DType::kInt64: return kInt64;
    case DType::kUint8:
    case DType::kUint16:
    case DType::kUint32: return kUint;
    case DType::kUint64: return kUint64;
    case DType::kFloat32: return kFloat;
    case DType::kFloat64: return kDouble;
    case DType::kString: return kTexts;
    case DType::kFloat16:
    case DType::kBfloat16: return 0;
  }
  return 0;
}

class TypedReader {
 public:
  TypedReader(const Tensor& tensor, const Place& place)
      : dtype_(tensor.dtype), place_(place), numbers_(place.input.number_row(0)) {}

  Status read(std::string_view contents) {
    const uint32_t expected = field_of(dtype_);
    if (expected == 0) {
      return invalid_argument(
          fmt::format("{} travels in raw_input_contents only", oip_name(dtype_)));
    }
    ProtoFields fields(contents);
    while (fields.next()) {
      const uint32_t number = fields.number();
      if (number == expected) {
        TRY_STATUS(read_field(fields));
      } else if (number <= kTexts && !is_empty(fields)) {
        return invalid_argument(fmt::format("expected {} for {}, got {}", kFieldNames[expected],
                                            oip_name(dtype_), kFieldNames[number]));
      }
    }
    TRY_STATUS(fields.status("its contents"));
    if (count_ == place_.count) return {};
    return invalid_argument(
        fmt::format("expected {} elements by its shape, got {}", place_.count, count_));
  }

 private:
  static bool is_empty(const ProtoFields& fields) {
    return fields.number() != kTexts && fields.kind() == ProtoFields::kBytes &&
           fields.bytes().empty();
  }

  Status read_field(const ProtoFields& fields) {
    const std::string_view bytes = fields.bytes();
    const bool packed = fields.kind() == ProtoFields::kBytes;
    if (dtype_ == DType::kString) return packed ? text(bytes) : Status();
    if (dtype_ == DType::kFloat32) {
      return packed || fields.kind() == ProtoFields::kFixed32 ? fixed<float>(bytes) : Status();
    }
    if (dtype_ == DType::kFloat64) {
      return packed || fields.kind() == ProtoFields::kFixed64 ? fixed<double>(bytes) : Status();
    }
    if (packed) return varints(bytes);
    return fields.kind() == ProtoFields::kVarint ? varint(fields.varint()) : Status();
  }

  /// The next cell; counted on without one, for the message.
  void put(double number) {
    if (count_ < place_.count) numbers_[place_.first + count_ * place_.stride] = number;
    ++count_;
  }

  Status text(std::string_view bytes) {
    if (count_ < place_.count) {
      Status status = store_text(bytes, place_.first + count_ * place_.stride, place_);
      if (!status.ok()) return std::move(status).with_context(fmt::format("element {}", count_));
    }
    ++count_;
    return {};
  }

  template <typename T>
  Status fixed(std::string_view bytes) {
    if (bytes.size() % sizeof(T) != 0) {
      return invalid_argument(fmt::format("its contents are malformed protobuf: {} bytes of {}",
                                          bytes.size(), oip_name(dtype_)));
    }
    for (; !bytes.empty(); bytes.remove_prefix(sizeof(T))) {
      T element;
      std::memcpy(&element, bytes.data(), sizeof(T));
      put(static_cast<double>(element));
    }
    return {};
  }

  Status varints(std::string_view packed) {
    google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(packed.data()),
                                              static_cast<int>(packed.size()));
    while (static_cast<size_t>(in.CurrentPosition()) < packed.size()) {
      uint64_t value = 0;
      if (!in.ReadVarint64(&value)) {
        return invalid_argument("its contents are malformed protobuf");
      }
      TRY_STATUS(varint(value));
    }
    return {};
  }

  Status varint(uint64_t value) {
    const auto wide = static_cast<int64_t>(value);
    switch (dtype_) {
      case DType::kBool: put(value != 0 ? 1 : 0); return {};
      case DType::kInt64: put(static_cast<double>(wide)); return {};
      case DType::kUint64: put(static_cast<double>(value)); return {};
      // int32 and uint32 keep the lower 32 bits, as protobuf has it.
      case DType::kInt8: return ranged(static_cast<int32_t>(wide), INT8_MIN, INT8_MAX);
      case DType::kInt16: return ranged(static_cast<int32_t>(wide), INT16_MIN, INT16_MAX);
      case DType::kInt32: return ranged(static_cast<int32_t>(wide), INT32_MIN, INT32_MAX);
      case DType::kUint8: return ranged(static_cast<uint32_t>(value), 0, UINT8_MAX);
      case DType::kUint16: return ranged(static_cast<uint32_t>(value), 0, UINT16_MAX);
      default: return ranged(static_cast<uint32_t>(value), 0, UINT32_MAX);
    }
  }

  Status ranged(int64_t value, int64_t min, int64_t max) {
    if (value >= min && value <= max) {
      put(static_cast<double>(value));
      return {};
    }
    return invalid_argument(
        fmt::format("element {}: {} holds no such value: {}", count_, oip_name(dtype_), value));
  }

  const DType dtype_;
  const Place& place_;
  double* const numbers_;
  size_t count_ = 0;
};

}  // namespace

Status read_typed_data(std::string_view contents, const Tensor& tensor, const Place& place) {
  return TypedReader(tensor, place).read(contents);
}

}  // namespace slipway::protocols::kserve_v2
