// Kernels of graph/ops/neighbors.h.
//
// "scalar" computes one distance after another and walks trees. "blocked" (brute force, the common
// metrics) keeps the points in blocks of eight, feature by feature, and works on four rows at a
// time: 32 distances grow side by side in vector registers, each in feature order, so the bits are
// those of "scalar". All share choosing, weighting and voting.
#include "graph/ops/neighbors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/heap_bytes.h"
#include "engine/kernel_table.h"
#include "engine/kernels/internal/neighbor_distance.h"
#include "engine/kernels/internal/neighbor_select.h"
#include "engine/kernels/internal/point_blocks.h"

namespace slipway::engine {
namespace {

using Metric = NeighborsOp::Metric;
using Search = NeighborsOp::Search;

/// What one row's search needs; carved out of the workspace.
struct Room {
  double* distances;  // k nearest
  double* all;        // distances to all points (kPartition)
  double* query;      // the query as the metric wants it
  double* work;       // one vector
  double* terms;      // k terms of a sum
  uint32_t* points;   // k nearest
  uint32_t* order;    // of all points (kPartition)
};

class NeighborsKernel : public Kernel {
 public:
  explicit NeighborsKernel(const NeighborsOp& op) : op_(op) {
    if (op.distance.expanded) {
      norms_.resize(padded(op.point_count()));
      for (size_t i = 0; i < op.point_count(); ++i) {
        const double* y = op.points.data() + i * op.features;
        norms_[i] = squared_norm(y, op.features);
      }
    }
    if (op.distance.metric == Metric::kCosine) {
      units_.resize(op.points.size());
      for (size_t i = 0; i < op.point_count(); ++i) {
        unit_vector(op.points.data() + i * op.features, op.features,
                    units_.data() + i * op.features);
      }
    }
  }

  size_t size_bytes() const override { return heap_bytes(norms_) + heap_bytes(units_); }
  size_t workspace_bytes(size_t) const override {
    return kTileRows * room_bytes() + 2 * kTileRows * kBlock * sizeof(double);
  }

  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; row += kTileRows) {
      const size_t count = std::min(kTileRows, args.rows - row);
      std::array<Room, kTileRows> rooms{};
      std::array<const double*, kTileRows> queries{};
      for (size_t i = 0; i < kTileRows; ++i) {
        rooms[i] = room(args.workspace, i);
        // A short tile repeats its last row, and throws the repetition away.
        const double* x = args.input(0).dense(row + std::min(i, count - 1));
        if (op_.distance.metric == Metric::kCosine) {
          unit_vector(x, op_.features, rooms[i].query);
          x = rooms[i].query;
        }
        queries[i] = x;
      }
      search({queries.data(), count}, rooms,
             reinterpret_cast<double*>(args.workspace + kTileRows * room_bytes()));
      for (size_t i = 0; i < count; ++i) {
        if (!answer(rooms[i], args.output.dense(row + i))) {
          return invalid_argument(fmt::format("all neighbours are infinitely far away, in row {}",
                                              args.first_row + row + i));
        }
      }
    }
    return {};
  }

 protected:
  struct Queries {
    const double* const* rows;  // kTileRows of them
    size_t count;               // of which so many count
  };
  using Rooms = std::array<Room, kTileRows>;

  /// Fills distances (full, not reduced) and points of each counting row's room. `block_room` has
  /// kTileRows x kBlock doubles.
  virtual void search(const Queries& queries, const Rooms& rooms, double* block_room) const = 0;

  const NeighborsOp& op() const { return op_; }
  /// As distances are taken of them, row-major.
  const std::vector<double>& points() const { return units_.empty() ? op_.points : units_; }
  const double* point(size_t i) const { return points().data() + i * op_.features; }
  const std::vector<double>& norms() const { return norms_; }

  NeighborHeap heap(const Room& room) const {
    return {room.distances, room.points, op_.options.neighbors};
  }

  /// Reduced distances in the heap become full ones.
  void finish_heap(const Room& room) const {
    for (size_t i = 0; i < op_.options.neighbors; ++i) {
      room.distances[i] = from_reduced(op_.distance, room.distances[i]);
    }
    sort_neighbors(room.distances, room.points, op_.options.neighbors);
  }

  /// room.all holds reduced distances to all points. Euclidean distances are compared as squares.
  void choose_by_partition(const Room& room) const {
    const bool squared = op_.distance.metric == Metric::kEuclidean;
    for (size_t i = 0; i < op_.point_count(); ++i) {
      room.order[i] = static_cast<uint32_t>(i);
      if (!squared) room.all[i] = from_reduced(op_.distance, room.all[i]);
    }
    arg_partition(room.all, room.order, op_.point_count(), op_.options.neighbors);
    for (size_t i = 0; i < op_.options.neighbors; ++i) {
      room.points[i] = room.order[i];
      const double distance = room.all[room.order[i]];
      room.distances[i] = squared ? from_reduced(op_.distance, distance) : distance;
    }
    sort_neighbors(room.distances, room.points, op_.options.neighbors);
  }

