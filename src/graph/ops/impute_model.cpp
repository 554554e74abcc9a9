#include "graph/ops/impute_model.h"

#include <fmt/format.h>

#include <cmath>

namespace slipway {

Result<ValueType> KnnImputeOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense || inputs[0].width != features) {
    return invalid_argument(fmt::format("expected one dense input of {} columns", features));
  }
  if (features == 0 || points.empty() || points.size() % features != 0 ||
      point_count() > UINT32_MAX || options.neighbors == 0) {
    return invalid_argument("the points do not fit the features, or no neighbours are asked for");
  }
  if (columns.size() > kWidthMax) return resource_exhausted("too many columns");
  for (const uint32_t column : columns) {
    if (column >= features) return invalid_argument(fmt::format("column {} is not there", column));
    size_t place = column;
    while (place < points.size() && std::isnan(points[place])) place += features;
    if (place >= points.size()) {
      return invalid_argument(fmt::format("no point has a number in column {}", column));
    }
  }
  return ValueType{ValueKind::kDense, static_cast<uint32_t>(columns.size())};
}

std::string KnnImputeOp::describe() const {
  return fmt::format("{} of {} points", options.neighbors, point_count());
}

Result<ValueType> FillPredictedOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 3) return invalid_argument("expected three inputs");
  for (const ValueType& input : inputs) {
    if (input.kind != ValueKind::kDense || input.width != 1) {
      return invalid_argument("expected dense inputs of one column");
    }
  }
  if (std::isnan(low) || std::isnan(high) || low > high) {
    return invalid_argument(fmt::format("the bounds {} to {} hold nothing", low, high));
  }
  return ValueType{ValueKind::kDense, 1};
}

std::string FillPredictedOp::describe() const { return fmt::format("{}..{}", low, high); }

}  // namespace slipway
