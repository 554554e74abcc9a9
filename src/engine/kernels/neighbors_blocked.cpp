// Searches for neighbours by brute force, in vector registers.
//
// "blocked" keeps the points in blocks of eight, feature by feature, and works on four rows and two
// blocks at a time: 64 distances grow side by side, each in feature order, so the bits are those of
// "scalar". "filtered" looks at float32 copies first (neighbor_filter.h) and computes exact
// distances of the few points that could be near. Of both, as many points as the cache holds are
// compared with up to 64 rows before the next ones are fetched.
#include <bit>
#include <optional>

#include "engine/kernels/internal/neighbor_filter.h"
#include "engine/kernels/internal/neighbors_kernel.h"

namespace slipway::engine {
namespace {

using Metric = NeighborsOp::Metric;
using Search = NeighborsOp::Search;

constexpr size_t kChunkBytes = size_t{1} << 17;  // of points, that stay in the cache meanwhile

/// Points of a chunk, whole steps of them.
size_t chunk_points(size_t point_bytes, size_t step) {
  return std::max<size_t>(1, kChunkBytes / (step * point_bytes)) * step;
}

/// The term of a brute-force search that "blocked" computes.
std::optional<Term> block_term(const NeighborsOp& op) {
  if (op.options.search != Search::kHeap && op.options.search != Search::kPartition) {
    return std::nullopt;
  }
  if (op.distance.expanded) return Term::kExpanded;
  switch (op.distance.metric) {
    case Metric::kEuclidean:
    case Metric::kSquaredEuclidean: return Term::kSquare;
    case Metric::kManhattan: return Term::kAbsolute;
    case Metric::kChebyshev: return Term::kGreatest;
    case Metric::kCosine: return Term::kCosine;
    default: return std::nullopt;
  }
}

class BlockedNeighbors final : public NeighborsKernel {
 public:
  BlockedNeighbors(const NeighborsOp& op, BlockFunction function)
      : NeighborsKernel(op),
        function_(function),
        blocks_(point_blocks({point(0), op.points.size()}, op.features)) {}
  size_t size_bytes() const override { return NeighborsKernel::size_bytes() + heap_bytes(blocks_); }

