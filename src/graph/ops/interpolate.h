// Straight lines between points: isotonic regression, for itself and inside calibration.
#pragma once

#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"

namespace slipway {

/// One dense column through the points (x, y), as numpy.interp; NaN stays NaN.
class InterpolateOp final : public Op {
 public:
  enum class Outside : uint8_t {
    kClip,    // the nearest end's y
    kNan,     // NaN
    kRefuse,  // INVALID_ARGUMENT
  };
  InterpolateOp(std::vector<double> x, std::vector<double> y, Outside outside)
      : x(std::move(x)), y(std::move(y)), outside(outside) {}
  std::string_view name() const override { return "interpolate"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(x) + heap_bytes(y); }

  const std::vector<double> x;  // ascending; one point: y for every number
  const std::vector<double> y;
  const Outside outside;
};

}  // namespace slipway
