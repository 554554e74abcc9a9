// DType: the element types that cross Slipway's borders, with the names of the Open Inference
// Protocol.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace slipway {

enum class DType : uint8_t {
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kFloat16,
  kBfloat16,  // the upper half of a float32
  kFloat32,
  kFloat64,
  kString,
};

/// "BOOL", "INT64", "FP32", "BYTES", ... (Open Inference Protocol, "Tensor Data Types").
std::string_view oip_name(DType dtype);
std::optional<DType> dtype_from_oip_name(std::string_view name);

}  // namespace slipway
