// Scaling of columns and of rows: what scikit-learn's scalers and Normalizer do at prediction time.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"

namespace slipway {

/// Each column by its own constants. The two forms round differently, so both exist. An empty
/// vector leaves that step out. A sparse matrix stays sparse where zero stays zero: without shift
/// and clip; else its columns must be gathered first.
class ScaleOp final : public Op {
 public:
  enum class Form : uint8_t {
    kSubtractDivide,  // (x - shift) / factor
    kMultiplyAdd,     // x * factor + shift
  };
  struct Clip {
    double low;
    double high;  // at least low
  };
  ScaleOp(Form form, uint32_t width, std::vector<double> shift, std::vector<double> factor,
          std::optional<Clip> clip = std::nullopt)
      : form(form), width(width), shift(std::move(shift)), factor(std::move(factor)), clip(clip) {}
  std::string_view name() const override { return "scale"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(shift) + heap_bytes(factor); }

  const Form form;
  const uint32_t width;
  const std::vector<double> shift;
  const std::vector<double> factor;
  const std::optional<Clip> clip;
};

/// Divides each row by its norm. A norm below `norm_min` counts as 1, so that a row of zeros stays
/// one. Takes a dense or sparse matrix and gives the same kind.
class NormalizeOp final : public Op {
 public:
  enum class Norm : uint8_t { kL1, kL2, kMax };
  NormalizeOp(Norm norm, double norm_min) : norm(norm), norm_min(norm_min) {}
  std::string_view name() const override { return "normalize"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const Norm norm;
  const double norm_min;  // above 0
};

}  // namespace slipway
