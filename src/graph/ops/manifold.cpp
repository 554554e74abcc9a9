#include "graph/ops/manifold.h"

#include <fmt/format.h>

namespace slipway {
namespace {

bool is_neighbor_list(const ValueType& type) {
  return type.kind == ValueKind::kDense && type.width != 0 && type.width % 2 == 0;
}

}  // namespace

Result<ValueType> GeodesicOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || !is_neighbor_list(inputs[0])) {
    return invalid_argument("expected a list of neighbours");
  }
  if (points == 0 || points > kWidthMax || distances.size() != uint64_t{points} * points) {
    return invalid_argument(
        fmt::format("{} distances between {} points", distances.size(), points));
  }
  return ValueType{ValueKind::kDense, points};
}

std::string GeodesicOp::describe() const { return fmt::format("{} points", points); }

Result<ValueType> BarycenterOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 2 || inputs[0].kind != ValueKind::kDense || !is_neighbor_list(inputs[1])) {
    return invalid_argument("expected rows and a list of neighbours");
  }
  if (tables.features == 0 || inputs[0].width != tables.features) {
    return invalid_argument(
        fmt::format("expected {} features, got {}", tables.features, inputs[0].width));
  }
  if (inputs[1].width / 2 > kNeighborsMax) {
    return resource_exhausted(fmt::format("{} neighbours of each row", inputs[1].width / 2));
  }
  const uint64_t count = tables.points.size() / tables.features;
  const bool fits = count != 0 && tables.points.size() == count * tables.features &&
                    tables.outputs != 0 && tables.outputs <= kWidthMax &&
                    tables.embeddings.size() == count * tables.outputs;
  if (!fits) return invalid_argument("the embedding does not fit the points");
  return ValueType{ValueKind::kDense, tables.outputs};
}

std::string BarycenterOp::describe() const {
  return fmt::format("into {} dimensions", tables.outputs);
}

}  // namespace slipway
