// Kernels of graph/ops/impute_model.h.
#include "graph/ops/impute_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/kernel_table.h"
#include "engine/kernels/internal/neighbor_distance.h"
#include "engine/kernels/internal/neighbor_select.h"
#include "engine/kernels/internal/point_blocks.h"

namespace slipway::engine {
namespace {

bool is_missing(const MissingNumber& missing, double x) {
  if (!missing.has_value()) return false;
  return std::isnan(*missing) ? std::isnan(x) : x == *missing;
}

/// Distances are worked out for four rows at a time (point_blocks.h).
class KnnImpute final : public Kernel {
 public:
  KnnImpute(const KnnImputeOp& op, BlockFunction products) : op_(op), products_(products) {
    std::vector<double> filled = op.points;
    for (double& x : filled) x = std::isnan(x) ? 0 : x;
    for (size_t p = 0; p < op.point_count(); ++p) {
      norms_.push_back(squared_norm(filled.data() + p * op.features, op.features));
      lacks_starts_.push_back(static_cast<uint32_t>(lacks_.size()));
      for (uint32_t i = 0; i < op.features; ++i) {
        if (std::isnan(op.points[p * op.features + i])) lacks_.push_back(i);
      }
    }
    lacks_starts_.push_back(static_cast<uint32_t>(lacks_.size()));
    blocks_ = point_blocks(filled, op.features);
    for (const uint32_t column : op.columns) add_givers(column);
  }
  size_t size_bytes() const override {
    size_t bytes = heap_bytes(means_) + heap_bytes(blocks_) + heap_bytes(norms_) +
                   heap_bytes(lacks_) + heap_bytes(lacks_starts_);
    for (const std::vector<uint32_t>& givers : givers_) bytes += heap_bytes(givers);
    return bytes;
  }
  /// Four rows and their distances; the distances of those that may give, their weights and order;
  /// what a row lacks.
  size_t workspace_bytes(size_t) const override {
    return kTileRows * (op_.features + padded_count()) * sizeof(double) +
           op_.point_count() * (2 * sizeof(double) + sizeof(uint32_t)) +
           op_.features * sizeof(uint32_t);
  }
  Status run(const KernelArgs& args) const override {
    std::array<size_t, kTileRows> incomplete{};
    size_t count = 0;
    for (size_t row = 0; row < args.rows; ++row) {
      const double* in = args.input(0).dense(row);
      double* out = args.output.dense(row);
      bool lacks = false;
      for (size_t k = 0; k < op_.columns.size(); ++k) {
        out[k] = in[op_.columns[k]];
        lacks = lacks || is_missing(op_.options.missing, out[k]);
      }
      if (!lacks) continue;
      incomplete[count++] = row;
      if (count < kTileRows) continue;
      impute_rows(args, {incomplete.data(), count});
      count = 0;
    }
    if (count > 0) impute_rows(args, {incomplete.data(), count});
    return {};
  }

 private:
  size_t padded_count() const { return blocks_.size() / op_.features; }

  void add_givers(uint32_t column) {
    double sum = 0;
    std::vector<uint32_t> givers;
    for (uint32_t p = 0; p < op_.point_count(); ++p) {
      const double x = op_.points[size_t{p} * op_.features + column];
      if (std::isnan(x)) continue;
      sum += x;
      givers.push_back(p);
    }
    means_.push_back(sum / static_cast<double>(givers.size()));
    givers_.push_back(std::move(givers));
  }

  void impute_rows(const KernelArgs& args, std::span<const size_t> rows) const {
    auto* x = reinterpret_cast<double*>(args.workspace);
    double* distances = x + kTileRows * op_.features;
    std::array<const double*, kTileRows> filled;
    for (size_t i = 0; i < kTileRows; ++i) {
      const double* in = args.input(0).dense(rows[std::min(i, rows.size() - 1)]);
      double* to = x + i * op_.features;
      for (size_t j = 0; j < op_.features; ++j) {
        to[j] = is_missing(op_.options.missing, in[j]) ? 0 : in[j];
      }
      filled[i] = to;
    }
    std::array<double, kTileRows * kBlock> products;
    for (size_t first = 0; first < padded_count(); first += kBlock) {
      products_({blocks_.data() + first * op_.features, op_.features}, filled.data(),
                products.data());
      for (size_t i = 0; i < rows.size(); ++i) {
        std::copy_n(products.data() + i * kBlock, kBlock, distances + i * padded_count() + first);
      }
    }
    double* room = distances + kTileRows * padded_count();
    auto* lacks = reinterpret_cast<uint32_t*>(room + 2 * op_.point_count()) + op_.point_count();
    for (size_t i = 0; i < rows.size(); ++i) {
      const double* in = args.input(0).dense(rows[i]);
      double* of_row = distances + i * padded_count();
      uint32_t count = 0;
      for (uint32_t j = 0; j < op_.features; ++j) {
        if (is_missing(op_.options.missing, in[j])) lacks[count++] = j;
      }
      finish_distances(filled[i], {lacks, count}, of_row);
      double* out = args.output.dense(rows[i]);
      for (size_t k = 0; k < op_.columns.size(); ++k) {
        if (!is_missing(op_.options.missing, in[op_.columns[k]])) continue;
        out[k] = impute(k, of_row, room);
      }
    }
  }

