// Classification by a Gaussian process under Laplace's approximation.
#pragma once

#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"

namespace slipway {

/// Inputs: the kernel between the row and each training row, and the kernel of the row with itself.
/// Output: the probabilities of the two classes, by the sum of five error functions of Williams and
/// Barber, "Bayesian Classification with Gaussian Processes" (1998), appendix A.
class LaplaceOp final : public Op {
 public:
  struct Tables {
    uint32_t rows = 0;              // of the training
    std::vector<double> residuals;  // one for each row: y - pi
    std::vector<double> roots;      // one for each row: square roots of W
    std::vector<double> triangle;   // rows x rows, lower
  };
  explicit LaplaceOp(Tables tables) : tables(std::move(tables)) {}
  std::string_view name() const override { return "laplace"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override {
    return heap_bytes(tables.residuals) + heap_bytes(tables.roots) + heap_bytes(tables.triangle);
  }

  const Tables tables;
};

}  // namespace slipway
