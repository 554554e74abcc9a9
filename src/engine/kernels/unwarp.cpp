// Kernel of graph/ops/unwarp.h.
#include "graph/ops/unwarp.h"

#include <array>
#include <cfloat>
#include <cmath>
#include <numbers>

#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

double from_box_cox(double x, double exponent) {
  return exponent == 0 ? std::exp(x) : std::pow(x * exponent + 1, 1 / exponent);
}

double from_yeo_johnson(double x, double exponent) {
  if (x >= 0) {
    if (std::fabs(exponent) < DBL_EPSILON) return std::exp(x) - 1;
    return std::pow(x * exponent + 1, 1 / exponent) - 1;
  }
  const double other = 2 - exponent;
  if (std::fabs(other) <= DBL_EPSILON) return 1 - std::exp(-x);
  return 1 - std::pow(-other * x + 1, 1 / other);
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

class UnwarpKernel final : public Kernel {
 public:
  using Function = UnwarpOp::Function;
  explicit UnwarpKernel(const UnwarpOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    const size_t width = args.output.width;
    for (size_t row = 0; row < args.rows; ++row) {
      const double* in = args.input(0).dense(row);
      double* out = args.output.dense(row);
      for (size_t i = 0; i < width; ++i) {
        switch (op_.function) {
          case Function::kBoxCox: out[i] = from_box_cox(in[i], op_.exponents[i]); break;
          case Function::kYeoJohnson: out[i] = from_yeo_johnson(in[i], op_.exponents[i]); break;
          case Function::kNormalCdf: out[i] = normal_cdf(in[i]); break;
        }
      }
    }
    return {};
  }

 private:
  const UnwarpOp& op_;
};

}  // namespace

std::span<const KernelEntry> unwarp_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"unwarp", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<UnwarpKernel>(static_cast<const UnwarpOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
