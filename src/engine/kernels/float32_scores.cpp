// Kernels of graph/ops/float32_scores.h. Every step rounds to float32 as XGBoost's own code does
// (src/common/math.h, src/gbm/gblinear.cc), so that the bits agree.
#include "graph/ops/float32_scores.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

float narrow(double value) { return static_cast<float>(value); }

class Float32LinearKernel final : public Kernel {
 public:
  explicit Float32LinearKernel(const Float32LinearOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    const size_t outputs = op_.start.size();
    for (size_t row = 0; row < args.rows; ++row) {
      const double* x = args.input(0).dense(row);
      double* sums = args.output.dense(row);
      std::copy(op_.start.begin(), op_.start.end(), sums);
      for (size_t feature = 0; feature < op_.features; ++feature) {
        if (std::isnan(x[feature])) continue;
        const float value = narrow(x[feature]);
        const float* weights = op_.weights.data() + feature * outputs;
        for (size_t k = 0; k < outputs; ++k) {
          const float product = value * weights[k];
          sums[k] = double{narrow(sums[k]) + product};
        }
      }
    }
    return {};
  }

 private:
  const Float32LinearOp& op_;
};

float sigmoid(float x) {
  constexpr float kTiny = 1e-16F;
  const float power = std::exp(std::min(-x, 88.7F));
  return 1.0F / (power + 1.0F + kTiny);
}

float softplus(float x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

void softmax(const double* x, size_t width, double* y) {
  float largest = narrow(x[0]);
  for (size_t i = 1; i < width; ++i) largest = std::fmax(narrow(x[i]), largest);
  double sum = 0;
  for (size_t i = 0; i < width; ++i) {
    y[i] = double{std::exp(narrow(x[i]) - largest)};
    sum += y[i];
  }
  for (size_t i = 0; i < width; ++i) y[i] = double{narrow(y[i]) / narrow(sum)};
}

/// As XGBoost sorts, which matters for NaN only.
void sort_row(const double* x, size_t width, double* y) {
  std::copy_n(x, width, y);
  for (size_t i = 1; i < width; ++i) {
    const double value = y[i];
    size_t place = i;
    for (; place > 0 && y[place - 1] > value; --place) y[place] = y[place - 1];
    y[place] = value;
  }
}

void rising_steps(const double* x, size_t width, double* y) {
  constexpr float kGap = 1e-6F;
  float sum = narrow(x[0]);
  y[0] = double{sum};
  for (size_t i = 1; i < width; ++i) {
    sum += kGap + softplus(narrow(x[i]));
    y[i] = double{sum};
  }
}

class Float32LinkKernel final : public Kernel {
 public:
  explicit Float32LinkKernel(Float32LinkOp::Function function) : function_(function) {}
  Status run(const KernelArgs& args) const override {
    const size_t width = args.input(0).width;
    for (size_t row = 0; row < args.rows; ++row) {
      compute(args.input(0).dense(row), width, args.output.dense(row));
    }
    return {};
  }

 private:
  template <typename Each>
  static void each(const double* x, size_t width, double* y, Each function) {
    for (size_t i = 0; i < width; ++i) y[i] = double{function(narrow(x[i]))};
  }
  void compute(const double* x, size_t width, double* y) const {
    using Function = Float32LinkOp::Function;
    switch (function_) {
      case Function::kSigmoid: return each(x, width, y, sigmoid);
      case Function::kExp: return each(x, width, y, [](float value) { return std::exp(value); });
      case Function::kStep:
        return each(x, width, y, [](float value) { return value > 0 ? 1.0F : 0.0F; });
      case Function::kSoftmax: return softmax(x, width, y);
      case Function::kComplementPair: {
        y[1] = x[0];
        y[0] = double{1.0F - narrow(x[0])};
        return;
      }
      case Function::kSortRow: return sort_row(x, width, y);
      case Function::kRisingSteps: return rising_steps(x, width, y);
    }
  }

  const Float32LinkOp::Function function_;
};

class Float32MissingKernel final : public Kernel {
 public:
  explicit Float32MissingKernel(float missing) : missing_(missing) {}
  Status run(const KernelArgs& args) const override {
    const size_t count = args.rows * args.output.width;
    const double* x = args.input(0).dense(0);
    std::transform(x, x + count, args.output.dense(0), [this](double value) {
      return narrow(value) == missing_ ? std::numeric_limits<double>::quiet_NaN() : value;
    });
    return {};
  }

 private:
  const float missing_;
};

}  // namespace

std::span<const KernelEntry> float32_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"float32_linear", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<Float32LinearKernel>(
                        static_cast<const Float32LinearOp&>(op));
                  }},
      KernelEntry{"float32_link", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<Float32LinkKernel>(
                        static_cast<const Float32LinkOp&>(op).function);
                  }},
      KernelEntry{"float32_missing", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<Float32MissingKernel>(
                        static_cast<const Float32MissingOp&>(op).missing);
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
