// Linear models: one matrix product and an intercept.
#pragma once

#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"

namespace slipway {

/// y = x W^T + b: `weights` is outputs x features, row-major; `intercept` has one entry per output.
/// Takes a dense or sparse matrix. float64 throughout; sums run over features in ascending order.
class LinearOp final : public Op {
 public:
  LinearOp(uint32_t outputs, uint32_t features, std::vector<double> weights,
           std::vector<double> intercept)
      : outputs(outputs),
        features(features),
        weights(std::move(weights)),
        intercept(std::move(intercept)) {}
  std::string_view name() const override { return "linear"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(weights) + heap_bytes(intercept); }

  const uint32_t outputs;
  const uint32_t features;
  const std::vector<double> weights;
  const std::vector<double> intercept;
};

}  // namespace slipway
