// What a fitted neighbours estimator says about its search: points, distance, tree.
#pragma once

#include "formats/pickle/tree.h"
#include "formats/sklearn/lowering.h"
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
/// The k nearest of each row: distances, then places.
Result<ValueId> neighbor_list(Lowering& lowering, ValueId x, FittedNeighbors fitted, int64_t k);

}  // namespace slipway::sklearn
