#include "tensor/dtype.h"

#include <array>
#include <utility>

namespace slipway {
namespace {

constexpr std::array<std::pair<DType, std::string_view>, 14> kOipNames = {{
    {DType::kBool, "BOOL"},
    {DType::kInt8, "INT8"},
    {DType::kInt16, "INT16"},
    {DType::kInt32, "INT32"},
    {DType::kInt64, "INT64"},
    {DType::kUint8, "UINT8"},
    {DType::kUint16, "UINT16"},
    {DType::kUint32, "UINT32"},
    {DType::kUint64, "UINT64"},
    {DType::kFloat16, "FP16"},
    {DType::kBfloat16, "BF16"},
    {DType::kFloat32, "FP32"},
    {DType::kFloat64, "FP64"},
    {DType::kString, "BYTES"},
}};

}  // namespace

std::string_view oip_name(DType dtype) {
  for (const auto& [type, name] : kOipNames) {
    if (type == dtype) return name;
  }
  return "BYTES";
}

std::optional<DType> dtype_from_oip_name(std::string_view name) {
  for (const auto& [type, text] : kOipNames) {
    if (text == name) return type;
  }
  return std::nullopt;
}

}  // namespace slipway
