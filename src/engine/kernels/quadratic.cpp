// Kernel of graph/ops/quadratic.h.
#include "graph/ops/quadratic.h"

#include <array>

#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

class QuadraticFormsKernel final : public Kernel {
 public:
  explicit QuadraticFormsKernel(const QuadraticFormsOp& op) : op_(op) {}
  size_t workspace_bytes(size_t) const override { return op_.features * sizeof(double); }
  Status run(const KernelArgs& args) const override {
    auto* difference = reinterpret_cast<double*>(args.workspace);
    for (size_t row = 0; row < args.rows; ++row) {
      const double* x = args.input(0).dense(row);
      double* out = args.output.dense(row);
      for (size_t k = 0; k < op_.forms.size(); ++k) {
        const QuadraticFormsOp::Form& form = op_.forms[k];
        for (size_t j = 0; j < op_.features; ++j) difference[j] = x[j] - form.mean[j];
        out[k] = form.constant - op_.factor * value_of(form, difference);
      }
    }
    return {};
  }

 private:
  double value_of(const QuadraticFormsOp::Form& form, const double* difference) const {
    double total = 0;
    if (form.kind == QuadraticFormsOp::Kind::kDiagonal) {
      for (size_t j = 0; j < op_.features; ++j) {
        const double y = form.matrix[j] * difference[j];
        total += y * y;
      }
      return total;
    }
    const bool bilinear = form.kind == QuadraticFormsOp::Kind::kBilinear;
    const size_t rank = form.matrix.size() / op_.features;
    for (size_t i = 0; i < rank; ++i) {
      const double* row = form.matrix.data() + i * op_.features;
      double y = 0;
      for (size_t j = 0; j < op_.features; ++j) y += row[j] * difference[j];
      total += bilinear ? y * difference[i] : y * y;
    }
    return total;
  }

  const QuadraticFormsOp& op_;
};

}  // namespace

std::span<const KernelEntry> quadratic_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"quadratic_forms", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<QuadraticFormsKernel>(
                        static_cast<const QuadraticFormsOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
