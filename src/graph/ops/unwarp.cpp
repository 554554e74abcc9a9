#include "graph/ops/unwarp.h"

#include <fmt/format.h>

namespace slipway {

Result<ValueType> UnwarpOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense) {
    return invalid_argument("expected one dense input");
  }
  const size_t expected = function == Function::kNormalCdf ? 0 : inputs[0].width;
  if (exponents.size() != expected) {
    return invalid_argument(
        fmt::format("{} exponents for {} columns", exponents.size(), inputs[0].width));
  }
  return inputs[0];
}

std::string UnwarpOp::describe() const {
  switch (function) {
    case Function::kBoxCox: return "box-cox";
    case Function::kYeoJohnson: return "yeo-johnson";
    case Function::kNormalCdf: return "normal cdf";
  }
  return "";
}

}  // namespace slipway
