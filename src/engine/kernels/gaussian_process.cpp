// Kernel of graph/ops/gaussian_process.h.
#include "graph/ops/gaussian_process.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

constexpr std::array kLambdas = {0.41, 0.4, 0.37, 0.44, 0.39};
constexpr std::array kCoefficients = {-1854.8214151, 3516.89893646, 221.29346712, 128.12323805,
                                      -2010.49422654};

/// The probability of the second class from the latent function's mean and variance.
double probability(double mean, double variance) {
  using std::numbers::pi;
  const double alpha = 1 / (2 * variance);
  double sum = 0;
  for (size_t i = 0; i < kLambdas.size(); ++i) {
    const double gamma = kLambdas[i] * mean;
    const double integral =
        std::sqrt(pi / alpha) *
        std::erf(gamma * std::sqrt(alpha / (alpha + kLambdas[i] * kLambdas[i]))) /
        (2 * std::sqrt(variance * 2 * pi));
    sum += kCoefficients[i] * integral;
  }
  return sum + 0.5 * std::accumulate(kCoefficients.begin(), kCoefficients.end(), 0.0);
}

class LaplaceKernel final : public Kernel {
 public:
  explicit LaplaceKernel(const LaplaceOp& op) : tables_(op.tables) {}
  size_t workspace_bytes(size_t) const override { return tables_.rows * sizeof(double); }
  Status run(const KernelArgs& args) const override {
    auto* solved = reinterpret_cast<double*>(args.workspace);
    for (size_t row = 0; row < args.rows; ++row) {
      const double* kernel = args.input(0).dense(row);
      double mean = 0;
      for (size_t i = 0; i < tables_.rows; ++i) mean += kernel[i] * tables_.residuals[i];
      const double own = *args.input(1).dense(row);
      const double variance = own - explained(kernel, solved);
      // scipy solves no equations of what is not finite.
      if (std::isinf(own) || !std::isfinite(variance)) {
        return invalid_argument(fmt::format("values too large for a Gaussian process, in row {}",
                                            args.first_row + row));
      }
      double* out = args.output.dense(row);
      out[1] = probability(mean, variance);
      out[0] = 1 - out[1];
    }
    return {};
  }

 private:
  /// |L^-1 (W^1/2 kernel)|^2, by substitution from the first row down.
  double explained(const double* kernel, double* solved) const {
    double total = 0;
    for (size_t i = 0; i < tables_.rows; ++i) {
      const double* line = tables_.triangle.data() + i * tables_.rows;
      double rest = tables_.roots[i] * kernel[i];
      for (size_t j = 0; j < i; ++j) rest -= line[j] * solved[j];
      solved[i] = rest / line[i];
      total += solved[i] * solved[i];
    }
    return total;
  }

  const LaplaceOp::Tables& tables_;
};

}  // namespace

std::span<const KernelEntry> gaussian_process_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"laplace", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<LaplaceKernel>(static_cast<const LaplaceOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
