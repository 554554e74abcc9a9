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

namespace slipway::engine {
namespace {

bool is_missing(const MissingNumber& missing, double x) {
  if (!missing.has_value()) return false;
  return std::isnan(*missing) ? std::isnan(x) : x == *missing;
}

class ScalarKnnImpute final : public Kernel {
 public:
  explicit ScalarKnnImpute(const KnnImputeOp& op) : op_(op) {
    for (const double x : op.points) {
      filled_.push_back(std::isnan(x) ? 0 : x);
      present_.push_back(std::isnan(x) ? 0 : 1);
    }
    for (size_t p = 0; p < op.point_count(); ++p) {
      norms_.push_back(squared_norm(filled_.data() + p * op.features, op.features));
    }
    for (const uint32_t column : op.columns) {
      double sum = 0;
      double count = 0;
      for (size_t p = 0; p < op.point_count(); ++p) {
        const double x = op.points[p * op.features + column];
        if (std::isnan(x)) continue;
        sum += x;
        ++count;
      }
      means_.push_back(sum / count);
    }
  }
  size_t size_bytes() const override {
    return heap_bytes(means_) + heap_bytes(filled_) + heap_bytes(present_) + heap_bytes(norms_);
  }
  /// The row, its distances, those of the points that may give, and their weights and order.
  size_t workspace_bytes(size_t) const override {
    return op_.features * sizeof(double) +
           op_.point_count() * (3 * sizeof(double) + 2 * sizeof(uint32_t));
  }
  Status run(const KernelArgs& args) const override {
    auto* x = reinterpret_cast<double*>(args.workspace);
    double* distances = x + op_.features;
    for (size_t row = 0; row < args.rows; ++row) {
      const double* in = args.input(0).dense(row);
      double* out = args.output.dense(row);
      bool known = false;  // the distances
      for (size_t k = 0; k < op_.columns.size(); ++k) {
        const uint32_t column = op_.columns[k];
        out[k] = in[column];
        if (!is_missing(op_.options.missing, in[column])) continue;
        if (!known) fill_distances(in, x, distances);
        known = true;
        out[k] = impute(k, distances);
      }
    }
    return {};
  }

 private:
  /// As scikit-learn works them out, |x|^2 - 2xy + |y|^2 less what one of the two lacks: its
  /// roundings decide whether a point counts as equal, and which of several is nearer.
  void fill_distances(const double* in, double* x, double* distances) const {
    const size_t features = op_.features;
    for (size_t i = 0; i < features; ++i) {
      x[i] = is_missing(op_.options.missing, in[i]) ? 0 : in[i];
    }
    const double norm = squared_norm(x, features);
    for (size_t p = 0; p < op_.point_count(); ++p) {
      const double* y = filled_.data() + p * features;
      const uint8_t* has = present_.data() + p * features;
      double squared = std::max(0.0, -2 * fused_dot(x, y, features) + norm + norms_[p]);
      double only_x = 0;
      double only_y = 0;
      uint32_t both = 0;
      for (size_t i = 0; i < features; ++i) {
        const bool missing = is_missing(op_.options.missing, in[i]);
        if (has[i] == 0) only_x += x[i] * x[i];
        if (missing) only_y += y[i] * y[i];
        both += has[i] != 0 && !missing ? 1 : 0;
      }
      squared = std::max(0.0, squared - only_x - only_y);
      distances[p] = both == 0 ? std::numeric_limits<double>::quiet_NaN()
                               : std::sqrt(squared / both * static_cast<double>(features));
    }
  }

  double impute(size_t k, double* distances) const {
    const size_t count = op_.point_count();
    double* some = distances + count;
    double* weights = some + count;
    auto* order = reinterpret_cast<uint32_t*>(weights + count);
    uint32_t* givers = order + count;
    uint32_t giver_count = 0;
    bool any = false;
    for (uint32_t p = 0; p < count; ++p) {
      if (std::isnan(op_.points[size_t{p} * op_.features + op_.columns[k]])) continue;
      some[giver_count] = distances[p];
      any = any || !std::isnan(distances[p]);
      givers[giver_count++] = p;
    }
    if (!any) return means_[k];
    std::iota(order, order + giver_count, 0U);
    const size_t nearest = std::min<size_t>(op_.options.neighbors, giver_count);
    arg_partition(some, order, giver_count, nearest);
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
  std::vector<double> means_;     // of each column that it gives
  std::vector<double> filled_;    // the points, 0 for what is missing
  std::vector<uint8_t> present_;  // 1 where it is not
  std::vector<double> norms_;     // of the points, squared
};

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
      KernelEntry{"knn_impute", "scalar", on_every_cpu, make<KnnImputeOp, ScalarKnnImpute>},
      KernelEntry{"fill_predicted", "scalar", on_every_cpu,
                  make<FillPredictedOp, ScalarFillPredicted>},
  };
  return kTable;
}

}  // namespace slipway::engine
