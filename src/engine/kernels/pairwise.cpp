// Kernel of graph/ops/pairwise.h: for each row, each step of the program over all points, on a
// stack of vectors in the workspace. The last value of the stack lies in the output itself.
#include "graph/ops/pairwise.h"

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>
#include <exception>
#include <limits>
#include <numbers>

#include "base/heap_bytes.h"
#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

using Function = PairwiseFunction;
using Kind = PairwiseStep::Kind;

struct Pair {
  const double* x;
  const double* y;
  size_t features;
};

double squared_distance(const Pair& pair) {
  double sum = 0;
  for (size_t j = 0; j < pair.features; ++j) {
    const double difference = pair.x[j] - pair.y[j];
    sum += difference * difference;
  }
  return sum;
}

double manhattan(const Pair& pair) {
  double sum = 0;
  for (size_t j = 0; j < pair.features; ++j) sum += std::fabs(pair.x[j] - pair.y[j]);
  return sum;
}

double product(const Pair& pair) {
  double sum = 0;
  for (size_t j = 0; j < pair.features; ++j) sum += pair.x[j] * pair.y[j];
  return sum;
}

/// A length of zero counts as one, as scikit-learn's normalize() has it.
double length(const double* x, size_t features) {
  const double squared = product({x, x, features});
  return squared == 0 ? 1 : std::sqrt(squared);
}

double additive_chi2(const Pair& pair) {
  double sum = 0;
  for (size_t j = 0; j < pair.features; ++j) {
    const double total = pair.x[j] + pair.y[j];
    if (total != 0) sum += (pair.x[j] - pair.y[j]) * (pair.x[j] - pair.y[j]) / total;
  }
  return -sum;
}

/// The modified Bessel function of the second kind; NaN where the library gives up.
double bessel_k(double order, double x) {
  try {
    return std::cyl_bessel_k(order, x);
  } catch (const std::exception&) {
    return std::numeric_limits<double>::quiet_NaN();
  }
}

double matern(double smoothness, double distance) {
  if (smoothness == 0.5) return std::exp(-distance);
  if (smoothness == 1.5) {
    const double k = distance * std::sqrt(3.0);
    return (1.0 + k) * std::exp(-k);
  }
  if (smoothness == 2.5) {
    const double k = distance * std::sqrt(5.0);
    return (1.0 + k + k * k / 3.0) * std::exp(-k);
  }
  if (std::isinf(smoothness)) return std::exp(-(distance * distance) / 2.0);
  const double scaled = std::sqrt(2 * smoothness) * (distance == 0 ? DBL_EPSILON : distance);
  constexpr double kVanishes = 700;  // exp(-scaled) is next to nothing
  if (scaled > kVanishes) return 0;
  return std::pow(2, 1.0 - smoothness) / std::tgamma(smoothness) * std::pow(scaled, smoothness) *
         bessel_k(smoothness, scaled);
}

double value_of(const PairwiseStep& step, const Pair& pair) {
  switch (step.function) {
    case Function::kEuclidean: return std::sqrt(squared_distance(pair));
    case Function::kSquaredEuclidean: return squared_distance(pair);
    case Function::kManhattan: return manhattan(pair);
    case Function::kLinear: return product(pair) + step.a;
    case Function::kPolynomial: return std::pow(step.a * product(pair) + step.b, step.c);
    case Function::kSigmoid: return std::tanh(step.a * product(pair) + step.b);
    case Function::kRbf: return std::exp(-step.a * squared_distance(pair));
    case Function::kLaplacian: return std::exp(-step.a * manhattan(pair));
    case Function::kCosine:
      return product(pair) / (length(pair.x, pair.features) * length(pair.y, pair.features));
    case Function::kAdditiveChi2: return additive_chi2(pair);
    case Function::kChi2: return std::exp(step.a * additive_chi2(pair));
    case Function::kMatern: return matern(step.a, std::sqrt(squared_distance(pair)));
    case Function::kRationalQuadratic:
      return std::pow(1 + squared_distance(pair) / (2 * step.a * step.b * step.b), -step.a);
    case Function::kExpSineSquared: {
      const double sine = std::sin(std::numbers::pi / step.b * std::sqrt(squared_distance(pair)));
      return std::exp(-2 * (sine / step.a) * (sine / step.a));
    }
  }
  return 0;
}

class PairwiseKernel final : public Kernel {
 public:
  explicit PairwiseKernel(const PairwiseOp& op)
      : op_(op), depth_(op.depth()), width_(op.diagonal ? 1 : op.point_count()) {
    for (const PairwiseStep& step : op.program.steps) {
      std::vector<double>& points = points_.emplace_back();
      if (step.lengths.empty() || op.diagonal) continue;
      points = op.points;
      for (size_t i = 0; i < points.size(); ++i) points[i] /= step.lengths[i % op.features];
    }
  }

  size_t size_bytes() const override {
    size_t total = 0;
    for (const std::vector<double>& points : points_) total += heap_bytes(points);
    return total;
  }
  /// The stack, then the row divided by lengths.
  size_t workspace_bytes(size_t) const override {
    return (depth_ * width_ + op_.features) * sizeof(double);
  }

  Status run(const KernelArgs& args) const override {
    auto* stack = reinterpret_cast<double*>(args.workspace);
    double* scaled = stack + depth_ * width_;
    for (size_t row = 0; row < args.rows; ++row) {
      size_t depth = 0;
      for (size_t i = 0; i < op_.program.steps.size(); ++i) {
        depth = apply(i, args.input(0).dense(row), stack, depth, scaled);
      }
      std::copy_n(stack, width_, args.output.dense(row));
    }
    return {};
  }

 private:
  /// One step; gives the new depth of the stack.
  size_t apply(size_t index, const double* x, double* stack, size_t depth, double* scaled) const {
    const PairwiseStep& step = op_.program.steps[index];
    double* top = stack + depth * width_;
    switch (step.kind) {
      case Kind::kFunction: fill(index, x, top, scaled); return depth + 1;
      case Kind::kConstant: std::fill_n(top, width_, step.a); return depth + 1;
      case Kind::kNoise: std::fill_n(top, width_, op_.diagonal ? step.a : 0); return depth + 1;
      case Kind::kPower:
        for (double* value = top - width_; value != top; ++value) *value = std::pow(*value, step.a);
        return depth;
      case Kind::kSum:
      case Kind::kProduct: break;
    }
    double* left = top - 2 * width_;
    const double* right = top - width_;
    for (size_t i = 0; i < width_; ++i) {
      left[i] = step.kind == Kind::kSum ? left[i] + right[i] : left[i] * right[i];
    }
    return depth - 1;
  }

  void fill(size_t index, const double* x, double* out, double* scaled) const {
    const PairwiseStep& step = op_.program.steps[index];
    if (!step.lengths.empty()) {
      for (size_t j = 0; j < op_.features; ++j) scaled[j] = x[j] / step.lengths[j];
      x = scaled;
    }
    if (op_.diagonal) {
      *out = value_of(step, {x, x, op_.features});
      return;
    }
    const double* points = points_[index].empty() ? op_.points.data() : points_[index].data();
    for (size_t i = 0; i < width_; ++i) {
      out[i] = value_of(step, {x, points + i * op_.features, op_.features});
    }
  }

  const PairwiseOp& op_;
  const size_t depth_;
  const size_t width_;
  std::vector<std::vector<double>> points_;  // of each step: divided by its lengths, if it has any
};

}  // namespace

std::span<const KernelEntry> pairwise_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"pairwise", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<PairwiseKernel>(static_cast<const PairwiseOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
