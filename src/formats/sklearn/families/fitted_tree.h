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

/// The `tree_` of a DecisionTree* or ExtraTree*, where it lies in the file.
struct StoredTree {
  pickle::Column<int64_t> left;
  pickle::Column<int64_t> right;
  pickle::Column<int64_t> feature;
  pickle::Column<double> threshold;
  std::optional<pickle::Column<uint8_t>> missing_left;  // since 1.3
  pickle::Column<double> values;                        // nodes x outputs x output_width
  uint32_t outputs;                                     // targets
  uint32_t output_width;  // numbers per target: the most classes that a target has, or 1

  size_t size() const { return left.size(); }
  SourceTreeNode node(size_t i) const {
    SourceTreeNode node;
    node.left = left[i];
    node.right = right[i];
    node.is_leaf = node.left == -1;
    node.feature = feature[i];
    node.threshold = threshold[i];
    node.missing_left = missing_left.has_value() && (*missing_left)[i] != 0;
    return node;
  }
};

Result<StoredTree> stored_tree(pickle::Value estimator);

struct FittedTree {
  uint32_t outputs = 0;
  uint32_t output_width = 0;
  std::vector<SourceTreeNode> nodes;
  std::vector<double> values;
};

/// A copy of it, to be changed.
Result<FittedTree> read_tree(pickle::Value estimator);

/// True if this tree's predict() lets NaN in (from scikit-learn 1.3 on, for some settings).
bool tree_takes_missing(pickle::Value estimator);

}  // namespace slipway::sklearn
