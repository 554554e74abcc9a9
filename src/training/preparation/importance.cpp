// Importance of features in a model that is fitted for nothing else: read off the nodes that the
// model consists of.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "graph/ops/linear.h"
#include "graph/ops/tree_ensemble.h"
#include "training/learners/learner.h"
#include "training/parallel.h"
#include "training/preparation/internal/feature_scores.h"

namespace slipway::training {
namespace {

Result<std::shared_ptr<const Graph>> fitted_graph(std::string_view learner,
                                                  const ScoredRows& rows) {
  const Task task = rows.class_count > 0 ? Task::kClassification : Task::kRegression;
  const Learner* found = TRY(find_learner(learner, task));
  TrainingData data;
  data.x = rows.x.data();
  data.rows = rows.rows();
  data.columns = rows.columns;
  data.classes = rows.classes;
  data.class_count = rows.class_count;
  data.values = rows.values;
  const Fit fitted = TRY(fit(*found, data, {}, {rows.seed, rows.threads, nullptr}));
  GraphBuilder builder(rows.columns);
  ModelNaming naming;
  naming.labels.ints.resize(rows.class_count);
  std::iota(naming.labels.ints.begin(), naming.labels.ints.end(), 0);
  Signature signature;
  signature.columns.resize(rows.columns);
  signature.outputs = TRY(fitted.model->append(builder, kNumbersInput, naming));
  return std::move(builder).finish(std::move(signature));
}

/// The first node of a kind.
template <typename Wanted>
Result<const Wanted*> find_op(const Graph& graph) {
  for (const Node& node : graph.nodes()) {
    if (const auto* op = dynamic_cast<const Wanted*>(node.op.get())) return op;
  }
  return internal_error("the model to select features by has no such node");
}

/// What rows that come by a node hold of the target: counts of classes; or count, sum and sum of
/// squares, of values less their mean.
class Impurities {
 public:
  explicit Impurities(const ScoredRows& rows)
      : rows_(rows), width_(rows.class_count > 0 ? rows.class_count : 3) {
    if (rows.class_count > 0) return;
    mean_ = std::accumulate(rows.values.begin(), rows.values.end(), 0.0) /
            static_cast<double>(rows.values.size());
  }
  size_t width() const { return width_; }
  void add(double* held, size_t row) const {
    if (rows_.class_count > 0) {
      held[rows_.classes[row]] += 1;
      return;
    }
    const double value = rows_.values[row] - mean_;
    held[0] += 1;
    held[1] += value;
    held[2] += value * value;
  }
  /// Impurity times rows; Gini or squared error.
  double of(const double* held) const {
    if (rows_.class_count == 0) {
      return held[0] > 0 ? std::max(0.0, held[2] - held[1] * held[1] / held[0]) : 0;
    }
    double count = 0;
    double squares = 0;
    for (size_t i = 0; i < width_; ++i) {
      count += held[i];
      squares += held[i] * held[i];
    }
    return count > 0 ? count - squares / count : 0;
  }

 private:
  const ScoredRows& rows_;
  const size_t width_;
  double mean_ = 0;
};

bool goes_left(const TreeNode& node, double x) {
  return std::isnan(x) ? node.missing_left() : static_cast<float>(x) <= node.threshold;
}

/// Parts of 1 of a tree; all 0 if it has no split that helps.
std::vector<double> tree_importances(const TreeEnsemble& trees, size_t tree, const ScoredRows& rows,
                                     const Impurities& impurities) {
  const uint32_t root = trees.roots[tree];
  const size_t nodes = trees.tree_end(tree) - root;
  std::vector<double> held(nodes * impurities.width());
  for (size_t row = 0; row < rows.rows(); ++row) {
    uint32_t at = root;
    while (true) {
      impurities.add(&held[(at - root) * impurities.width()], row);
      const TreeNode& node = trees.nodes[at];
      if (node.is_leaf()) break;
      at = node.child + (goes_left(node, rows.at(row, node.feature())) ? 0 : 1);
    }
  }
  std::vector<double> found(rows.columns);
  for (uint32_t at = root; at < root + nodes; ++at) {
    const TreeNode& node = trees.nodes[at];
    if (node.is_leaf()) continue;
    const auto of = [&](uint32_t place) {
      return impurities.of(&held[(place - root) * impurities.width()]);
    };
    found[node.feature()] += of(at) - of(node.child) - of(node.child + 1);
  }
  const double sum = std::accumulate(found.begin(), found.end(), 0.0);
  if (sum > 0) {
    for (double& entry : found) entry /= sum;
  }
  return found;
}

}  // namespace

Result<std::vector<double>> forest_importances(const ScoredRows& rows) {
  const auto graph = TRY(fitted_graph("random_forest", rows));
  const auto* op = TRY(find_op<TreeEnsembleOp>(*graph));
  const TreeEnsemble& trees = op->ensemble;
  const Impurities impurities(rows);
  std::vector<std::vector<double>> of_trees(trees.roots.size());
  for_each_index(of_trees.size(), rows.threads, [&](size_t tree) {
    of_trees[tree] = tree_importances(trees, tree, rows, impurities);
  });
  std::vector<double> found(rows.columns);
  for (const std::vector<double>& tree : of_trees) {
    for (size_t j = 0; j < found.size(); ++j) {
      found[j] += tree[j] / static_cast<double>(of_trees.size());
    }
  }
  return found;
}

Result<std::vector<double>> coefficient_sizes(const ScoredRows& rows) {
  const auto graph =
      TRY(fitted_graph(rows.class_count > 0 ? "logistic_regression" : "ridge", rows));
  const auto* op = TRY(find_op<LinearOp>(*graph));
  std::vector<double> found(rows.columns);
  for (size_t i = 0; i < op->weights.size(); ++i) {
    found[i % rows.columns] += std::abs(op->weights[i]);
  }
  return found;
}

}  // namespace slipway::training
