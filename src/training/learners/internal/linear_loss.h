// Linear classifiers by minimising a regularised loss: logistic regression and linear SVMs.
//
//   TrainingData --minimise_loss (RowBlocks, L-BFGS plug-in)--> LinearModel::Coefficients
//
// The objective is scikit-learn's, divided by the sum of the rows' weights W:
//   sum of weight * loss / W + l2 |w|^2 / (2 C W) + l1 |w|_1 / (C W).
#pragma once

#include <string>
#include <vector>

#include "training/learners/internal/linear_model.h"
#include "training/learners/internal/row_blocks.h"

namespace slipway::training {

struct LinearLossProblem {
  RowBlocks::Loss loss = RowBlocks::Loss::kLogistic;
  bool one_vs_rest = false;  // several classes: one problem each, rather than kMultinomial
  double c = 1;
  double l2 = 1;  // share of the square, 0 or more
  double l1 = 0;  // share of the absolute values
  bool has_intercept = true;
  bool penalises_intercept = false;  // as liblinear does
  double tolerance = 1e-4;           // of the largest element of the gradient
  int iterations_max = 100;
};

struct LinearLossFit {
  LinearModel::Coefficients coefficients;
  std::vector<std::string> warnings;
};

/// UNIMPLEMENTED without the plug-in; CANCELLED by the stop flag.
Result<LinearLossFit> minimise_loss(const TrainingData& data, const LinearLossProblem& problem,
                                    const FitOptions& options);

}  // namespace slipway::training
