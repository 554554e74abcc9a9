// What follows a neighbour search, and searches by radius rather than by number.
#pragma once

#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"
#include "graph/ops/neighbors.h"

namespace slipway {

/// A list of neighbours (NeighborsOp with `lists`) to the local outlier factor, negative as
/// scikit-learn's score_samples gives it. Breunig et al., "LOF" (2000).
class OutlierFactorOp final : public Op {
 public:
  OutlierFactorOp(std::vector<double> farthest, std::vector<double> densities)
      : farthest(std::move(farthest)), densities(std::move(densities)) {}
  std::string_view name() const override { return "outlier_factor"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(farthest) + heap_bytes(densities); }

  const std::vector<double> farthest;   // per training point: distance of its k-th neighbour
  const std::vector<double> densities;  // per training point: local reachability density
};

/// A list of neighbours to one column for each training point: their distances, or ones.
class NeighborGraphOp final : public Op {
 public:
  NeighborGraphOp(uint32_t points, bool distances) : points(points), distances(distances) {}
  std::string_view name() const override { return "neighbor_graph"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const uint32_t points;
  const bool distances;
};

/// Dense rows to what lies within a radius. For each row
/// - classification: for each target the votes for its classes, then one more column: 1 if nothing
///   lies within the radius and the label for that is no class;
/// - regression (`class_counts` empty): the mean of the values, one per target; NaN without any.
/// - `lists`: one column for each point: its distance (or 1, without distance weights) where it
///   lies within the radius, else 0.
class RadiusNeighborsOp final : public Op {
 public:
  /// What a row without neighbours is: `labels` per target, the class count where it is no class.
  struct Outlier {
    bool refuse = false;  // INVALID_ARGUMENT
    std::vector<uint32_t> labels;
  };
  struct Search {
    double radius = 1;
    bool distance_weights = false;
    uint32_t features = 0;
    std::vector<double> points;  // row-major
    NeighborsOp::Distance distance;
  };
  RadiusNeighborsOp(Search search, NeighborsOp::Targets targets, Outlier outlier);
  std::string_view name() const override { return "radius_neighbors"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;
  uint32_t point_count() const { return point_count_; }

  const Search search;
  const NeighborsOp::Targets targets;
  const Outlier outlier;

 private:
  Result<uint32_t> width() const;

  const uint32_t point_count_;
};

/// Dense rows to the logarithm of a density: the sum of a kernel over all points.
class KernelDensityOp final : public Op {
 public:
  enum class Function : uint8_t {
    kGaussian,
    kTophat,
    kEpanechnikov,
    kExponential,
    kLinear,
    kCosine,
  };
  struct Tables {
    Function function = Function::kGaussian;
    double bandwidth = 1;
    double offset = 0;  // the kernel's norm and the number of points, as logarithms
    uint32_t features = 0;
    std::vector<double> points;       // row-major
    std::vector<double> log_weights;  // empty, or one for each point
    NeighborsOp::Distance distance;
  };
  explicit KernelDensityOp(Tables tables);
  std::string_view name() const override { return "kernel_density"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;
  uint32_t point_count() const { return point_count_; }

  const Tables tables;

 private:
  const uint32_t point_count_;
};

}  // namespace slipway
