// Approximations of kernels by explicit features, where a matrix product alone is not enough.
#pragma once

#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"

namespace slipway {

/// Passes a dense matrix on unchanged, or fails with INVALID_ARGUMENT naming row and column if an
/// element lies below the bound, or on it where that is too low as well. NaN passes.
class RequireAboveOp final : public Op {
 public:
  RequireAboveOp(double bound, bool bound_is_low, std::string estimator)
      : bound(bound), bound_is_low(bound_is_low), estimator(std::move(estimator)) {}
  std::string_view name() const override { return "require_above"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(estimator); }

  const double bound;
  const bool bound_is_low;
  const std::string estimator;  // for the message
};

/// AdditiveChi2Sampler: 2 * steps - 1 blocks as wide as the input.
class AdditiveChi2Op final : public Op {
 public:
  AdditiveChi2Op(uint32_t steps, double interval) : steps(steps), interval(interval) {}
  std::string_view name() const override { return "additive_chi2"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const uint32_t steps;
  const double interval;
};

/// PolynomialCountSketch: `degree` count sketches of a row, convolved with each other. Each sketch
/// adds element i, times its sign, to the column that its table says; where `constant` is not 0, it
/// counts as one element more.
class CountSketchOp final : public Op {
 public:
  struct Options {
    uint32_t features = 0;  // of the input
    uint32_t degree = 1;
    uint32_t components = 1;
    double factor = 1;    // of the elements
    double constant = 0;  // 0: none
  };
  CountSketchOp(Options options, std::vector<uint32_t> columns, std::vector<double> signs)
      : options(options), columns(std::move(columns)), signs(std::move(signs)) {}
  std::string_view name() const override { return "count_sketch"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(columns) + heap_bytes(signs); }
  /// How many elements a sketch adds up.
  size_t elements() const { return options.features + (options.constant != 0 ? 1U : 0U); }

  const Options options;
  const std::vector<uint32_t> columns;  // degree x elements()
  const std::vector<double> signs;
};

}  // namespace slipway