  /// From products to distances, as scikit-learn works them out: |x|^2 - 2xy + |y|^2 less what one
  /// of the two lacks. Its roundings decide whether a point counts as equal, and which of several
  /// is nearer. `x`: the row, 0 where it lacks a feature; `lacks`: those, ascending.
  void finish_distances(const double* x, std::span<const uint32_t> lacks, double* distances) const {
    const double norm = squared_norm(x, op_.features);
    for (size_t p = 0; p < op_.point_count(); ++p) {
      const double* y = blocks_.data() + p / kBlock * kBlock * op_.features + p % kBlock;
      double squared = std::max(0.0, -2 * distances[p] + norm + norms_[p]);
      double only_x = 0;
      double only_y = 0;
      size_t both = op_.features - lacks.size();
      for (uint32_t at = lacks_starts_[p]; at < lacks_starts_[p + 1]; ++at) {
        const uint32_t i = lacks_[at];
        only_x += x[i] * x[i];
        both -= std::ranges::binary_search(lacks, i) ? 0 : 1;
      }
      for (const uint32_t i : lacks) only_y += y[i * kBlock] * y[i * kBlock];
      squared = std::max(0.0, squared - only_x - only_y);
      distances[p] =
          both == 0
              ? std::numeric_limits<double>::quiet_NaN()
              : std::sqrt(squared / static_cast<double>(both) * static_cast<double>(op_.features));
    }
  }

  double impute(size_t k, const double* distances, double* room) const {
    const std::vector<uint32_t>& givers = givers_[k];
    double* some = room;
    double* weights = some + op_.point_count();
    auto* order = reinterpret_cast<uint32_t*>(weights + op_.point_count());
    bool any = false;
    for (size_t i = 0; i < givers.size(); ++i) {
      some[i] = distances[givers[i]];
      any = any || !std::isnan(some[i]);
    }
    if (!any) return means_[k];
    std::iota(order, order + givers.size(), 0U);
    const size_t nearest = std::min<size_t>(op_.options.neighbors, givers.size());
    arg_partition(some, order, givers.size(), nearest);
    fill_weights(some, order, nearest, weights);
    double sum = 0;
    double total = 0;
    for (size_t i = 0; i < nearest; ++i) {
      sum += op_.points[size_t{givers[order[i]]} * op_.features + op_.columns[k]] * weights[i];
      total += weights[i];
    }
    return sum / total;
  }

  void fill_weights(const double* distances, const uint32_t* order, size_t count,
                    double* weights) const {
    bool exact = false;  // a point at distance 0 outweighs all others
    for (size_t i = 0; i < count; ++i) exact = exact || distances[order[i]] == 0;
    for (size_t i = 0; i < count; ++i) {
      const double distance = distances[order[i]];
      if (!op_.options.distance_weights) {
        weights[i] = std::isnan(distance) && !op_.options.nan_counts ? 0 : 1;
      } else if (exact) {
        weights[i] = distance == 0 ? 1 : 0;
      } else {
        weights[i] = std::isnan(distance) ? 0 : 1 / distance;
      }
    }
  }

  const KnnImputeOp& op_;
  const BlockFunction products_;
  std::vector<double> means_;                  // of each column that it gives
  std::vector<std::vector<uint32_t>> givers_;  // of each of them, the points that have it
  std::vector<double> blocks_;                 // the points, 0 for what is missing
  std::vector<double> norms_;                  // of the points, squared
  std::vector<uint32_t> lacks_;                // the features that a point lacks, ascending
  std::vector<uint32_t> lacks_starts_;         // of each point, one more than there are points
};

template <BlockFunction kProducts>
std::unique_ptr<const Kernel> make_knn(const Op& op, std::span<const ValueType>) {
  return std::make_unique<KnnImpute>(static_cast<const KnnImputeOp&>(op), kProducts);
}

class ScalarFillPredicted final : public Kernel {
 public:
  explicit ScalarFillPredicted(const FillPredictedOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      const double came = *args.input(0).dense(row);
      *args.output.dense(row) = is_missing(op_.missing, came)
                                    ? std::clamp(*args.input(2).dense(row), op_.low, op_.high)
                                    : *args.input(1).dense(row);
    }
    return {};
  }

 private:
  const FillPredictedOp& op_;
};

template <typename OpType, typename KernelType>
std::unique_ptr<const Kernel> make(const Op& op, std::span<const ValueType>) {
  return std::make_unique<KernelType>(static_cast<const OpType&>(op));
}

}  // namespace

std::span<const KernelEntry> impute_model_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"knn_impute", "blocked_avx512", [](const CpuFeatures& cpu) { return cpu.avx512; },
                  make_knn<block_avx512<BlockTerm::kFusedProduct>>},
      KernelEntry{"knn_impute", "blocked_avx2", [](const CpuFeatures& cpu) { return cpu.avx2_fma; },
                  make_knn<block_avx2<BlockTerm::kFusedProduct>>},
      KernelEntry{"knn_impute", "scalar", on_every_cpu,
                  make_knn<block_baseline<BlockTerm::kFusedProduct>>},
      KernelEntry{"fill_predicted", "scalar", on_every_cpu,
                  make<FillPredictedOp, ScalarFillPredicted>},
  };
  return kTable;
}

}  // namespace slipway::engine
