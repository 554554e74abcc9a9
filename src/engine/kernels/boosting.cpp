// Kernels of graph/ops/boosting.h.
#include "graph/ops/boosting.h"

#include <algorithm>
#include <array>

#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

class BoostingStartKernel final : public Kernel {
 public:
  explicit BoostingStartKernel(const BoostingStartOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    const ValueBuffer& input = args.input(0);
    for (size_t row = 0; row < args.rows; ++row) {
      op_.compute({input.dense(row), input.width}, args.output.dense(row));
    }
    return {};
  }

 private:
  const BoostingStartOp& op_;
};

class RoundFloat32Kernel final : public Kernel {
 public:
  Status run(const KernelArgs& args) const override {
    const size_t count = args.rows * args.output.width;
    std::transform(args.input(0).dense(0), args.input(0).dense(0) + count, args.output.dense(0),
                   [](double value) { return static_cast<double>(static_cast<float>(value)); });
    return {};
  }
};

}  // namespace

std::span<const KernelEntry> boosting_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"boosting_start", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<BoostingStartKernel>(
                        static_cast<const BoostingStartOp&>(op));
                  }},
      KernelEntry{"round_float32", "scalar", on_every_cpu,
                  [](const Op&, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<RoundFloat32Kernel>();
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
