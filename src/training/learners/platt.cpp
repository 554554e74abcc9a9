#include "training/learners/internal/platt.h"

#include <cmath>

namespace slipway::training {
namespace {

/// The negative log likelihood at a sigmoid.
class Likelihood {
 public:
  Likelihood(std::span<const double> decisions, std::span<const double> targets)
      : decisions_(decisions), smoothed_(targets.size()) {
    double positive = 0;
    for (const double target : targets) positive += target > 0 ? 1 : 0;
    const double negative = static_cast<double>(targets.size()) - positive;
    high_ = (positive + 1) / (positive + 2);
    low_ = 1 / (negative + 2);
    start_ = {0, std::log((negative + 1) / (positive + 1))};
    for (size_t i = 0; i < targets.size(); ++i) smoothed_[i] = targets[i] > 0 ? high_ : low_;
  }

  Sigmoid start() const { return start_; }

  double value(Sigmoid at) const {
    double sum = 0;
    for (size_t i = 0; i < decisions_.size(); ++i) {
      const double z = at.a * decisions_[i] + at.b;
      // Whichever form does not overflow.
      sum += z >= 0 ? smoothed_[i] * z + std::log1p(std::exp(-z))
                    : (smoothed_[i] - 1) * z + std::log1p(std::exp(z));
    }
    return sum;
  }

  /// The gradient and Newton's step from here.
  struct Step {
    double gradient_a = 0;
    double gradient_b = 0;
    double a = 0;
    double b = 0;
  };
  Step step(Sigmoid at) const {
    constexpr double kRidge = 1e-12;  // keeps the Hessian definite
    double aa = kRidge;
    double bb = kRidge;
    double ab = 0;
    Step found;
    for (size_t i = 0; i < decisions_.size(); ++i) {
      const double z = at.a * decisions_[i] + at.b;
      const double e = std::exp(-std::fabs(z));
      const double p = (z >= 0 ? e : 1) / (1 + e);
      const double weight = e / ((1 + e) * (1 + e));
      aa += decisions_[i] * decisions_[i] * weight;
      bb += weight;
      ab += decisions_[i] * weight;
      found.gradient_a += decisions_[i] * (smoothed_[i] - p);
      found.gradient_b += smoothed_[i] - p;
    }
    const double determinant = aa * bb - ab * ab;
    found.a = -(bb * found.gradient_a - ab * found.gradient_b) / determinant;
    found.b = -(aa * found.gradient_b - ab * found.gradient_a) / determinant;
    return found;
  }

 private:
  std::span<const double> decisions_;
  std::vector<double> smoothed_;
  double high_ = 0;
  double low_ = 0;
  Sigmoid start_;
};

}  // namespace

Sigmoid fit_sigmoid(std::span<const double> decisions, std::span<const double> targets) {
  constexpr int kIterationsMax = 100;
  constexpr double kStepMin = 1e-10;
  constexpr double kTolerance = 1e-5;
  const Likelihood likelihood(decisions, targets);
  Sigmoid at = likelihood.start();
  double value = likelihood.value(at);
  for (int i = 0; i < kIterationsMax; ++i) {
    const Likelihood::Step step = likelihood.step(at);
    if (std::fabs(step.gradient_a) < kTolerance && std::fabs(step.gradient_b) < kTolerance) break;
    const double slope = step.gradient_a * step.a + step.gradient_b * step.b;
    double size = 1;
    for (; size >= kStepMin; size /= 2) {
      const Sigmoid next = {at.a + size * step.a, at.b + size * step.b};
      const double next_value = likelihood.value(next);
      if (next_value >= value + 0.0001 * size * slope) continue;
      at = next;
      value = next_value;
      break;
    }
    if (size < kStepMin) break;
  }
  return at;
}

}  // namespace slipway::training