 private:
  size_t room_bytes() const {
    const size_t k = padded(op_.options.neighbors);
    const size_t all = op_.options.search == Search::kPartition ? padded(op_.point_count()) : 0;
    const size_t features = padded(op_.features);
    return (2 * k + all + 2 * features) * sizeof(double) + (k + all) * sizeof(uint32_t);
  }

  Room room(std::byte* workspace, size_t index) const {
    const size_t k = padded(op_.options.neighbors);
    const size_t all = op_.options.search == Search::kPartition ? padded(op_.point_count()) : 0;
    const size_t features = padded(op_.features);
    auto* place = reinterpret_cast<double*>(workspace + index * room_bytes());
    Room room{};
    room.distances = place;
    room.terms = place + k;
    room.all = room.terms + k;
    room.query = room.all + all;
    room.work = room.query + features;
    room.points = reinterpret_cast<uint32_t*>(room.work + features);
    room.order = room.points + k;
    return room;
  }

  /// 1 / distance; where some distance is zero, those points weigh 1 and all others nothing.
  void weigh(const Room& room) const {
    const size_t k = op_.options.neighbors;
    bool exact = false;
    for (size_t i = 0; i < k; ++i) {
      room.distances[i] = op_.options.distance_weights ? 1 / room.distances[i] : 1;
      exact = exact || std::isinf(room.distances[i]);
    }
    for (size_t i = 0; i < k && exact; ++i) {
      room.distances[i] = std::isinf(room.distances[i]) ? 1 : 0;
    }
  }

  /// False if no neighbour has a weight that could vote; scikit-learn refuses this since 1.5.
  bool answer(const Room& room, double* out) const {
    const size_t k = op_.options.neighbors;
    if (op_.targets.lists) {
      std::copy_n(room.distances, k, out);
      std::copy_n(room.points, k, out + k);
      return true;
    }
    weigh(room);
    if (op_.targets.class_counts.empty()) {
      average(room, out);
      return true;
    }
    vote(room, out);
    return std::any_of(room.distances, room.distances + k,
                       [](double weight) { return weight != 0; });
  }

  void average(const Room& room, double* out) const {
    const size_t k = op_.options.neighbors;
    const double total = numpy_sum(room.distances, k);
    for (size_t target = 0; target < op_.targets.value_count; ++target) {
      for (size_t i = 0; i < k; ++i) {
        const size_t place = size_t{room.points[i]} * op_.targets.value_count + target;
        room.terms[i] = op_.targets.values[place] * room.distances[i];
      }
      out[target] = numpy_sum(room.terms, k) / total;
    }
  }

  void vote(const Room& room, double* out) const {
    const size_t k = op_.options.neighbors;
    const size_t targets = op_.targets.class_counts.size();
    for (size_t target = 0; target < targets; ++target) {
      const uint32_t classes = op_.targets.class_counts[target];
      std::fill_n(out, classes, 0.0);
      for (size_t i = 0; i < k; ++i) out[label(room.points[i], target)] += room.distances[i];
      out += classes;
    }
    for (size_t target = 0; target < targets && op_.options.distance_weights; ++target) {
      const uint32_t classes = op_.targets.class_counts[target];
      std::fill_n(out, classes, 0.0);
      for (size_t i = 0; i < k; ++i) {
        const uint32_t chosen = label(room.points[i], target);
        // Once per class: at its nearest neighbour.
        if (std::find_if(room.points, room.points + i, [&](uint32_t point) {
              return label(point, target) == chosen;
            }) != room.points + i) {
          continue;
        }
        for (size_t j = 0; j < k; ++j) {
          room.terms[j] = label(room.points[j], target) == chosen ? room.distances[j] : 0;
        }
        out[chosen] = numpy_sum(room.terms, k);
      }
      out += classes;
    }
  }

  uint32_t label(uint32_t point, size_t target) const {
    return op_.targets.labels[size_t{point} * op_.targets.class_counts.size() + target];
  }

  const NeighborsOp& op_;
  std::vector<double> norms_;  // |y|^2, if distances are expanded
  std::vector<double> units_;  // points of length one (kCosine)
};

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

