// What a fitted neighbours estimator says about its search: points, distance, tree.
#pragma once

#include "formats/pickle/tree.h"
#include "graph/ops/neighbors.h"

namespace slipway::sklearn {

struct FittedNeighbors {
  NeighborsOp::Search search = NeighborsOp::Search::kHeap;
  std::vector<double> points;
  NeighborsOp::Distance distance;
  NeighborsOp::Tree tree;
};

/// The points and the metric of a KDTree or BallTree by itself.
Result<FittedNeighbors> tree_points(pickle::Value tree);
/// UNIMPLEMENTED names a metric or search that is not supported.
Result<FittedNeighbors> fitted_neighbors(pickle::Value self);

}  // namespace slipway::sklearn
