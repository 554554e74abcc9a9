// Sequential minimal optimisation: the dual problem of support vector machines,
//
//   minimise 1/2 sum_st a_s a_t y_s y_t K_st + sum_t p_t a_t,  0 <= a_t <= c_t,  sum_t y_t a_t = 0
//
// by pairs of variables chosen by second-order information: Fan, Chen and Lin, "Working set
// selection using second order information for training support vector machines" (2005), with the
// stopping rule and the order among equals of libsvm, so that the same variables are chosen. There
// is no shrinking: each step goes through all variables, many at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/status.h"
#include "training/learners/internal/kernel_rows.h"

namespace slipway::training {

/// One variable per point, or (regression) two: first those of all points, then those again.
struct SmoProblem {
  std::vector<double> signs;   // y: 1 or -1
  std::vector<double> linear;  // p
  std::vector<double> bounds;  // c, above 0
  double tolerance = 1e-3;     // of the largest violation of the optimality conditions
  uint64_t iterations_max = 0;
  const std::atomic<bool>* stop = nullptr;
};

struct SmoSolution {
  std::vector<double> alpha;
  double bias = 0;  // the decision is sum_t y_t a_t K(x, x_t) + bias
  bool converged = true;
};

/// CANCELLED: the stop flag.
Result<SmoSolution> solve_smo(KernelRows& kernel, const SmoProblem& problem);

}  // namespace slipway::training
