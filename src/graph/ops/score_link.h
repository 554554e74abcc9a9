// What boosting libraries do beside their trees: to the scores behind them, and to zeros before.
#pragma once

#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"

namespace slipway {

/// A function of each score. (Those that other estimators have too are ActivationOp's.)
class ScoreLinkOp final : public Op {
 public:
  enum class Function : uint8_t {
    kSigmoid,       // 1 / (1 + exp(-scale * x))
    kSignedSquare,  // x * |x|
    kSoftplus,      // log1p(exp(x))
    kDivide,        // x / scale
  };
  explicit ScoreLinkOp(Function function, double scale = 1) : function(function), scale(scale) {}
  std::string_view name() const override { return "score_link"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const Function function;
  const double scale;
};

/// Gathers columns of a dense matrix; of some, numbers from -zero to zero become NaN.
class ZeroAsMissingOp final : public Op {
 public:
  struct Pick {
    uint32_t column;
    bool zero_is_missing;
  };
  ZeroAsMissingOp(double zero, std::vector<Pick> picks) : zero(zero), picks(std::move(picks)) {}
  std::string_view name() const override { return "zero_as_missing"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(picks); }

  const double zero;
  const std::vector<Pick> picks;
};

}  // namespace slipway
