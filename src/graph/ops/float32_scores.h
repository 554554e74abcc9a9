// What libraries that compute in float32 do around their trees: XGBoost's linear model, its links
// from margins to answers, and numbers that stand for missing ones.
//
// Values are float64 that hold float32 numbers, so that outputs need no kind of their own.
#pragma once

#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"

namespace slipway {

/// y = start + sum of x * w in float32, over the features in order; NaN features are left out.
/// `weights` is features x outputs, row-major.
class Float32LinearOp final : public Op {
 public:
  Float32LinearOp(uint32_t features, std::vector<float> weights, std::vector<float> start)
      : features(features), weights(std::move(weights)), start(std::move(start)) {}
  std::string_view name() const override { return "float32_linear"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(weights) + heap_bytes(start); }

  const uint32_t features;
  const std::vector<float> weights;
  const std::vector<float> start;  // one per output
};

/// A function of each row of scores, computed in float32.
class Float32LinkOp final : public Op {
 public:
  enum class Function : uint8_t {
    kSigmoid,  // 1 / (exp(min(-x, 88.7)) + 1)
    kExp,
    kStep,            // x > 0: 1, else 0
    kSoftmax,         // shifted by the row's maximum; summed in float64
    kComplementPair,  // width 1 -> 2: [1 - p, p]
    kSortRow,         // ascending
    kRisingSteps,     // each from the one before it: y[j] = y[j - 1] + (1e-6 + log(1 + exp(x[j])))
  };
  explicit Float32LinkOp(Function function) : function(function) {}
  std::string_view name() const override { return "float32_link"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const Function function;
};

/// Numbers that are this one once rounded to float32 become NaN.
class Float32MissingOp final : public Op {
 public:
  explicit Float32MissingOp(float missing) : missing(missing) {}
  std::string_view name() const override { return "float32_missing"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const float missing;
};

}  // namespace slipway
