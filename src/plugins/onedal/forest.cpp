#include "plugins/onedal/forest.h"

#include <daal.h>
#include <tbb/task_arena.h>

#include <stdexcept>

namespace slipway::onedal {
namespace {

namespace forest = daal::algorithms::decision_forest;
namespace trees = daal::algorithms::tree_utils;
using daal::data_management::HomogenNumericTable;
using daal::data_management::NumericTablePtr;

/// A table over the caller's numbers; oneDAL only reads inputs, though its types do not say so.
NumericTablePtr table_of(const float* numbers, size_t columns, size_t rows) {
  daal::services::Status status;
  NumericTablePtr table =
      HomogenNumericTable<float>::create(const_cast<float*>(numbers), columns, rows, &status);
  if (!status) throw std::runtime_error(status.getDescription());
  return table;
}

void set_parameters(const SlipwayForestTask& task, forest::training::Parameter& parameter) {
  parameter.nTrees = task.trees;
  parameter.observationsPerTreeFraction = task.rows_share;
  parameter.featuresPerNode = task.features_per_node;
  parameter.maxTreeDepth = task.depth_max;
  parameter.maxLeafNodes = task.leaves_max;
  parameter.minObservationsInLeafNode = task.leaf_rows_min;
  parameter.minObservationsInSplitNode = task.split_rows_min;
  parameter.minWeightFractionInLeafNode = task.leaf_weight_share_min;
  parameter.minImpurityDecreaseInSplitNode = task.impurity_decrease_min;
  parameter.impurityThreshold = 0;
  parameter.bootstrap = task.bootstrap != 0;
  parameter.memorySavingMode = false;
  parameter.splitter = task.random_splits != 0 ? forest::training::random : forest::training::best;
  if (task.bins > 0) {
    parameter.maxBins = task.bins;
    parameter.minBinSize = 1;
  }
  parameter.engine = daal::algorithms::engines::mt19937::Batch<>::create(task.seed);
}

SlipwayForestNode split_node(size_t tree, const trees::SplitNodeDescriptor& split) {
  return {tree, split.level, static_cast<int64_t>(split.featureIndex), split.featureValue,
          0,    nullptr};
}

class ClassVisitor final : public trees::classification::TreeNodeVisitor {
 public:
  ClassVisitor(size_t tree, const NodeSink& sink) : tree_(tree), sink_(sink) {}
  bool onSplitNode(const trees::SplitNodeDescriptor& split) override {
    sink_.take(split_node(tree_, split));
    return true;
  }
  bool onLeafNode(const trees::classification::LeafNodeDescriptor& leaf) override {
    sink_.take({tree_, leaf.level, -1, 0, static_cast<double>(leaf.label), leaf.prob});
    return true;
  }

 private:
  size_t tree_;
  const NodeSink& sink_;
};

class ValueVisitor final : public trees::regression::TreeNodeVisitor {
 public:
  ValueVisitor(size_t tree, const NodeSink& sink) : tree_(tree), sink_(sink) {}
  bool onSplitNode(const trees::SplitNodeDescriptor& split) override {
    sink_.take(split_node(tree_, split));
    return true;
  }
  bool onLeafNode(const trees::regression::LeafNodeDescriptor& leaf) override {
    sink_.take({tree_, leaf.level, -1, 0, leaf.response, nullptr});
    return true;
  }

 private:
  size_t tree_;
  const NodeSink& sink_;
};

/// Computes and hands over the trees.
template <typename Visitor, typename Algorithm>
void run(Algorithm& algorithm, const SlipwayForestTask& task, const NodeSink& sink) {
  set_parameters(task, algorithm.parameter());
  daal::services::Status status;
  // An arena bounds this call's threads, whatever other calls do at the same time.
  tbb::task_arena arena(static_cast<int>(task.threads));
  arena.execute([&] { status = algorithm.compute(); });
  if (!status) throw std::runtime_error(status.getDescription());
  const auto model = algorithm.getResult()->get(Visitor::kModel);
  const size_t count = model->getNumberOfTrees();
  for (size_t i = 0; i < count; ++i) {
    typename Visitor::Type visitor(i, sink);
    model->traverseDFS(i, visitor);
  }
}

struct OfClasses {
  using Type = ClassVisitor;
  static constexpr auto kModel = daal::algorithms::classifier::training::model;
};
struct OfValues {
  using Type = ValueVisitor;
  static constexpr auto kModel = forest::regression::training::model;
};

template <forest::classification::training::Method kMethod>
void train_classes(const SlipwayForestTask& task, const NodeSink& sink) {
  namespace input = daal::algorithms::classifier::training;
  forest::classification::training::Batch<float, kMethod> algorithm(task.classes);
  algorithm.input.set(input::data, table_of(task.x, task.columns, task.rows));
  algorithm.input.set(input::labels, table_of(task.y, 1, task.rows));
  if (task.weights != nullptr) {
    algorithm.input.set(input::weights, table_of(task.weights, 1, task.rows));
  }
  run<OfClasses>(algorithm, task, sink);
}

template <forest::regression::training::Method kMethod>
void train_values(const SlipwayForestTask& task, const NodeSink& sink) {
  namespace input = forest::regression::training;
  forest::regression::training::Batch<float, kMethod> algorithm;
  algorithm.input.set(input::data, table_of(task.x, task.columns, task.rows));
  algorithm.input.set(input::dependentVariable, table_of(task.y, 1, task.rows));
  if (task.weights != nullptr) {
    algorithm.input.set(input::weights, table_of(task.weights, 1, task.rows));
  }
  run<OfValues>(algorithm, task, sink);
}

}  // namespace

void train_forest(const SlipwayForestTask& task, const NodeSink& sink) {
  if (task.classes > 0) {
    task.bins > 0 ? train_classes<forest::classification::training::hist>(task, sink)
                  : train_classes<forest::classification::training::defaultDense>(task, sink);
  } else {
    task.bins > 0 ? train_values<forest::regression::training::hist>(task, sink)
                  : train_values<forest::regression::training::defaultDense>(task, sink);
  }
}

}  // namespace slipway::onedal
