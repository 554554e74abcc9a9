#include "graph/ops/pairwise.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/heap_bytes.h"

namespace slipway {

using Kind = PairwiseStep::Kind;

PairwiseProgram PairwiseProgram::of(PairwiseFunction function, double a, double b, double c) {
  PairwiseStep step;
  step.function = function;
  step.a = a;
  step.b = b;
  step.c = c;
  return {{std::move(step)}};
}

PairwiseOp::PairwiseOp(PairwiseProgram program_in, uint32_t features, std::vector<double> points_in,
                       bool diagonal)
    : program(std::move(program_in)),
      features(features),
      points(std::move(points_in)),
      diagonal(diagonal),
      point_count_(features == 0 ? 0
                                 : static_cast<uint32_t>(std::min<uint64_t>(
                                       points.size() / features, uint64_t{kWidthMax} + 1))) {}

size_t PairwiseOp::depth() const {
  size_t depth = 0;
  size_t deepest = 0;
  for (const PairwiseStep& step : program.steps) {
    const bool joins = step.kind == Kind::kSum || step.kind == Kind::kProduct;
    if (depth < (joins ? 2U : step.kind == Kind::kPower ? 1U : 0U)) return 0;
    if (joins) {
      --depth;
    } else if (step.kind != Kind::kPower) {
      deepest = std::max(deepest, ++depth);
    }
  }
  return depth == 1 ? deepest : 0;
}

Result<ValueType> PairwiseOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense) {
    return invalid_argument("expected one dense input");
  }
  if (features == 0 || inputs[0].width != features) {
    return invalid_argument(fmt::format("expected {} features, got {}", features, inputs[0].width));
  }
  if (const size_t needed = depth(); needed == 0 || needed > kDepthMax) {
    return invalid_argument("the program is malformed or holds too many values at once");
  }
  for (const PairwiseStep& step : program.steps) {
    if (!step.lengths.empty() && step.lengths.size() != features) {
      return invalid_argument(
          fmt::format("{} lengths for {} features", step.lengths.size(), features));
    }
    constexpr double kSmoothnessMax = 1000;  // its function takes as many steps
    if (step.kind == Kind::kFunction && step.function == PairwiseFunction::kMatern &&
        !(step.a > 0 && (step.a <= kSmoothnessMax || std::isinf(step.a)))) {
      return invalid_argument(fmt::format("no usable smoothness, {}", step.a));
    }
  }
  if (diagonal) {
    if (!points.empty()) return invalid_argument("the diagonal takes no points");
    return ValueType{ValueKind::kDense, 1};
  }
  if (point_count_ == 0 || point_count_ > kWidthMax ||
      points.size() != uint64_t{point_count_} * features) {
    return invalid_argument(fmt::format("no usable number of points of {} features", features));
  }
  return ValueType{ValueKind::kDense, point_count_};
}

std::string PairwiseOp::describe() const {
  return fmt::format("{} steps, {}", program.steps.size(),
                     diagonal ? "diagonal" : fmt::format("{} points", point_count_));
}

size_t PairwiseOp::size_bytes() const {
  size_t total = heap_bytes(points) + heap_bytes(program.steps);
  for (const PairwiseStep& step : program.steps) total += heap_bytes(step.lengths);
  return total;
}

}  // namespace slipway
