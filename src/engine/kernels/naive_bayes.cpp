// Kernels of graph/ops/naive_bayes.h.
#include "graph/ops/naive_bayes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

class GaussianBayesKernel final : public Kernel {
 public:
  explicit GaussianBayesKernel(const GaussianBayesOp& op) : op_(op) {
    const GaussianBayesOp::Tables& tables = op.tables;
    for (size_t c = 0; c < tables.priors.size(); ++c) {
      double sum = 0;
      for (size_t j = 0; j < tables.features; ++j) {
        sum += std::log(2 * std::numbers::pi * tables.variances[c * tables.features + j]);
      }
      offsets_.push_back(-0.5 * sum);
      log_priors_.push_back(std::log(tables.priors[c]));
    }
  }
  Status run(const KernelArgs& args) const override {
    const size_t features = op_.tables.features;
    for (size_t row = 0; row < args.rows; ++row) {
      const double* x = args.input(0).dense(row);
      double* out = args.output.dense(row);
      for (size_t c = 0; c < offsets_.size(); ++c) {
        const double* mean = op_.tables.means.data() + c * features;
        const double* variance = op_.tables.variances.data() + c * features;
        double sum = 0;
        for (size_t j = 0; j < features; ++j) {
          sum += (x[j] - mean[j]) * (x[j] - mean[j]) / variance[j];
        }
        out[c] = log_priors_[c] + (offsets_[c] - 0.5 * sum);
      }
    }
    return {};
  }

 private:
  const GaussianBayesOp& op_;
  std::vector<double> offsets_;  // -sum(log(2 pi variance)) / 2
  std::vector<double> log_priors_;
};

class CategoricalBayesKernel final : public Kernel {
 public:
  explicit CategoricalBayesKernel(const CategoricalBayesOp& op) : tables_(op.tables) {}
  Status run(const KernelArgs& args) const override {
    const size_t classes = tables_.priors.size();
    for (size_t row = 0; row < args.rows; ++row) {
      const double* x = args.input(0).dense(row);
      double* out = args.output.dense(row);
      std::fill_n(out, classes, 0.0);
      for (size_t j = 0; j < tables_.features.size(); ++j) {
        const std::vector<double>& table = tables_.features[j];
        const size_t categories = table.size() / classes;
        const double value = std::trunc(x[j]);
        if (!(value >= 0 && value < static_cast<double>(categories))) {
          return invalid_argument(
              fmt::format("CategoricalNB takes categories 0 to {}, got {} in row {}, column {}",
                          categories - 1, x[j], args.first_row + row, j));
        }
        const auto category = static_cast<size_t>(value);
        for (size_t c = 0; c < classes; ++c) out[c] += table[c * categories + category];
      }
      for (size_t c = 0; c < classes; ++c) out[c] += tables_.priors[c];
    }
    return {};
  }

 private:
  const CategoricalBayesOp::Tables& tables_;
};

class LogNormalizeKernel final : public Kernel {
 public:
  Status run(const KernelArgs& args) const override {
    const size_t width = args.output.width;
    for (size_t row = 0; row < args.rows; ++row) {
      const double* in = args.input(0).dense(row);
      double* out = args.output.dense(row);
      double most = *std::max_element(in, in + width);
      if (!std::isfinite(most)) most = 0;
      double sum = 0;
      for (size_t i = 0; i < width; ++i) sum += std::exp(in[i] - most);
      const double total = std::log(sum) + most;
      for (size_t i = 0; i < width; ++i) out[i] = in[i] - total;
    }
    return {};
  }
};

}  // namespace

std::span<const KernelEntry> naive_bayes_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"gaussian_bayes", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<GaussianBayesKernel>(
                        static_cast<const GaussianBayesOp&>(op));
                  }},
      KernelEntry{"categorical_bayes", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<CategoricalBayesKernel>(
                        static_cast<const CategoricalBayesOp&>(op));
                  }},
      KernelEntry{"log_normalize", "scalar", on_every_cpu,
                  [](const Op&, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<LogNormalizeKernel>();
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
