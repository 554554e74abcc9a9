// Kernels of graph/ops/neighbors.h.
//
// "scalar" computes one distance after another and walks trees; the others (neighbors_blocked.cpp)
// search by brute force in vector registers, and find the same.
#include <algorithm>
#include <array>
#include <cmath>

#include "engine/kernel_table.h"
#include "engine/kernels/internal/neighbors_kernel.h"

namespace slipway::engine {
namespace {

using Metric = NeighborsOp::Metric;
using Search = NeighborsOp::Search;

class ScalarNeighbors final : public NeighborsKernel {
 public:
  using NeighborsKernel::NeighborsKernel;

 private:
  void search(const Queries& queries, const Rooms& rooms, double*) const override {
    for (size_t i = 0; i < queries.count; ++i) {
      switch (op().options.search) {
        case Search::kPartition: search_partition(queries.rows[i], rooms[i]); break;
        case Search::kHeap: search_heap(queries.rows[i], rooms[i]); break;
        case Search::kKdTree:
        case Search::kBallTree: search_tree(queries.rows[i], rooms[i]); break;
      }
    }
  }

  double reduced(const double* x, double x_norm, size_t i, double* work) const {
    if (!op().distance.expanded) {
      return reduced_distance(op().distance, op().features, {x, point(i), work});
    }
    const double dot = fused_dot(x, point(i), op().features);
    return std::max(0.0, (x_norm + -2 * dot) + norms()[i]);
  }

  double norm(const double* x) const {
    return op().distance.expanded ? squared_norm(x, op().features) : 0;
  }

  void search_partition(const double* x, const Room& room) const {
    const double x_norm = norm(x);
    for (size_t i = 0; i < op().point_count(); ++i) room.all[i] = reduced(x, x_norm, i, room.work);
    choose_by_partition(room);
  }

  void search_heap(const double* x, const Room& room) const {
    const double x_norm = norm(x);
    NeighborHeap nearest = heap(room);
    nearest.reset();
    for (size_t i = 0; i < op().point_count(); ++i) {
      nearest.push(reduced(x, x_norm, i, room.work), static_cast<uint32_t>(i));
    }
    finish_heap(room);
  }

  /// Depth first, the nearer child before the other; a node is skipped if it is farther than the
  /// farthest neighbour when its turn comes.
  void search_tree(const double* x, const Room& room) const {
    struct Visit {
      size_t node;
      double bound;
    };
    // One pending sibling per level; the node count fits 32 bits, so there are at most 32 levels.
    std::array<Visit, 40> stack;
    size_t depth = 0;
    NeighborHeap nearest = heap(room);
    nearest.reset();
    stack[depth++] = {0, node_bound(0, x, room.work)};
    while (depth > 0) {
      const Visit visit = stack[--depth];
      if (visit.bound > nearest.largest()) continue;
      const NeighborsOp::Node& node = op().tree.nodes[visit.node];
      if (node.is_leaf) {
        for (size_t i = node.start; i < node.end; ++i) {
          const uint32_t candidate = op().tree.order[i];
          nearest.push(reduced(x, 0, candidate, room.work), candidate);
        }
        continue;
      }
      Visit near{2 * visit.node + 1, node_bound(2 * visit.node + 1, x, room.work)};
      Visit far{2 * visit.node + 2, node_bound(2 * visit.node + 2, x, room.work)};
      if (!(near.bound <= far.bound)) std::swap(near, far);
      stack[depth++] = far;
      stack[depth++] = near;
    }
    finish_heap(room);
  }

  /// The least reduced distance that a point of the node can have.
  double node_bound(size_t node, const double* x, double* work) const {
    const size_t features = op().features;
    const double* low = op().tree.bounds.data() + node * features;
    if (op().options.search == Search::kBallTree) {
      const double centre =
          from_reduced(op().distance, reduced_distance(op().distance, features, {x, low, work}));
      return to_reduced(op().distance, std::max(0.0, centre - op().tree.nodes[node].radius));
    }
    const double* high = low + op().tree.nodes.size() * features;
    const Metric metric = op().distance.metric;
    double bound = 0;
    for (size_t j = 0; j < features; ++j) {
      const double below = low[j] - x[j];
      const double above = x[j] - high[j];
      const double d = 0.5 * ((below + std::fabs(below)) + (above + std::fabs(above)));
      switch (metric) {
        case Metric::kChebyshev: bound = std::max(bound, d); break;
        case Metric::kManhattan: bound += d; break;
        case Metric::kEuclidean: bound += d * d; break;
        default: bound += std::pow(d, op().distance.p); break;
      }
    }
    return bound;
  }
};

template <BlockTarget kTarget>
std::unique_ptr<const Kernel> make_blocked(const Op& op, std::span<const ValueType>) {
  return make_blocked_neighbors(static_cast<const NeighborsOp&>(op), kTarget);
}

template <BlockTarget kTarget>
std::unique_ptr<const Kernel> make_filtered(const Op& op, std::span<const ValueType>) {
  return make_filtered_neighbors(static_cast<const NeighborsOp&>(op), kTarget);
}

bool has_avx512(const CpuFeatures& cpu) { return cpu.avx512; }
bool has_avx2(const CpuFeatures& cpu) { return cpu.avx2_fma; }

}  // namespace

std::span<const KernelEntry> neighbors_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"neighbors", "filtered_avx512", has_avx512, make_filtered<BlockTarget::kAvx512>},
      KernelEntry{"neighbors", "filtered_avx2", has_avx2, make_filtered<BlockTarget::kAvx2>},
      KernelEntry{"neighbors", "blocked_avx512", has_avx512, make_blocked<BlockTarget::kAvx512>},
      KernelEntry{"neighbors", "blocked_avx2", has_avx2, make_blocked<BlockTarget::kAvx2>},
      KernelEntry{"neighbors", "blocked", on_every_cpu, make_blocked<BlockTarget::kBaseline>},
      KernelEntry{"neighbors", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<ScalarNeighbors>(static_cast<const NeighborsOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
