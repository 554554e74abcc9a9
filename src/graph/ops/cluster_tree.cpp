#include "graph/ops/cluster_tree.h"

#include <fmt/format.h>

namespace slipway {

Result<ValueType> ClusterTreeOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense) {
    return invalid_argument("expected one dense input");
  }
  if (inputs[0].width != tables.features) {
    return invalid_argument(
        fmt::format("expected {} features, got {}", tables.features, inputs[0].width));
  }
  const size_t count = tables.nodes.size();
  if (count == 0 || tables.centers.size() != count * tables.features) {
    return invalid_argument(fmt::format("the centres do not fit {} nodes", count));
  }
  for (size_t i = 0; i < count; ++i) {
    const uint32_t left = tables.nodes[i].left;
    // Children behind their parents: no walk goes on for ever.
    if (left != 0 && (left <= i || size_t{left} + 1 >= count)) {
      return invalid_argument(fmt::format("node {} has no usable children", i));
    }
    if (left == 0 && tables.nodes[i].label >= kWidthMax) {
      return invalid_argument(fmt::format("node {} has no usable label", i));
    }
  }
  return ValueType{ValueKind::kIndex, 1};
}

std::string ClusterTreeOp::describe() const { return fmt::format("{} nodes", tables.nodes.size()); }

}  // namespace slipway
