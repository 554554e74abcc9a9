// Kernels of graph/ops/column_functions.h: bins, powers and quantiles; splines have a file of their
// own.
#include "graph/ops/column_functions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "engine/kernel_table.h"
#include "engine/kernels/spline.h"

namespace slipway::engine {
namespace {

class ScalarBins final : public Kernel {
 public:
  explicit ScalarBins(const BinsOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      const double* in = args.input(0).dense(row);
      double* out = args.output.dense(row);
      for (size_t i = 0; i < op_.edges.size(); ++i) {
        const std::vector<double>& edges = op_.edges[i];
        const auto place = std::isnan(in[i]) ? edges.end() : std::ranges::upper_bound(edges, in[i]);
        out[i] = static_cast<double>(place - edges.begin());
      }
    }
    return {};
  }

 private:
  const BinsOp& op_;
};

double box_cox(double x, double lambda) {
  if (lambda == 0) return std::log(x);
  return std::expm1(lambda * std::log(x)) / lambda;
}

double yeo_johnson(double x, double lambda) {
  constexpr double kTiny = std::numeric_limits<double>::epsilon();
  if (std::isnan(x)) return x;
  if (x >= 0) {
    if (std::fabs(lambda) < kTiny) return std::log1p(x);
    return std::expm1(lambda * std::log1p(x)) / lambda;
  }
  if (std::fabs(lambda - 2) <= kTiny) return -std::log1p(-x);
  return -std::expm1((2 - lambda) * std::log1p(-x)) / (2 - lambda);
}

class ScalarPower final : public Kernel {
 public:
  explicit ScalarPower(const PowerOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    const bool box = op_.method == PowerOp::Method::kBoxCox;
    for (size_t row = 0; row < args.rows; ++row) {
      const double* in = args.input(0).dense(row);
      double* out = args.output.dense(row);
      for (size_t i = 0; i < op_.lambdas.size(); ++i) {
        out[i] = box ? box_cox(in[i], op_.lambdas[i]) : yeo_johnson(in[i], op_.lambdas[i]);
      }
    }
    return {};
  }

 private:
  const PowerOp& op_;
};

/// The number below which the standard normal distribution has this part of its mass: Abramowitz
/// and Stegun's first guess (26.2.23), bettered by Halley's method until nothing moves.
double normal_quantile(double part) {
  if (std::isnan(part)) return part;
  if (part <= 0) return -std::numeric_limits<double>::infinity();
  if (part >= 1) return std::numeric_limits<double>::infinity();
  const bool upper = part > 0.5;
  const double tail = upper ? 1 - part : part;  // exact: part is at least half of 1
  const double t = std::sqrt(-2 * std::log(tail));
  double x = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
  for (int i = 0; i < 4; ++i) {
    const double error = 0.5 * std::erfc(-x / std::numbers::sqrt2) - tail;
    const double slope = std::exp(-0.5 * x * x) * (std::numbers::inv_sqrtpi / std::numbers::sqrt2);
    const double step = error / slope;
    x -= step / (1 + 0.5 * x * step);
  }
  return upper ? -x : x;
}

class ScalarQuantile final : public Kernel {
 public:
  explicit ScalarQuantile(const QuantileOp& op) : op_(op) {
    constexpr double kUlp = std::numeric_limits<double>::epsilon();
    low_ = normal_quantile(kThreshold - kUlp);
    high_ = normal_quantile(1 - (kThreshold - kUlp));
  }
  Status run(const KernelArgs& args) const override {
    const size_t count = op_.references.size();
    for (size_t row = 0; row < args.rows; ++row) {
      const double* in = args.input(0).dense(row);
      double* out = args.output.dense(row);
      for (size_t i = 0; i < args.output.width; ++i) {
        out[i] = place(in[i], op_.quantiles.data() + i * count);
      }
    }
    return {};
  }

 private:
  static constexpr double kThreshold = 1e-7;

  double place(double x, const double* quantiles) const {
    if (std::isnan(x) || std::isnan(quantiles[0])) return std::numeric_limits<double>::quiet_NaN();
    const size_t count = op_.references.size();
    const double first = quantiles[0];
    const double last = quantiles[count - 1];
    // In this order: a column of one value is at its lower bound.
    if (op_.normal ? x - kThreshold < first : x == first) return finish(0);
    if (op_.normal ? x + kThreshold > last : x == last) return finish(1);
    // Where quantiles repeat, from above and from below end at different ones: the mean counts.
    return finish(0.5 * (from_left(x, quantiles) + from_right(x, quantiles)));
  }

  double finish(double part) const {
    if (!op_.normal) return part;
    return std::clamp(normal_quantile(part), low_, high_);
  }

  /// numpy.interp(x, quantiles, references)
  double from_left(double x, const double* quantiles) const {
    const size_t count = op_.references.size();
    if (x < quantiles[0]) return op_.references.front();
    if (x >= quantiles[count - 1]) return op_.references.back();
    const auto j =
        static_cast<size_t>(std::upper_bound(quantiles, quantiles + count, x) - quantiles) - 1;
    return between(x, quantiles[j], quantiles[j + 1], op_.references[j], op_.references[j + 1]);
  }

  /// -numpy.interp(-x, -quantiles reversed, -references reversed)
  double from_right(double x, const double* quantiles) const {
    const size_t count = op_.references.size();
    if (x > quantiles[count - 1]) return op_.references.back();
    if (x <= quantiles[0]) return op_.references.front();
    const auto j =
        static_cast<size_t>(std::lower_bound(quantiles, quantiles + count, x) - quantiles);
    return -between(-x, -quantiles[j], -quantiles[j - 1], -op_.references[j],
                    -op_.references[j - 1]);
  }

  static double between(double x, double x0, double x1, double y0, double y1) {
    if (x == x0) return y0;
    const double slope = (y1 - y0) / (x1 - x0);
    return slope * (x - x0) + y0;
  }

  const QuantileOp& op_;
  double low_ = 0;
  double high_ = 0;
};

template <typename OpType, typename KernelType>
std::unique_ptr<const Kernel> make(const Op& op, std::span<const ValueType>) {
  return std::make_unique<KernelType>(static_cast<const OpType&>(op));
}

}  // namespace

std::span<const KernelEntry> column_function_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"bins", "scalar", on_every_cpu, make<BinsOp, ScalarBins>},
      KernelEntry{"power", "scalar", on_every_cpu, make<PowerOp, ScalarPower>},
      KernelEntry{"quantile", "scalar", on_every_cpu, make<QuantileOp, ScalarQuantile>},
      KernelEntry{"spline", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) {
                    return make_spline_kernel(static_cast<const SplineOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