 private:
  void search(const Queries& queries, const Rooms& rooms, double* block_room) const override {
    const bool by_heap = op().options.search == Search::kHeap;
    for (size_t row = 0; row < queries.count && by_heap; ++row) heap(rooms[row]).reset();
    const size_t points = op().point_count();
    const size_t chunk = chunk_points(op().features * sizeof(double), kPair);
    for (size_t first = 0; first < points; first += chunk) {
      for (size_t row = 0; row < queries.count; row += kTileRows) {
        compare(queries, rooms, row, {first, std::min(first + chunk, points)}, block_room);
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

  struct Points {
    size_t begin;  // of a pair of blocks
    size_t end;
  };

  /// The rows of one tile, from `row` on, with some points.
  void compare(const Queries& queries, const Rooms& rooms, size_t row, Points points,
               double* distances) const {
    const NeighborsOp& model = op();
    const bool by_heap = model.options.search == Search::kHeap;
    const size_t rows = std::min(kTileRows, queries.count - row);
    RowTile tile{queries.rows + row, {}, {}};
    for (size_t i = 0; i < kTileRows; ++i) {
      if (model.distance.expanded) tile.norms[i] = squared_norm(tile.rows[i], model.features);
      // The repetitions of a short tile take nothing.
      tile.limits[i] = i >= rows ? 0 : rooms[row + i].distances[0];
    }
    for (size_t first = points.begin; first < points.end; first += kPair) {
      const double* norms = norms_of(first);
      const bool is_nearer = function_(
          {blocks_.data() + first * model.features, model.features, norms}, tile, distances);
      if (by_heap && !is_nearer) continue;
      const size_t lanes = std::min(kPair, points.end - first);
      for (size_t i = 0; i < rows; ++i) {
        const double* found = distances + i * kPair;
        if (!by_heap) {
          std::copy_n(found, lanes, rooms[row + i].all + first);
          continue;
        }
        NeighborHeap nearest = heap(rooms[row + i]);
        for (size_t lane = 0; lane < lanes; ++lane) {
          nearest.push(found[lane], static_cast<uint32_t>(first + lane));
        }
        tile.limits[i] = nearest.largest();
      }
    }
  }

  const double* norms_of(size_t first) const {
    return op().distance.expanded ? norms().data() + first : nullptr;
  }

  const BlockFunction function_;
  std::vector<double> blocks_;
};

class FilteredNeighbors final : public NeighborsKernel {
 public:
  FilteredNeighbors(const NeighborsOp& op, FilterFunction filter)
      : NeighborsKernel(op), filter_(filter), share_(filter_share(op.features)) {
    const size_t points = (op.point_count() + kFilterPoints - 1) / kFilterPoints * kFilterPoints;
    blocks_.resize(points * op.features);
    // Those beyond the last one are never near.
    halves_.resize(points, std::numeric_limits<float>::infinity());
    for (size_t i = 0; i < op.point_count(); ++i) {
      halves_[i] = filter_half(norms()[i], share_);
      for (size_t j = 0; j < op.features; ++j) {
        blocks_[(i / kLanes * op.features + j) * kLanes + i % kLanes] =
            static_cast<float>(point(i)[j]);
      }
    }
  }
  size_t size_bytes() const override {
    return NeighborsKernel::size_bytes() + heap_bytes(blocks_) + heap_bytes(halves_);
  }

 private:
  static constexpr size_t kLanes = kFilterPoints / 2;

  /// A row of a group.
  struct Row {
    const float* x;
    double norm;
  };

  void search(const Queries& queries, const Rooms& rooms, double*) const override {
    std::array<Row, kGroupRows> rows;
    for (size_t i = 0; i < tiled(queries.count); ++i) {
      // The room for a query as its metric wants it is free: this metric wants it as it is.
      auto* x = reinterpret_cast<float*>(rooms[i].query);
      std::copy_n(queries.rows[i], op().features, x);
      rows[i] = {x, squared_norm(queries.rows[i], op().features)};
      heap(rooms[i]).reset();
    }
    const size_t chunk = chunk_points(op().features * sizeof(float), kFilterPoints);
    for (size_t first = 0; first < op().point_count(); first += chunk) {
      const size_t end = std::min(first + chunk, halves_.size());
      for (size_t row = 0; row < queries.count; row += kTileRows) {
        compare(queries, rooms, {rows.data() + row, row}, {first, end});
      }
    }
    for (size_t row = 0; row < queries.count; ++row) finish_heap(rooms[row]);
  }

  struct Tile {
    const Row* rows;
    size_t first;  // of the group
  };
  struct Points {
    size_t begin;  // of two blocks
    size_t end;
  };

  /// Lengths whose squares may overflow let every point through.
  float limit_of(const Row& row, double largest) const {
    if (!(row.norm <= kFilterNormMax)) return -std::numeric_limits<float>::infinity();
    return filter_limit(row.norm, largest, share_);
  }

  void compare(const Queries& queries, const Rooms& rooms, const Tile& tile, Points points) const {
    const size_t rows = std::min(kTileRows, queries.count - tile.first);
    std::array<const float*, kTileRows> x;
    FilterTile filtered{x.data(), {}};
    for (size_t i = 0; i < kTileRows; ++i) {
      x[i] = tile.rows[i].x;
      filtered.limits[i] = limit_of(tile.rows[i], rooms[tile.first + i].distances[0]);
    }
    std::array<uint32_t, kTileRows> masks;
    for (size_t first = points.begin; first < points.end; first += kFilterPoints) {
      filter_({blocks_.data() + first * op().features, op().features, halves_.data() + first},
              filtered, masks.data());
      for (size_t i = 0; i < rows; ++i) {
        if (masks[i] == 0) continue;
        const size_t row = tile.first + i;
        NeighborHeap nearest = heap(rooms[row]);
        push(queries.rows[row], tile.rows[i].norm, {masks[i], first}, nearest);
        filtered.limits[i] = limit_of(tile.rows[i], nearest.largest());
      }
    }
  }

  struct Found {
    uint32_t mask;
    size_t first;  // the point of bit 0
  };

  void push(const double* x, double norm, Found found, NeighborHeap& nearest) const {
    for (; found.mask != 0; found.mask &= found.mask - 1) {
      const size_t i = found.first + static_cast<size_t>(std::countr_zero(found.mask));
      if (i >= op().point_count()) return;
      const double dot = fused_dot(x, point(i), op().features);
      nearest.push(std::max(0.0, (norm + -2 * dot) + norms()[i]), static_cast<uint32_t>(i));
    }
  }

  const FilterFunction filter_;
  const double share_;
  std::vector<float> blocks_;
  std::vector<float> halves_;
};

}  // namespace

std::unique_ptr<const Kernel> make_blocked_neighbors(const NeighborsOp& op, BlockTarget target) {
  const std::optional<Term> term = block_term(op);
  if (!term.has_value()) return nullptr;
  const bool is_fused = *term == Term::kExpanded || *term == Term::kCosine;
  return std::make_unique<BlockedNeighbors>(
      op, is_fused ? fused_block_function(*term, target) : block_function(*term, target));
}

std::unique_ptr<const Kernel> make_filtered_neighbors(const NeighborsOp& op, BlockTarget target) {
  // Of a few points so many are near that the look does not pay.
  constexpr size_t kPointsMin = 1024;
  const FilterFunction filter = filter_function(target);
  if (filter == nullptr || !op.distance.expanded || op.options.search != Search::kHeap ||
      op.point_count() < kPointsMin) {
    return nullptr;
  }
  auto kernel = std::make_unique<FilteredNeighbors>(op, filter);
  const bool is_bounded =
      std::ranges::all_of(kernel->norms(), [](double norm) { return norm <= kFilterNormMax; });
  if (!is_bounded) return nullptr;
  return kernel;
}

}  // namespace slipway::engine
