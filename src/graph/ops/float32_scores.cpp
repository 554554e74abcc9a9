#include "graph/ops/float32_scores.h"

#include <fmt/format.h>

namespace slipway {
namespace {

Status expect_dense(std::span<const ValueType> inputs) {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense || inputs[0].width == 0) {
    return invalid_argument("expected one dense input");
  }
  return {};
}

}  // namespace

Result<ValueType> Float32LinearOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(expect_dense(inputs));
  if (inputs[0].width != features) {
    return invalid_argument(fmt::format("expected {} features, got {}", features, inputs[0].width));
  }
  if (start.empty() || start.size() > kWidthMax || weights.size() != features * start.size()) {
    return invalid_argument(fmt::format("{} weights do not fit {} features and {} outputs",
                                        weights.size(), features, start.size()));
  }
  return ValueType{ValueKind::kDense, static_cast<uint32_t>(start.size())};
}

std::string Float32LinearOp::describe() const {
  return fmt::format("{} to {}", features, start.size());
}

Result<ValueType> Float32LinkOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(expect_dense(inputs));
  if (function != Function::kComplementPair) return inputs[0];
  if (inputs[0].width != 1) {
    return invalid_argument(fmt::format("expected 1 column, got {}", inputs[0].width));
  }
  return ValueType{ValueKind::kDense, 2};
}

std::string Float32LinkOp::describe() const {
  switch (function) {
    case Function::kSigmoid: return "sigmoid";
    case Function::kExp: return "exp";
    case Function::kStep: return "step";
    case Function::kSoftmax: return "softmax";
    case Function::kComplementPair: return "complement pair";
    case Function::kSortRow: return "sort row";
    case Function::kRisingSteps: return "rising steps";
  }
  return "";
}

Result<ValueType> Float32MissingOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(expect_dense(inputs));
  return inputs[0];
}

std::string Float32MissingOp::describe() const { return fmt::format("{}", missing); }

}  // namespace slipway
