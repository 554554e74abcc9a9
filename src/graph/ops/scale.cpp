#include "graph/ops/scale.h"

#include <fmt/format.h>

namespace slipway {

Result<ValueType> ScaleOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 ||
      (inputs[0].kind != ValueKind::kDense && inputs[0].kind != ValueKind::kSparse)) {
    return invalid_argument("expected one dense or sparse input");
  }
  if (inputs[0].width != width) {
    return invalid_argument(fmt::format("expected {} columns, got {}", width, inputs[0].width));
  }
  if ((!shift.empty() && shift.size() != width) || (!factor.empty() && factor.size() != width)) {
    return invalid_argument(fmt::format("expected {} constants, got {} to shift and {} to scale",
                                        width, shift.size(), factor.size()));
  }
  if (inputs[0].kind == ValueKind::kSparse && (!shift.empty() || clip.has_value())) {
    return invalid_argument("a sparse input cannot be shifted or clipped");
  }
  if (clip.has_value() && !(clip->low <= clip->high)) {
    return invalid_argument(fmt::format("clip range {} to {} is empty", clip->low, clip->high));
  }
  return inputs[0];
}

std::string ScaleOp::describe() const {
  const bool divides = form == Form::kSubtractDivide;
  return fmt::format("{}{}{}",
                     shift.empty() ? ""
                     : divides     ? "subtract "
                                   : "add ",
                     factor.empty() ? ""
                     : divides      ? "divide"
                                    : "multiply",
                     clip.has_value() ? fmt::format(" clip {}..{}", clip->low, clip->high) : "");
}

Result<ValueType> NormalizeOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 ||
      (inputs[0].kind != ValueKind::kDense && inputs[0].kind != ValueKind::kSparse)) {
    return invalid_argument("expected one dense or sparse input");
  }
  if (!(norm_min > 0)) return invalid_argument("the least norm must be above 0");
  return inputs[0];
}

std::string NormalizeOp::describe() const {
  switch (norm) {
    case Norm::kL1: return "l1";
    case Norm::kL2: return "l2";
    case Norm::kMax: return "max";
  }
  return "";
}

}  // namespace slipway
