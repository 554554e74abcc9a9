// Naive Bayes, and turning joint log likelihoods into log probabilities.
#pragma once

#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"

namespace slipway {

/// Dense rows to the joint log likelihood of each class:
/// log prior - sum(log(2 pi variance)) / 2 - sum((x - mean)^2 / variance) / 2.
class GaussianBayesOp final : public Op {
 public:
  struct Tables {
    uint32_t features = 0;
    std::vector<double> means;      // classes x features
    std::vector<double> variances;  // likewise
    std::vector<double> priors;     // one per class
  };
  explicit GaussianBayesOp(Tables tables) : tables(std::move(tables)) {}
  std::string_view name() const override { return "gaussian_bayes"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override {
    return heap_bytes(tables.means) + heap_bytes(tables.variances) + heap_bytes(tables.priors);
  }

  const Tables tables;
};

/// Whole numbers, each a category of its column, to the joint log likelihood of each class. A
/// number that is no category is INVALID_ARGUMENT; what stands behind the point is cut off.
class CategoricalBayesOp final : public Op {
 public:
  struct Tables {
    std::vector<std::vector<double>> features;  // of each column: classes x categories
    std::vector<double> priors;                 // one per class, as logarithms
  };
  explicit CategoricalBayesOp(Tables tables) : tables(std::move(tables)) {}
  std::string_view name() const override { return "categorical_bayes"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;

  const Tables tables;
};

/// Each row minus the logarithm of the sum of its exponentials (scipy.special.logsumexp).
class LogNormalizeOp final : public Op {
 public:
  std::string_view name() const override { return "log_normalize"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override { return ""; }
  size_t size_bytes() const override { return 0; }
};

}  // namespace slipway
