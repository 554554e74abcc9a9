#include "graph/ops/polynomial.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway {

Result<ValueType> PolynomialOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense) {
    return invalid_argument("expected one dense input");
  }
  if (inputs[0].width != features) {
    return invalid_argument(fmt::format("expected {} features, got {}", features, inputs[0].width));
  }
  if (starts.empty() || starts.front() != 0 || starts.back() != factors.size() ||
      !std::is_sorted(starts.begin(), starts.end())) {
    return invalid_argument("the terms do not cover the factors");
  }
  if (starts.size() - 1 > kWidthMax) return resource_exhausted("too many terms");
  for (const uint32_t factor : factors) {
    if (factor >= features) {
      return invalid_argument(fmt::format("factor {} is not one of {} features", factor, features));
    }
  }
  return ValueType{ValueKind::kDense, static_cast<uint32_t>(starts.size() - 1)};
}

std::string PolynomialOp::describe() const { return fmt::format("{} terms", starts.size() - 1); }

}  // namespace slipway
