#include "graph/ops/linear.h"

#include <fmt/format.h>

namespace slipway {

Result<ValueType> LinearOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 ||
      (inputs[0].kind != ValueKind::kDense && inputs[0].kind != ValueKind::kSparse)) {
    return invalid_argument("expected one dense or sparse input");
  }
  if (inputs[0].width != features) {
    return invalid_argument(fmt::format("expected {} features, got {}", features, inputs[0].width));
  }
  if (weights.size() != uint64_t{outputs} * features || intercept.size() != outputs) {
    return invalid_argument(fmt::format(
        "weights and intercept do not fit {} outputs of {} features", outputs, features));
  }
  return ValueType{ValueKind::kDense, outputs};
}

std::string LinearOp::describe() const { return fmt::format("{}x{}", outputs, features); }

}  // namespace slipway