/// The term of a brute-force search that "blocked" computes.
std::optional<BlockTerm> block_term(const NeighborsOp& op) {
  if (op.options.search != Search::kHeap && op.options.search != Search::kPartition) {
    return std::nullopt;
  }
  if (op.distance.expanded) return BlockTerm::kFusedProduct;
  switch (op.distance.metric) {
    case Metric::kEuclidean:
    case Metric::kSquaredEuclidean: return BlockTerm::kSquare;
    case Metric::kManhattan: return BlockTerm::kAbsolute;
    case Metric::kChebyshev: return BlockTerm::kGreatest;
    case Metric::kCosine: return BlockTerm::kFusedProduct;
    default: return std::nullopt;
  }
}

class BlockedNeighbors final : public NeighborsKernel {
 public:
  BlockedNeighbors(const NeighborsOp& op, BlockFunction function)
      : NeighborsKernel(op), function_(function), blocks_(point_blocks(points(), op.features)) {}
  size_t size_bytes() const override { return NeighborsKernel::size_bytes() + heap_bytes(blocks_); }

 private:
  void search(const Queries& queries, const Rooms& rooms, double* block_room) const override {
    const NeighborsOp& model = op();
    const bool by_heap = model.options.search == Search::kHeap;
    std::array<double, kTileRows> norm{};
    for (size_t row = 0; row < queries.count; ++row) {
      if (by_heap) heap(rooms[row]).reset();
      if (!model.distance.expanded) continue;
      norm[row] = squared_norm(queries.rows[row], model.features);
    }
    for (size_t first = 0; first < model.point_count(); first += kBlock) {
      function_({blocks_.data() + first * model.features, model.features}, queries.rows,
                block_room);
      const size_t lanes = std::min(kBlock, model.point_count() - first);
      for (size_t row = 0; row < queries.count; ++row) {
        double* sums = block_room + row * kBlock;
        finish_sums(sums, first, lanes, norm[row]);
        if (!by_heap) {
          std::copy_n(sums, lanes, rooms[row].all + first);
          continue;
        }
        NeighborHeap nearest = heap(rooms[row]);
        for (size_t lane = 0; lane < lanes; ++lane) {
          nearest.push(sums[lane], static_cast<uint32_t>(first + lane));
        }
      }
    }
    for (size_t row = 0; row < queries.count; ++row) {
      if (by_heap) {
        finish_heap(rooms[row]);
      } else {
        choose_by_partition(rooms[row]);
      }
    }
  }

  /// From products to reduced distances, where the function gives products.
  void finish_sums(double* sums, size_t first, size_t lanes, double norm) const {
    if (op().distance.expanded) {
      for (size_t lane = 0; lane < lanes; ++lane) {
        sums[lane] = std::max(0.0, (norm + -2 * sums[lane]) + norms()[first + lane]);
      }
    } else if (op().distance.metric == Metric::kCosine) {
      for (size_t lane = 0; lane < lanes; ++lane) {
        sums[lane] = std::min(std::max(1 - sums[lane], 0.0), 2.0);
      }
    }
  }

  const BlockFunction function_;
  std::vector<double> blocks_;
};

template <BlockFunction kSquare, BlockFunction kAbsolute, BlockFunction kGreatest,
          BlockFunction kProduct>
std::unique_ptr<const Kernel> make_blocked(const Op& op, std::span<const ValueType>) {
  const auto& neighbors = static_cast<const NeighborsOp&>(op);
  const std::optional<BlockTerm> term = block_term(neighbors);
  if (!term.has_value()) return nullptr;
  const std::array functions = {kSquare, kAbsolute, kGreatest, kProduct};
  return std::make_unique<BlockedNeighbors>(neighbors, functions[static_cast<size_t>(*term)]);
}

}  // namespace

std::span<const KernelEntry> neighbors_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{
          "neighbors", "blocked_avx512", [](const CpuFeatures& cpu) { return cpu.avx512; },
          make_blocked<block_avx512<BlockTerm::kSquare>, block_avx512<BlockTerm::kAbsolute>,
                       block_avx512<BlockTerm::kGreatest>, block_avx512<BlockTerm::kFusedProduct>>},
      KernelEntry{
          "neighbors", "blocked_avx2", [](const CpuFeatures& cpu) { return cpu.avx2_fma; },
          make_blocked<block_avx2<BlockTerm::kSquare>, block_avx2<BlockTerm::kAbsolute>,
                       block_avx2<BlockTerm::kGreatest>, block_avx2<BlockTerm::kFusedProduct>>},
      KernelEntry{
          "neighbors", "blocked", on_every_cpu,
          make_blocked<block_baseline<BlockTerm::kSquare>, block_baseline<BlockTerm::kAbsolute>,
                       block_baseline<BlockTerm::kGreatest>,
                       block_baseline<BlockTerm::kFusedProduct>>},
      KernelEntry{"neighbors", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<ScalarNeighbors>(static_cast<const NeighborsOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
