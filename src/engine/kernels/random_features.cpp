// Kernels of graph/ops/random_features.h.
#include "graph/ops/random_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

class ScalarRequireAbove final : public Kernel {
 public:
  explicit ScalarRequireAbove(const RequireAboveOp& op) : op_(op) {}
  bool passes_input_through() const override { return true; }
  Status run(const KernelArgs& args) const override {
    const ValueBuffer& input = args.input(0);
    const double* x = input.dense(0);
    for (size_t i = 0; i < args.rows * input.width; ++i) {
      if (!(x[i] < op_.bound) && !(op_.bound_is_low && x[i] == op_.bound)) continue;
      return invalid_argument(
          fmt::format("row {}, column {}: {} takes no number that is {} {}, got {}",
                      args.first_row + i / input.width, i % input.width, op_.estimator,
                      op_.bound_is_low ? "not above" : "below", op_.bound, x[i]));
    }
    return {};
  }

 private:
  const RequireAboveOp& op_;
};

class ScalarAdditiveChi2 final : public Kernel {
 public:
  explicit ScalarAdditiveChi2(const AdditiveChi2Op& op) : op_(op) {
    for (uint32_t j = 1; j < op.steps; ++j) {
      cosh_.push_back(std::cosh(std::numbers::pi * j * op.interval));
    }
  }
  size_t size_bytes() const override { return heap_bytes(cosh_); }
  Status run(const KernelArgs& args) const override {
    const uint32_t width = args.input(0).width;
    for (size_t row = 0; row < args.rows; ++row) {
      const double* in = args.input(0).dense(row);
      double* out = args.output.dense(row);
      std::fill_n(out, args.output.width, 0.0);
      for (uint32_t i = 0; i < width; ++i) {
        if (in[i] == 0) continue;
        out[i] = std::sqrt(in[i] * op_.interval);
        const double log_step = op_.interval * std::log(in[i]);
        const double step = 2 * in[i] * op_.interval;
        for (uint32_t j = 1; j < op_.steps; ++j) {
          const double factor = std::sqrt(step / cosh_[j - 1]);
          double* block = out + size_t{width} * (2 * j - 1);
          block[i] = factor * std::cos(j * log_step);
          block[width + i] = factor * std::sin(j * log_step);
        }
      }
    }
    return {};
  }

 private:
  const AdditiveChi2Op& op_;
  std::vector<double> cosh_;
};

class ScalarCountSketch final : public Kernel {
 public:
  explicit ScalarCountSketch(const CountSketchOp& op) : op_(op) {}
  /// One sketch and one intermediate product.
  size_t workspace_bytes(size_t) const override {
    return 2 * op_.options.components * sizeof(double);
  }
  Status run(const KernelArgs& args) const override {
    const size_t size = op_.options.components;
    auto* sketch = reinterpret_cast<double*>(args.workspace);
    double* product = sketch + size;
    for (size_t row = 0; row < args.rows; ++row) {
      const double* in = args.input(0).dense(row);
      double* out = args.output.dense(row);
      put_sketch(in, 0, out);
      for (uint32_t degree = 1; degree < op_.options.degree; ++degree) {
        put_sketch(in, degree, sketch);
        std::fill_n(product, size, 0.0);
        for (size_t i = 0; i < size; ++i) {
          if (sketch[i] == 0) continue;
          for (size_t k = 0; k < size - i; ++k) product[i + k] += sketch[i] * out[k];
          for (size_t k = size - i; k < size; ++k) product[i + k - size] += sketch[i] * out[k];
        }
        std::copy_n(product, size, out);
      }
    }
    return {};
  }

 private:
  void put_sketch(const double* in, uint32_t degree, double* sketch) const {
    std::fill_n(sketch, op_.options.components, 0.0);
    const size_t first = degree * op_.elements();
    for (size_t i = 0; i < op_.elements(); ++i) {
      const double x = i < op_.options.features ? op_.options.factor * in[i] : op_.options.constant;
      sketch[op_.columns[first + i]] += op_.signs[first + i] * x;
    }
  }

  const CountSketchOp& op_;
};

template <typename OpType, typename KernelType>
std::unique_ptr<const Kernel> make(const Op& op, std::span<const ValueType>) {
  return std::make_unique<KernelType>(static_cast<const OpType&>(op));
}

}  // namespace

std::span<const KernelEntry> random_feature_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"require_above", "scalar", on_every_cpu,
                  make<RequireAboveOp, ScalarRequireAbove>},
      KernelEntry{"additive_chi2", "scalar", on_every_cpu,
                  make<AdditiveChi2Op, ScalarAdditiveChi2>},
      KernelEntry{"count_sketch", "scalar", on_every_cpu, make<CountSketchOp, ScalarCountSketch>},
  };
  return kTable;
}

}  // namespace slipway::engine
