#include "graph/ops/measure.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway {

MeasureOp::MeasureOp(Parameters parameters_in, std::vector<Field> fields_in,
                     std::vector<double> points_in)
    : parameters(parameters_in),
      fields(std::move(fields_in)),
      points(std::move(points_in)),
      point_count_(fields.empty() ? 0
                                  : static_cast<uint32_t>(std::min<uint64_t>(
                                        points.size() / fields.size(), uint64_t{kWidthMax} + 1))) {}

Result<ValueType> MeasureOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense) {
    return invalid_argument("expected one dense input");
  }
  if (fields.empty() || inputs[0].width != fields.size()) {
    return invalid_argument(
        fmt::format("expected {} fields, got {}", fields.size(), inputs[0].width));
  }
  if (point_count_ == 0 || point_count_ > kWidthMax ||
      points.size() != point_count_ * fields.size()) {
    return invalid_argument(fmt::format("{} numbers are no {} points of {} fields", points.size(),
                                        point_count_, fields.size()));
  }
  return ValueType{ValueKind::kDense, point_count_};
}

std::string MeasureOp::describe() const {
  return fmt::format("{} fields, {} points", fields.size(), point_count_);
}

Result<ValueType> SmallestOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense) {
    return invalid_argument("expected one dense input");
  }
  if (count == 0 || count > inputs[0].width || count > kWidthMax / 2) {
    return invalid_argument(fmt::format("the {} smallest of {} columns", count, inputs[0].width));
  }
  return ValueType{ValueKind::kDense, 2 * count};
}

std::string SmallestOp::describe() const { return fmt::format("{} smallest", count); }

}  // namespace slipway
