// Kernels of graph/ops/score_link.h.
#include "graph/ops/score_link.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

class ScoreLinkKernel final : public Kernel {
 public:
  explicit ScoreLinkKernel(const ScoreLinkOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    const double* in = args.input(0).dense(0);
    double* out = args.output.dense(0);
    const size_t count = args.rows * args.output.width;
    const double scale = op_.scale;
    switch (op_.function) {
      case ScoreLinkOp::Function::kSigmoid:
        std::transform(in, in + count, out,
                       [scale](double x) { return 1 / (1 + std::exp(-scale * x)); });
        break;
      case ScoreLinkOp::Function::kSignedSquare:
        std::transform(in, in + count, out, [](double x) { return x * std::fabs(x); });
        break;
      case ScoreLinkOp::Function::kSoftplus:
        std::transform(in, in + count, out, [](double x) { return std::log1p(std::exp(x)); });
        break;
      case ScoreLinkOp::Function::kDivide:
        std::transform(in, in + count, out, [scale](double x) { return x / scale; });
        break;
    }
    return {};
  }

 private:
  const ScoreLinkOp& op_;
};

class ZeroAsMissingKernel final : public Kernel {
 public:
  explicit ZeroAsMissingKernel(const ZeroAsMissingOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      const double* in = args.input(0).dense(row);
      double* out = args.output.dense(row);
      for (const ZeroAsMissingOp::Pick& pick : op_.picks) {
        const double x = in[pick.column];
        const bool missing = pick.zero_is_missing && std::fabs(x) <= op_.zero;
        *out++ = missing ? std::numeric_limits<double>::quiet_NaN() : x;
      }
    }
    return {};
  }

 private:
  const ZeroAsMissingOp& op_;
};

template <typename OpType, typename KernelType>
std::unique_ptr<const Kernel> make(const Op& op, std::span<const ValueType>) {
  return std::make_unique<KernelType>(static_cast<const OpType&>(op));
}

}  // namespace

std::span<const KernelEntry> score_link_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"score_link", "scalar", on_every_cpu, make<ScoreLinkOp, ScoreLinkKernel>},
      KernelEntry{"zero_as_missing", "scalar", on_every_cpu,
                  make<ZeroAsMissingOp, ZeroAsMissingKernel>},
  };
  return kTable;
}

}  // namespace slipway::engine
