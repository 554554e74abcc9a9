// Squared lengths of projected differences: the exponents of Gaussian densities, and Mahalanobis
// distances.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace slipway {

/// Dense rows to one column for each form: constant - factor * q, where q is, with d = x - mean,
/// |M d|^2, the same for a diagonal M, or d M d.
class QuadraticFormsOp final : public Op {
 public:
  enum class Kind : uint8_t {
    kSquare,    // matrix: rank x features, row-major
    kDiagonal,  // matrix: the diagonal alone
    kBilinear,  // matrix: features x features
  };
  struct Form {
    Kind kind = Kind::kSquare;
    std::vector<double> mean;  // one for each feature
    std::vector<double> matrix;
    double constant = 0;
  };
  QuadraticFormsOp(uint32_t features, double factor, std::vector<Form> forms)
      : features(features), factor(factor), forms(std::move(forms)) {}
  std::string_view name() const override { return "quadratic_forms"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;

  const uint32_t features;
  const double factor;
  const std::vector<Form> forms;
};

}  // namespace slipway
