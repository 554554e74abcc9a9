// What all kernels of graph/ops/neighbors.h share: rows go through the search in groups, and the
// neighbours that it finds are weighted and vote.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <vector>

#include "base/heap_bytes.h"
#include "engine/kernel.h"
#include "engine/kernels/internal/neighbor_blocks.h"
#include "engine/kernels/internal/neighbor_distance.h"
#include "engine/kernels/internal/neighbor_select.h"
#include "graph/ops/neighbors.h"

namespace slipway::engine {

inline constexpr size_t kGroupRows = 64;  // at most, that go through the points together
/// What one row's search for neighbours needs; carved out of the workspace.
struct NeighborRoom {
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
  using Metric = NeighborsOp::Metric;
  using Search = NeighborsOp::Search;
  using Room = NeighborRoom;

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

  /// |y|^2 of each point, if distances are expanded.
  const std::vector<double>& norms() const { return norms_; }
  size_t size_bytes() const override { return heap_bytes(norms_) + heap_bytes(units_); }
  size_t workspace_bytes(size_t rows) const override {
    return group_rows(rows) * room_bytes() + kTileRows * kPair * sizeof(double);
  }

  Status run(const KernelArgs& args) const override {
    const size_t group = group_rows(args.rows);
    for (size_t row = 0; row < args.rows; row += group) {
      const size_t count = std::min(group, args.rows - row);
      Rooms rooms;
      std::array<const double*, kGroupRows> queries;
      for (size_t i = 0; i < tiled(count); ++i) {
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
             reinterpret_cast<double*>(args.workspace + group * room_bytes()));
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
    const double* const* rows;  // whole tiles
    size_t count;               // of which so many count
  };
  using Rooms = std::array<Room, kGroupRows>;

  /// Fills distances (full, not reduced) and points of each counting row's room. `block_room` has
  /// kTileRows x kPair doubles.
  virtual void search(const Queries& queries, const Rooms& rooms, double* block_room) const = 0;

  static size_t tiled(size_t rows) { return (rows + kTileRows - 1) / kTileRows * kTileRows; }
  const NeighborsOp& op() const { return op_; }
  const double* point(size_t i) const {
    return (units_.empty() ? op_.points.data() : units_.data()) + i * op_.features;
  }

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
  /// Rooms with the distances to all points are too large for many.
  size_t group_rows(size_t rows) const {
    return op_.options.search == Search::kPartition ? kTileRows : std::min(tiled(rows), kGroupRows);
  }

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

/// Brute force in vector registers, of the metrics that neighbor_blocks.h has; else null.
std::unique_ptr<const Kernel> make_blocked_neighbors(const NeighborsOp& op, BlockTarget target);
/// The same behind a filter in float32, where that is faster; else null.
std::unique_ptr<const Kernel> make_filtered_neighbors(const NeighborsOp& op, BlockTarget target);

}  // namespace slipway::engine
