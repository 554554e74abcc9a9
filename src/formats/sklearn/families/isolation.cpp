// Forests that do not predict a target: IsolationForest and RandomTreesEmbedding.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/fitted_tree.h"
#include "formats/sklearn/families/members.h"
#include "graph/ops/elementwise.h"

namespace slipway::sklearn {
namespace {

/// How deep a tree of so many rows is on average.
double average_path_length(double rows) {
  if (rows <= 1) return 0;
  if (rows <= 2) return 1;
  return 2.0 * (std::log(rows - 1.0) + std::numbers::egamma) - 2.0 * (rows - 1.0) / rows;
}

/// For each node the depth that a row reaches there, with what a leaf of several rows still hides.
Result<std::vector<double>> path_lengths(pickle::Value estimator, const FittedTree& tree) {
  const pickle::Value nodes = TRY(TRY(estimator.attr("tree_")).attr("nodes"));
  const std::vector<int64_t> rows = TRY(int_field(nodes, "n_node_samples"));
  const auto count = static_cast<int64_t>(tree.nodes.size());
  if (count == 0 || rows.size() != tree.nodes.size())
    return invalid_argument("a tree has no nodes");
  std::vector<double> depth(tree.nodes.size(), 0);
  depth[0] = 1;
  for (size_t i = 0; i < tree.nodes.size(); ++i) {
    const SourceTreeNode& node = tree.nodes[i];
    if (node.is_leaf) continue;
    for (const int64_t child : {node.left, node.right}) {
      if (child <= static_cast<int64_t>(i) || child >= count) {
        return invalid_argument("a tree's child does not lie behind its parent");
      }
      depth[static_cast<size_t>(child)] = depth[i] + 1;
    }
  }
  for (size_t i = 0; i < depth.size(); ++i) {
    depth[i] += average_path_length(static_cast<double>(rows[i])) - 1.0;
  }
  return depth;
}

/// The forest's columns for a tree's own.
Status map_features(FittedTree& tree, const std::vector<int64_t>& columns) {
  for (SourceTreeNode& node : tree.nodes) {
    if (node.is_leaf) continue;
    if (node.feature < 0 || node.feature >= static_cast<int64_t>(columns.size())) {
      return invalid_argument("a tree splits a column that it does not see");
    }
    node.feature = columns[static_cast<size_t>(node.feature)];
  }
  return {};
}

Result<ValueId> path_sum(Lowering& lowering, pickle::Value self, ValueId x32, double divisor) {
  const auto trees = TRY(values_attr(self, "estimators_")).values;
  const auto columns = TRY(values_attr(self, "estimators_features_")).values;
  if (columns.size() != trees.size()) {
    return invalid_argument("estimators_features_: another number than of trees");
  }
  TreeEnsemble shape;
  shape.features = lowering.type(x32).width;
  shape.divisor = divisor;
  shape.base = {0};
  TreeEnsembleBuilder builder(std::move(shape));
  for (size_t i = 0; i < trees.size(); ++i) {
    FittedTree tree = TRY(read_tree(trees[i]));
    const std::vector<double> lengths = TRY(path_lengths(trees[i], tree));
    TRY_STATUS(map_features(tree, TRY(pickle::to_i64(columns[i])).values));
    TRY_STATUS(builder.add_tree(tree.nodes, lengths, 0));
  }
  return lowering.add(std::make_unique<TreeEnsembleOp>(std::move(builder).finish()), {x32});
}

Result<Step> lower_isolation(Lowering& lowering, pickle::Value self, const Features& input) {
  RequireFiniteOp::Options check;
  check.float32_range = true;
  // Missing values are let in since 1.6, and then infinity too.
  const bool unchecked = written_since(self, 1, 6);
  const ValueId x =
      TRY(unchecked ? lowering.dense(self, input) : lowering.finite(self, input, check));
  const ValueId x32 = TRY(lowering.add(std::make_unique<CastFloat32Op>(), {x}));
  const auto trees = TRY(values_attr(self, "estimators_")).values;
  const bool renamed = self.find_attr("_max_samples").has_value();
  const double rows = TRY(double_attr_or(self, renamed ? "_max_samples" : "max_samples_", 0));
  const double divisor = static_cast<double>(trees.size()) * average_path_length(rows);
  const double offset = TRY(TRY(self.attr("offset_")).as_double());
  if (divisor == 0) {  // trees of a single row
    const ValueId half =
        TRY(lowering.add(std::make_unique<ConstantOp>(std::vector<double>{-0.5}), {x}));
    return outlier_detector(lowering, half, offset);
  }
  const ValueId depth = TRY(path_sum(lowering, self, x32, divisor));
  const ValueId power =
      TRY(lowering.add(std::make_unique<ElementwiseOp>(ElementwiseOp::Function::kExp2),
                       {TRY(scaled(lowering, depth, -1))}));
  return outlier_detector(lowering, TRY(scaled(lowering, power, -1)), offset);
}

Result<Step> lower_embedding(Lowering& lowering, pickle::Value self, const Features& input) {
  RequireFiniteOp::Options check;
  check.float32_range = true;
  const ValueId x = TRY(lowering.finite(self, input, check));
  const ValueId x32 = TRY(lowering.add(std::make_unique<CastFloat32Op>(), {x}));
  const auto trees = TRY(values_attr(self, "estimators_")).values;
  if (trees.empty() || trees.size() > kWidthMax) return invalid_argument("it has no trees");
  TreeEnsemble shape;
  shape.features = lowering.type(x32).width;
  shape.outputs = static_cast<uint32_t>(trees.size());
  shape.base.assign(trees.size(), 0.0);
  TreeEnsembleBuilder builder(std::move(shape));
  for (uint32_t i = 0; i < trees.size(); ++i) {
    const FittedTree tree = TRY(read_tree(trees[i]));
    std::vector<double> places(tree.nodes.size());
    std::iota(places.begin(), places.end(), 0.0);
    TRY_STATUS(builder.add_tree(tree.nodes, places, i));
  }
  const ValueId leaves =
      TRY(lowering.add(std::make_unique<TreeEnsembleOp>(std::move(builder).finish()), {x32}));
  const Step encoded =
      lowering.lower(TRY(self.attr("one_hot_encoder_")),
                     all_columns(leaves, static_cast<uint32_t>(trees.size())), "one_hot_encoder_");
  if (encoded.unknown) return unknown_step();
  Step step;
  step.transform = encoded.transform;
  return step;
}

}  // namespace

std::span<const EstimatorEntry> isolation_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"IsolationForest", lower_isolation},
      EstimatorEntry{"RandomTreesEmbedding", lower_embedding},
  };
  return kTable;
}

}  // namespace slipway::sklearn
