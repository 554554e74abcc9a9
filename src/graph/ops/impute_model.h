// Missing numbers replaced by what the other columns suggest.
#pragma once

#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"
#include "graph/ops/impute.h"

namespace slipway {

/// KNNImputer: a missing element becomes the mean over the nearest training rows that have it.
/// Distances are euclidean over what both rows have, scaled up to all features.
class KnnImputeOp final : public Op {
 public:
  struct Options {
    MissingNumber missing;
    uint32_t neighbors = 5;
    bool distance_weights = false;
    bool nan_counts = false;  // without weights, rows at no known distance count like the others
  };
  KnnImputeOp(Options options, uint32_t features, std::vector<double> points,
              std::vector<uint32_t> columns)
      : options(options),
        features(features),
        points(std::move(points)),
        columns(std::move(columns)) {}
  std::string_view name() const override { return "knn_impute"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(points) + heap_bytes(columns); }
  size_t point_count() const { return points.size() / features; }

  const Options options;
  const uint32_t features;
  const std::vector<double> points;     // row-major; NaN is missing
  const std::vector<uint32_t> columns;  // that it gives; each has a point with a number in it
};

/// Of three columns (as they came, as they are filled so far, as they are predicted): the
/// prediction, within bounds, where the first is missing, else the second.
class FillPredictedOp final : public Op {
 public:
  FillPredictedOp(MissingNumber missing, double low, double high)
      : missing(missing), low(low), high(high) {}
  std::string_view name() const override { return "fill_predicted"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const MissingNumber missing;
  const double low;
  const double high;
};

}  // namespace slipway
