#include "graph/ops/random_features.h"

#include <fmt/format.h>

#include <cmath>

namespace slipway {
namespace {

bool is_dense(std::span<const ValueType> inputs) {
  return inputs.size() == 1 && inputs[0].kind == ValueKind::kDense;
}

}  // namespace

Result<ValueType> RequireAboveOp::infer(std::span<const ValueType> inputs) const {
  if (!is_dense(inputs)) return invalid_argument("expected one dense input");
  return inputs[0];
}

std::string RequireAboveOp::describe() const {
  return fmt::format("{} {}", bound_is_low ? ">" : ">=", bound);
}

Result<ValueType> AdditiveChi2Op::infer(std::span<const ValueType> inputs) const {
  constexpr uint32_t kStepsMax = 1'000;
  if (!is_dense(inputs)) return invalid_argument("expected one dense input");
  if (steps == 0 || steps > kStepsMax || !(interval > 0) || std::isinf(interval)) {
    return invalid_argument(fmt::format("expected 1 to {} steps of an interval, got {} of {}",
                                        kStepsMax, steps, interval));
  }
  const uint64_t width = uint64_t{inputs[0].width} * (2 * steps - 1);
  if (width > kWidthMax) return resource_exhausted("too many columns");
  return ValueType{ValueKind::kDense, static_cast<uint32_t>(width)};
}

std::string AdditiveChi2Op::describe() const {
  return fmt::format("{} steps of {}", steps, interval);
}

Result<ValueType> CountSketchOp::infer(std::span<const ValueType> inputs) const {
  constexpr uint32_t kComponentsMax = 1U << 14;  // a convolution takes the square of it
  if (!is_dense(inputs) || inputs[0].width != options.features) {
    return invalid_argument(fmt::format("expected {} features", options.features));
  }
  if (options.components == 0 || options.components > kComponentsMax || options.degree == 0) {
    return invalid_argument(fmt::format("expected 1 to {} components and a degree, got {} and {}",
                                        kComponentsMax, options.components, options.degree));
  }
  if (columns.size() != options.degree * elements() || signs.size() != columns.size()) {
    return invalid_argument("the tables do not fit the degree and the features");
  }
  for (const uint32_t column : columns) {
    if (column >= options.components) return invalid_argument("an element is put out of bounds");
  }
  return ValueType{ValueKind::kDense, options.components};
}

std::string CountSketchOp::describe() const {
  return fmt::format("degree {}, {} components", options.degree, options.components);
}

}  // namespace slipway
