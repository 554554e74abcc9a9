// Products of columns: the terms of a polynomial.
#pragma once

#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"

namespace slipway {

/// Output column t is the product of the input columns factors[starts[t]] ..
/// factors[starts[t + 1] - 1], multiplied from the last to the first; no factor gives 1.
class PolynomialOp final : public Op {
 public:
  PolynomialOp(uint32_t features, std::vector<uint32_t> starts, std::vector<uint32_t> factors)
      : features(features), starts(std::move(starts)), factors(std::move(factors)) {}
  std::string_view name() const override { return "polynomial"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(starts) + heap_bytes(factors); }

  const uint32_t features;
  const std::vector<uint32_t> starts;  // terms + 1
  const std::vector<uint32_t> factors;
};

}  // namespace slipway
