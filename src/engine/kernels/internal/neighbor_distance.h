// Distances between two points, operation for operation as scikit-learn's DistanceMetric and
// scipy's cdist compute them, because equal and unequal roundings decide which neighbours count.
//
// A "reduced" distance orders points as the distance does but is cheaper: the square for euclidean
// kinds, the sum of powers for Minkowski.
#pragma once

#include <cstddef>

#include "graph/ops/neighbors.h"

namespace slipway::engine {

struct PointPair {
  const double* x;  // the query; for kCosine of length one
  const double* y;  // the training point; likewise
  double* work;     // room for `features` doubles (kMahalanobis)
};

/// Not for expanded euclidean distances.
double reduced_distance(const NeighborsOp::Distance& distance, size_t features,
                        const PointPair& pair);
double from_reduced(const NeighborsOp::Distance& distance, double reduced);
double to_reduced(const NeighborsOp::Distance& distance, double full);

/// <x, y> in feature order with fused multiply-add, as BLAS multiplies matrices on current CPUs.
double fused_dot(const double* x, const double* y, size_t features);
/// |x|^2 in feature order without fused steps, as the dot product of BLAS for a few features.
double squared_norm(const double* x, size_t features);
/// x / |x| into `out`; a zero vector stays.
void unit_vector(const double* x, size_t features, double* out);

}  // namespace slipway::engine
