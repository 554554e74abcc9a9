// Kernels of graph/ops/neighborhood.h. Searches by radius look at every point: trees save nothing
// where most points are within reach, and the same points are found.
#include "graph/ops/neighborhood.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/heap_bytes.h"
#include "engine/kernel_table.h"
#include "engine/kernels/internal/neighbor_distance.h"

namespace slipway::engine {
namespace {

using Metric = NeighborsOp::Metric;

class OutlierFactorKernel final : public Kernel {
 public:
  explicit OutlierFactorKernel(const OutlierFactorOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    const size_t k = args.input(0).width / 2;
    for (size_t row = 0; row < args.rows; ++row) {
      const double* distances = args.input(0).dense(row);
      const double* points = distances + k;
      double reach = 0;
      for (size_t i = 0; i < k; ++i) {
        reach += std::max(distances[i], op_.farthest[place(points[i])]);
      }
      const double density = 1.0 / (reach / static_cast<double>(k) + 1e-10);
      double ratios = 0;
      for (size_t i = 0; i < k; ++i) ratios += op_.densities[place(points[i])] / density;
      *args.output.dense(row) = -(ratios / static_cast<double>(k));
    }
    return {};
  }

 private:
  size_t place(double point) const {
    return std::min(static_cast<size_t>(point), op_.farthest.size() - 1);
  }

  const OutlierFactorOp& op_;
};

class NeighborGraphKernel final : public Kernel {
 public:
  explicit NeighborGraphKernel(const NeighborGraphOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    const size_t k = args.input(0).width / 2;
    for (size_t row = 0; row < args.rows; ++row) {
      const double* distances = args.input(0).dense(row);
      double* out = args.output.dense(row);
      std::fill_n(out, op_.points, 0.0);
      for (size_t i = 0; i < k; ++i) {
        const auto point = static_cast<size_t>(distances[k + i]);
        if (point < op_.points) out[point] = op_.distances ? distances[i] : 1;
      }
    }
    return {};
  }

 private:
  const NeighborGraphOp& op_;
};

/// Points and rows as a metric wants them.
class PointSet {
 public:
  PointSet(const NeighborsOp::Distance& distance, size_t features,
           const std::vector<double>& points)
      : distance_(distance), features_(features), points_(points) {
    if (distance.expanded) {
      for (size_t i = 0; i + features <= points.size(); i += features) {
        norms_.push_back(squared_norm(points.data() + i, features));
      }
    }
    if (distance.metric != Metric::kCosine) return;
    units_.resize(points.size());
    for (size_t i = 0; i + features <= points.size(); i += features) {
      unit_vector(points.data() + i, features, units_.data() + i);
    }
  }

  /// The row, or its direction in `room`, which has 2 * features doubles.
  const double* prepared(const double* x, double* room) const {
    if (units_.empty()) return x;
    unit_vector(x, features_, room);
    return room;
  }
  double distance(const double* x, size_t point, double* room) const {
    const double* y = (units_.empty() ? points_.data() : units_.data()) + point * features_;
    if (distance_.expanded) {
      const double norm = squared_norm(x, features_);
      const double square = (norm + -2 * fused_dot(x, y, features_)) + norms_[point];
      return from_reduced(distance_, std::max(0.0, square));
    }
    return from_reduced(distance_,
                        reduced_distance(distance_, features_, {x, y, room + features_}));
  }
  size_t size_bytes() const { return heap_bytes(units_) + heap_bytes(norms_); }

 private:
  NeighborsOp::Distance distance_;
  const size_t features_;
  const std::vector<double>& points_;
  std::vector<double> units_;
  std::vector<double> norms_;  // |y|^2, if distances are expanded
};

class RadiusNeighborsKernel final : public Kernel {
 public:
  explicit RadiusNeighborsKernel(const RadiusNeighborsOp& op)
      : op_(op), points_(op.search.distance, op.search.features, op.search.points) {}
  size_t size_bytes() const override { return points_.size_bytes(); }
  /// Weights of all points (negative: not within the radius), then room for a row.
  size_t workspace_bytes(size_t) const override {
    return (op_.point_count() + 2 * size_t{op_.search.features}) * sizeof(double);
  }
  Status run(const KernelArgs& args) const override {
    auto* weights = reinterpret_cast<double*>(args.workspace);
    for (size_t row = 0; row < args.rows; ++row) {
      double* out = args.output.dense(row);
      const bool any = weigh(args.input(0).dense(row), weights);
      if (op_.targets.lists) {
        for (size_t i = 0; i < op_.point_count(); ++i) out[i] = std::max(weights[i], 0.0);
      } else if (op_.targets.class_counts.empty()) {
        average(weights, out);
      } else if (!any && op_.outlier.refuse) {
        return invalid_argument(
            fmt::format("no neighbours within the radius, in row {}", args.first_row + row));
      } else {
        vote(weights, any, out);
      }
    }
    return {};
  }

