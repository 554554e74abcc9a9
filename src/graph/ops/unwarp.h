// Back from a warped scale to the trained one, column by column: what PowerTransformer's and
// QuantileTransformer's inverse_transform need.
#pragma once

#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"

namespace slipway {

class UnwarpOp final : public Op {
 public:
  enum class Function : uint8_t {
    kBoxCox,      // each column by its exponent
    kYeoJohnson,  // likewise
    kNormalCdf,   // the normal distribution's cumulative function; no exponents
  };
  UnwarpOp(Function function, std::vector<double> exponents)
      : function(function), exponents(std::move(exponents)) {}
  std::string_view name() const override { return "unwarp"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(exponents); }

  const Function function;
  const std::vector<double> exponents;
};

}  // namespace slipway
