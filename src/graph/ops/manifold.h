// Where new rows lie on a manifold that was learnt from others: what Isomap and locally linear
// embedding do with a list of neighbours (NeighborsOp with `lists`: distances, then places).
#pragma once

#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"

namespace slipway {

/// A list of neighbours to the length of the shortest way to each training point, by way of some
/// neighbour.
class GeodesicOp final : public Op {
 public:
  GeodesicOp(uint32_t points, std::vector<double> distances)
      : points(points), distances(std::move(distances)) {}
  std::string_view name() const override { return "geodesic"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(distances); }

  const uint32_t points;
  const std::vector<double> distances;  // points x points
};

/// Dense rows and their lists of neighbours to a weighted sum of the neighbours' embeddings; the
/// weights, which add up to 1, are those that best rebuild the row from its neighbours.
/// Roweis and Saul, "Nonlinear Dimensionality Reduction by Locally Linear Embedding" (2000).
class BarycenterOp final : public Op {
 public:
  struct Tables {
    uint32_t features = 0;
    uint32_t outputs = 0;
    double regularization = 0;
    std::vector<double> points;      // row-major, `features` numbers each
    std::vector<double> embeddings;  // row-major, `outputs` numbers each
  };
  static constexpr uint32_t kNeighborsMax = 2'000;

  explicit BarycenterOp(Tables tables) : tables(std::move(tables)) {}
  std::string_view name() const override { return "barycenter"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override {
    return heap_bytes(tables.points) + heap_bytes(tables.embeddings);
  }

  const Tables tables;
};

}  // namespace slipway
