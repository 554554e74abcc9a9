#include "graph/ops/interpolate.h"

#include <fmt/format.h>

namespace slipway {

Result<ValueType> InterpolateOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense || inputs[0].width != 1) {
    return invalid_argument("expected one dense column");
  }
  if (x.empty() || x.size() != y.size()) {
    return invalid_argument(fmt::format("{} points with {} values", x.size(), y.size()));
  }
  for (size_t i = 0; i + 1 < x.size(); ++i) {
    if (!(x[i] <= x[i + 1])) return invalid_argument("the points are not in ascending order");
  }
  return ValueType{ValueKind::kDense, 1};
}

std::string InterpolateOp::describe() const {
  return fmt::format("{} points{}", x.size(),
                     outside == Outside::kClip  ? ", clip"
                     : outside == Outside::kNan ? ", NaN outside"
                                                : "");
}

}  // namespace slipway