 private:
  /// True if some point is within the radius.
  bool weigh(const double* row, double* weights) const {
    double* room = weights + op_.point_count();
    const double* x = points_.prepared(row, room);
    bool any = false;
    bool exact = false;
    for (size_t i = 0; i < op_.point_count(); ++i) {
      const double distance = points_.distance(x, i, room);
      const bool within = distance <= op_.search.radius;
      any = any || within;
      exact = exact || (within && distance == 0);
      weights[i] = within ? (op_.search.distance_weights ? distance : 1) : -1;
    }
    if (!op_.search.distance_weights || op_.targets.lists) return any;
    for (size_t i = 0; i < op_.point_count(); ++i) {
      if (weights[i] < 0) continue;
      weights[i] = exact ? (weights[i] == 0 ? 1 : 0) : 1 / weights[i];
    }
    return any;
  }

  void average(const double* weights, double* out) const {
    const size_t targets = op_.targets.value_count;
    std::fill_n(out, targets, 0.0);
    double total = 0;
    for (size_t i = 0; i < op_.point_count(); ++i) {
      if (weights[i] < 0) continue;
      total += weights[i];
      for (size_t k = 0; k < targets; ++k)
        out[k] += weights[i] * op_.targets.values[i * targets + k];
    }
    for (size_t k = 0; k < targets; ++k) {
      out[k] = total == 0 ? std::numeric_limits<double>::quiet_NaN() : out[k] / total;
    }
  }

  void vote(const double* weights, bool any, double* out) const {
    const size_t targets = op_.targets.class_counts.size();
    for (size_t k = 0; k < targets; ++k) {
      const uint32_t classes = op_.targets.class_counts[k];
      std::fill_n(out, classes + 1, 0.0);
      if (!any) out[op_.outlier.labels[k]] = 1;
      for (size_t i = 0; i < op_.point_count() && any; ++i) {
        if (weights[i] > 0) out[op_.targets.labels[i * targets + k]] += weights[i];
      }
      out += classes + 1;
    }
  }

  const RadiusNeighborsOp& op_;
  const PointSet points_;
};

class KernelDensityKernel final : public Kernel {
 public:
  using Function = KernelDensityOp::Function;
  explicit KernelDensityKernel(const KernelDensityOp& op)
      : op_(op), points_(op.tables.distance, op.tables.features, op.tables.points) {}
  size_t size_bytes() const override { return points_.size_bytes(); }
  size_t workspace_bytes(size_t) const override {
    return (op_.point_count() + 2 * size_t{op_.tables.features}) * sizeof(double);
  }
  Status run(const KernelArgs& args) const override {
    auto* logs = reinterpret_cast<double*>(args.workspace);
    double* room = logs + op_.point_count();
    for (size_t row = 0; row < args.rows; ++row) {
      const double* x = points_.prepared(args.input(0).dense(row), room);
      double most = -std::numeric_limits<double>::infinity();
      for (size_t i = 0; i < op_.point_count(); ++i) {
        logs[i] = log_kernel(points_.distance(x, i, room) / op_.tables.bandwidth);
        if (!op_.tables.log_weights.empty()) logs[i] += op_.tables.log_weights[i];
        most = std::max(most, logs[i]);
      }
      if (!std::isfinite(most)) most = 0;
      double sum = 0;
      for (size_t i = 0; i < op_.point_count(); ++i) sum += std::exp(logs[i] - most);
      *args.output.dense(row) = std::log(sum) + most + op_.tables.offset;
    }
    return {};
  }

 private:
  double log_kernel(double u) const {
    constexpr double kNothing = -std::numeric_limits<double>::infinity();
    switch (op_.tables.function) {
      case Function::kGaussian: return -0.5 * u * u;
      case Function::kTophat: return u < 1 ? 0 : kNothing;
      case Function::kEpanechnikov: return u < 1 ? std::log(1 - u * u) : kNothing;
      case Function::kExponential: return -u;
      case Function::kLinear: return u < 1 ? std::log(1 - u) : kNothing;
      case Function::kCosine:
        return u < 1 ? std::log(std::cos(0.5 * std::numbers::pi * u)) : kNothing;
    }
    return kNothing;
  }

  const KernelDensityOp& op_;
  const PointSet points_;
};

template <typename OpType, typename KernelType>
std::unique_ptr<const Kernel> make(const Op& op, std::span<const ValueType>) {
  return std::make_unique<KernelType>(static_cast<const OpType&>(op));
}

}  // namespace

std::span<const KernelEntry> neighborhood_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"outlier_factor", "scalar", on_every_cpu,
                  make<OutlierFactorOp, OutlierFactorKernel>},
      KernelEntry{"neighbor_graph", "scalar", on_every_cpu,
                  make<NeighborGraphOp, NeighborGraphKernel>},
      KernelEntry{"radius_neighbors", "scalar", on_every_cpu,
                  make<RadiusNeighborsOp, RadiusNeighborsKernel>},
      KernelEntry{"kernel_density", "scalar", on_every_cpu,
                  make<KernelDensityOp, KernelDensityKernel>},
  };
  return kTable;
}

}  // namespace slipway::engine
