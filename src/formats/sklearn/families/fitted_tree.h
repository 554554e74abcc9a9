// The fitted trees inside DecisionTree*, forests and gradient boosting: their `tree_` objects.
//
//   estimator.tree_ --read_tree--> FittedTree --TreeEnsembleBuilder--> TreeEnsembleOp
#pragma once

#include <vector>

#include "formats/sklearn/lowering.h"
#include "graph/ops/tree_ensemble.h"

namespace slipway::sklearn {

/// The elements of an object array or list, such as `estimators_`.
Result<pickle::Array<pickle::Value>> values_attr(pickle::Value self, std::string_view name);
/// A field of a tree's structured node array, which must be there.
Result<std::vector<int64_t>> int_field(pickle::Value nodes, std::string_view name);
Result<std::vector<double>> double_field(pickle::Value nodes, std::string_view name);

struct FittedTree {
  uint32_t outputs = 0;       // targets
  uint32_t output_width = 0;  // numbers per target: the most classes that a target has, or 1
  std::vector<SourceTreeNode> nodes;
  std::vector<double> values;  // nodes x outputs x output_width
};

/// The `tree_` of a DecisionTree* or ExtraTree*.
Result<FittedTree> read_tree(pickle::Value estimator);

/// True if this tree's predict() lets NaN in (from scikit-learn 1.3 on, for some settings).
bool tree_takes_missing(pickle::Value estimator);

}  // namespace slipway::sklearn
