// Kernel of graph/ops/cluster_tree.h.
#include "graph/ops/cluster_tree.h"

#include <array>

#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

class ClusterTreeKernel final : public Kernel {
 public:
  explicit ClusterTreeKernel(const ClusterTreeOp& op) : tables_(op.tables) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      const double* x = args.input(0).dense(row);
      uint32_t node = 0;
      while (const uint32_t left = tables_.nodes[node].left) {
        node = distance(x, left + 1) < distance(x, left) ? left + 1 : left;
      }
      *args.output.index(row) = static_cast<int32_t>(tables_.nodes[node].label);
    }
    return {};
  }

 private:
  double distance(const double* x, uint32_t node) const {
    const double* center = tables_.centers.data() + size_t{node} * tables_.features;
    double sum = 0;
    for (size_t j = 0; j < tables_.features; ++j) {
      sum += (x[j] - center[j]) * (x[j] - center[j]);
    }
    return sum;
  }

  const ClusterTreeOp::Tables& tables_;
};

}  // namespace

std::span<const KernelEntry> cluster_tree_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"cluster_tree", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<ClusterTreeKernel>(
                        static_cast<const ClusterTreeOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
