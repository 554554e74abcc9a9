// One support vector machine: rows of two classes, or of a regression, and its solution.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "graph/ops/svm.h"
#include "training/learners/learner.h"

namespace slipway::training {

struct SvmTask {
  SvmOp::Parameters kernel;
  uint32_t columns = 0;
  double c = 1;
  std::optional<double> regression_epsilon;  // half the width of the tube; nullopt: two classes
  double tolerance = 1e-3;
  uint64_t iterations_max = 0;
  size_t cache_bytes = 0;  // of kernel rows
  const std::atomic<bool>* stop = nullptr;
};

class SvmMachine {
 public:
  struct Vector {
    size_t row;  // of the training data
    double coefficient;
  };

  /// `target`: 1 or -1, or a value. A row of weight 0 is left out.
  void add(const TrainingData& data, size_t row, double target);
  size_t size() const { return targets_.size(); }
  /// Lets go of the rows. CANCELLED; INVALID_ARGUMENT: numbers grew beyond all bounds.
  Status solve(std::string_view learner, const SvmTask& task);

  /// Solved: the decision is sum of coefficients * kernel(x, row) + bias.
  const std::vector<Vector>& vectors() const { return vectors_; }
  double bias() const { return bias_; }
  bool converged() const { return converged_; }
  /// Of a row of the data.
  double decision(const TrainingData& data, const SvmOp::Parameters& kernel, size_t row) const;

 private:
  std::vector<double> x_;
  std::vector<double> targets_;
  std::vector<double> weights_;
  std::vector<size_t> rows_;  // of the training data
  std::vector<Vector> vectors_;
  double bias_ = 0;
  bool converged_ = true;
};

}  // namespace slipway::training
