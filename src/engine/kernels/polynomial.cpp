// Kernel of graph/ops/polynomial.h.
#include "graph/ops/polynomial.h"

#include <array>

#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

class ScalarPolynomial final : public Kernel {
 public:
  explicit ScalarPolynomial(const PolynomialOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    const size_t terms = op_.starts.size() - 1;
    for (size_t row = 0; row < args.rows; ++row) {
      const double* in = args.input(0).dense(row);
      double* out = args.output.dense(row);
      for (size_t term = 0; term < terms; ++term) {
        double product = 1;
        // From the last factor: the order in which scikit-learn builds higher degrees from lower.
        for (size_t k = op_.starts[term + 1]; k-- > op_.starts[term];) {
          product *= in[op_.factors[k]];
        }
        out[term] = product;
      }
    }
    return {};
  }

 private:
  const PolynomialOp& op_;
};

}  // namespace

std::span<const KernelEntry> polynomial_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"polynomial", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<ScalarPolynomial>(static_cast<const PolynomialOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
