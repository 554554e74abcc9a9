// Functions of a column with constants of its own: bins, power transforms, quantiles, splines.
#pragma once

#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"

namespace slipway {

/// Each element's bin: how many of its column's edges are not above it. NaN is above all.
class BinsOp final : public Op {
 public:
  explicit BinsOp(std::vector<std::vector<double>> edges) : edges(std::move(edges)) {}
  std::string_view name() const override { return "bins"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;

  const std::vector<std::vector<double>> edges;  // per column, ascending
};

/// Box-Cox or Yeo-Johnson, each column with its own lambda. NaN stays NaN.
class PowerOp final : public Op {
 public:
  enum class Method : uint8_t { kBoxCox, kYeoJohnson };
  PowerOp(Method method, std::vector<double> lambdas)
      : method(method), lambdas(std::move(lambdas)) {}
  std::string_view name() const override { return "power"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(lambdas); }

  const Method method;
  const std::vector<double> lambdas;
};

/// QuantileTransformer: an element's place among its column's quantiles, 0 to 1, or the number of
/// the normal distribution with that place. NaN stays NaN.
class QuantileOp final : public Op {
 public:
  QuantileOp(bool normal, std::vector<double> references, std::vector<double> quantiles)
      : normal(normal), references(std::move(references)), quantiles(std::move(quantiles)) {}
  std::string_view name() const override { return "quantile"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(references) + heap_bytes(quantiles); }

  const bool normal;
  const std::vector<double> references;  // ascending, at least one
  const std::vector<double> quantiles;   // columns x references, each column's ascending
};

/// SplineTransformer: each element to the values of its column's B-spline basis.
class SplineOp final : public Op {
 public:
  enum class Outside : uint8_t { kConstant, kLinear, kContinue, kPeriodic, kRefuse };
  struct Options {
    uint32_t degree = 3;
    Outside outside = Outside::kConstant;
    bool drop_last = false;     // of each column's values
    bool nan_is_zeros = false;  // else NaN gives NaN
  };
  struct Column {
    std::vector<double> knots;         // ascending, at least 2 * degree + 2
    std::vector<double> coefficients;  // (knots - degree - 1) x values; empty: the basis itself
  };
  SplineOp(Options options, uint32_t values, std::vector<Column> columns)
      : options(options), values(values), columns(std::move(columns)) {}
  std::string_view name() const override { return "spline"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;

  static constexpr uint32_t kDegreeMax = 30;

  const Options options;
  const uint32_t values;  // of each column, before one is dropped
  const std::vector<Column> columns;
};

}  // namespace slipway
