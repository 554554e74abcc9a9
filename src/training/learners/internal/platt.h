// Platt's sigmoid: from decision values to probabilities.
#pragma once

#include <span>
#include <vector>

namespace slipway::training {

struct Sigmoid {
  double a = 0;
  double b = 0;  // P(target > 0) = 1 / (1 + exp(a * decision + b))
};

/// Lin, Lin and Weng, "A note on Platt's probabilistic outputs for support vector machines" (2007):
/// Newton's method with backtracking on smoothed targets. `targets` are 1 or -1.
Sigmoid fit_sigmoid(std::span<const double> decisions, std::span<const double> targets);

}  // namespace slipway::training
