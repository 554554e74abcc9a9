#include "graph/ops/gaussian_process.h"

#include <fmt/format.h>

namespace slipway {

Result<ValueType> LaplaceOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 2 || inputs[0].kind != ValueKind::kDense ||
      inputs[1].kind != ValueKind::kDense) {
    return invalid_argument("expected two dense inputs");
  }
  const uint64_t rows = tables.rows;
  if (rows == 0 || inputs[0].width != rows || inputs[1].width != 1) {
    return invalid_argument(fmt::format("expected {} columns and one, got {} and {}", rows,
                                        inputs[0].width, inputs[1].width));
  }
  if (tables.residuals.size() != rows || tables.roots.size() != rows ||
      tables.triangle.size() != rows * rows) {
    return invalid_argument(fmt::format("its tables do not fit {} rows", rows));
  }
  return ValueType{ValueKind::kDense, 2};
}

std::string LaplaceOp::describe() const { return fmt::format("{} rows", tables.rows); }

}  // namespace slipway
