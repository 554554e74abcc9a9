// Kernels of graph/ops/linear.h.
//
// "scalar" adds over features in ascending order for each output. "transposed" keeps the weights
// feature by feature, so that the outputs' sums run side by side (the compiler vectorises them)
// while each sum still runs in the same order: the same bits. It pays from two outputs on.
#include "graph/ops/linear.h"

#include <algorithm>
#include <array>

#include "base/heap_bytes.h"
#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

class ScalarLinear final : public Kernel {
 public:
  explicit ScalarLinear(const LinearOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    const ValueBuffer& input = args.input(0);
    for (size_t row = 0; row < args.rows; ++row) {
      double* out = args.output.dense(row);
      for (uint32_t k = 0; k < op_.outputs; ++k) {
        const double* weights = op_.weights.data() + size_t{k} * op_.features;
        out[k] = (input.kind == ValueKind::kSparse ? sparse_dot(input, row, weights)
                                                   : dense_dot(input.dense(row), weights)) +
                 op_.intercept[k];
      }
    }
    return {};
  }

 private:
  double dense_dot(const double* x, const double* weights) const {
    double sum = 0;
    for (uint32_t i = 0; i < op_.features; ++i) sum += x[i] * weights[i];
    return sum;
  }
  static double sparse_dot(const ValueBuffer& input, size_t row, const double* weights) {
    const auto* values = static_cast<const double*>(input.data);
    double sum = 0;
    for (uint32_t k = input.row_starts[row]; k < input.row_starts[row + 1]; ++k) {
      sum += values[k] * weights[input.columns[k]];
    }
    return sum;
  }

  const LinearOp& op_;
};

class TransposedLinear final : public Kernel {
 public:
  explicit TransposedLinear(const LinearOp& op) : op_(op), transposed_(op.weights.size()) {
    for (size_t k = 0; k < op.outputs; ++k) {
      for (size_t i = 0; i < op.features; ++i) {
        transposed_[i * op.outputs + k] = op.weights[k * op.features + i];
      }
    }
  }
  size_t size_bytes() const override { return heap_bytes(transposed_); }
  Status run(const KernelArgs& args) const override {
    const ValueBuffer& input = args.input(0);
    for (size_t row = 0; row < args.rows; ++row) {
      double* out = args.output.dense(row);
      std::fill_n(out, op_.outputs, 0.0);
      if (input.kind == ValueKind::kSparse) {
        for (uint32_t k = input.row_starts[row]; k < input.row_starts[row + 1]; ++k) {
          add(static_cast<const double*>(input.data)[k], input.columns[k], out);
        }
      } else {
        for (uint32_t i = 0; i < op_.features; ++i) add(input.dense(row)[i], i, out);
      }
      for (uint32_t k = 0; k < op_.outputs; ++k) out[k] += op_.intercept[k];
    }
    return {};
  }

 private:
  void add(double x, uint32_t feature, double* out) const {
    const double* weights = transposed_.data() + size_t{feature} * op_.outputs;
    for (uint32_t k = 0; k < op_.outputs; ++k) out[k] += x * weights[k];
  }

  const LinearOp& op_;
  std::vector<double> transposed_;
};

}  // namespace

std::span<const KernelEntry> linear_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"linear", "transposed", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    const auto& linear = static_cast<const LinearOp&>(op);
                    if (linear.outputs < 2) return nullptr;
                    return std::make_unique<TransposedLinear>(linear);
                  }},
      KernelEntry{"linear", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<ScalarLinear>(static_cast<const LinearOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
