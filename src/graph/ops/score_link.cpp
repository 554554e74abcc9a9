#include "graph/ops/score_link.h"

#include <fmt/format.h>

#include <array>

namespace slipway {

Result<ValueType> ScoreLinkOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense) {
    return invalid_argument("expected one dense input");
  }
  return inputs[0];
}

std::string ScoreLinkOp::describe() const {
  static constexpr std::array<std::string_view, 4> kNames = {"sigmoid", "signed square", "softplus",
                                                             "divide"};
  const std::string_view name = kNames[static_cast<size_t>(function)];
  return scale == 1 ? std::string(name) : fmt::format("{}, {}", name, scale);
}

Result<ValueType> ZeroAsMissingOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense) {
    return invalid_argument("expected one dense input");
  }
  if (picks.empty() || picks.size() > kWidthMax) {
    return invalid_argument(fmt::format("expected columns, got {}", picks.size()));
  }
  for (const Pick& pick : picks) {
    if (pick.column >= inputs[0].width) {
      return invalid_argument(
          fmt::format("it picks column {} of {}", pick.column, inputs[0].width));
    }
  }
  return ValueType{ValueKind::kDense, static_cast<uint32_t>(picks.size())};
}

std::string ZeroAsMissingOp::describe() const { return fmt::format("{} columns", picks.size()); }

}  // namespace slipway
