#include "formats/catboost/trees.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "formats/catboost/metadata.h"
#include "formats/catboost/statistics.h"
#include "graph/ops/basic.h"
#include "graph/ops/oblivious_ensemble.h"
#include "graph/ops/scale.h"
#include "graph/ops/tree_ensemble.h"

namespace slipway::catboost {
namespace {

/// What trees compare, whatever it was in the file: columns of one dense matrix with borders, and
/// for each number that a tree's split can have, the border that it means.
struct Questions {
  ValueId matrix = 0;
  uint32_t columns = 0;
  std::vector<ObliviousEnsemble::Feature> features;
  std::vector<float> borders;
  std::vector<ObliviousEnsemble::Split> splits;

  void add(uint32_t column, const std::vector<float>& more, bool nan_above) {
    const auto feature = static_cast<uint32_t>(features.size());
    features.push_back({column, static_cast<uint32_t>(borders.size()),
                        static_cast<uint32_t>(more.size()), nan_above});
    borders.insert(borders.end(), more.begin(), more.end());
    for (uint32_t bin = 1; bin <= more.size(); ++bin) splits.push_back({feature, bin});
  }
  Result<ObliviousEnsemble::Split> split(int32_t index) const {
    if (index >= 0 && static_cast<size_t>(index) < splits.size()) {
      return splits[static_cast<size_t>(index)];
    }
    return data_loss(fmt::format("a tree asks question {} of {}", index, splits.size()));
  }
};

/// The matrix [numbers that are used | indicators and statistics]; the numbers alone where there is
/// nothing else.
class QuestionBuilder {
 public:
  QuestionBuilder(const Model& model, const Layout& layout, GraphBuilder& graph,
                  const formats::ForeignInputs& inputs, const std::string& path)
      : model_(model), layout_(layout), graph_(graph), inputs_(inputs), path_(path) {}

  Result<Questions> build(const Limits& limits) && {
    const bool has_categories = !model_.one_hot_features.empty() || !model_.ctr_features.empty();
    if (!has_categories) {
      questions_.matrix = inputs_.numbers;
      add_numbers(std::nullopt);
    } else {
      TRY_STATUS(add_categories(limits));
    }
    questions_.columns = graph_.type(questions_.matrix).width;
    return std::move(questions_);
  }

 private:
  /// Questions about numbers; with `picks` they are asked of the columns picked.
  void add_numbers(std::optional<std::vector<ColumnPick>*> picks) {
    for (const FloatFeature& feature : model_.float_features) {
      if (feature.borders.empty()) continue;
      uint32_t column = layout_.numbers.at(feature.index).place;
      if (picks.has_value()) {
        (*picks)->push_back({0, column});
        column = static_cast<uint32_t>((*picks)->size() - 1);
      }
      questions_.add(column, feature.borders, feature.nan_above());
    }
  }

  Status add_categories(const Limits& limits) {
    Statistics statistics = TRY(build_statistics(model_, layout_, limits));
    std::vector<ValueId> inputs = {inputs_.strings};
    if (statistics.needs_numbers) inputs.push_back(inputs_.numbers);
    const std::vector<uint32_t> one_hot_columns = std::move(statistics.one_hot_columns);
    const std::vector<uint32_t> ctr_columns = std::move(statistics.ctr_columns);
    const ValueId derived =
        TRY(graph_.add(std::make_unique<CategoryStatisticsOp>(std::move(statistics.constants)),
                       std::move(inputs), path_));
    std::vector<ColumnPick> picks;
    add_numbers(&picks);
    const auto first = static_cast<uint32_t>(picks.size());
    constexpr float kBetweenNoAndYes = 0.5;
    for (size_t i = 0; i < one_hot_columns.size(); ++i) {
      for (uint32_t value = 0; value < model_.one_hot_features[i].values.size(); ++value) {
        questions_.add(first + one_hot_columns[i] + value, {kBetweenNoAndYes}, false);
      }
    }
    for (size_t i = 0; i < ctr_columns.size(); ++i) {
      questions_.add(first + ctr_columns[i], model_.ctr_features[i].borders, false);
    }
    if (picks.empty()) {
      questions_.matrix = derived;
      return {};
    }
    for (uint32_t i = 0; i < graph_.type(derived).width; ++i) picks.push_back({1, i});
    questions_.matrix = TRY(graph_.add(std::make_unique<SelectOp>(std::move(picks)),
                                       {inputs_.numbers, derived}, path_));
    return {};
  }

  const Model& model_;
  const Layout& layout_;
  GraphBuilder& graph_;
  const formats::ForeignInputs& inputs_;
  const std::string& path_;
  Questions questions_;
};

Result<ValueId> add_oblivious(const Model& model, Questions questions, GraphBuilder& graph,
                              const std::string& path) {
  ObliviousEnsemble ensemble;
  ensemble.columns = questions.columns;
  ensemble.outputs = TRY(dimensions_of(model));
  for (const int32_t size : model.tree_sizes) {
    if (size < 0 || size > static_cast<int32_t>(ObliviousEnsemble::kDepthMax)) {
      return data_loss(
          fmt::format("a tree of depth {}: expected 0 to {}", size, ObliviousEnsemble::kDepthMax));
    }
    ensemble.depths.push_back(static_cast<uint8_t>(size));
  }
  for (const int32_t split : model.splits) ensemble.splits.push_back(TRY(questions.split(split)));
  ensemble.borders = std::move(questions.borders);
  ensemble.features = std::move(questions.features);
  ensemble.leaf_values = model.leaf_values;
  return graph.add(std::make_unique<ObliviousEnsembleOp>(std::move(ensemble)), {questions.matrix},
                   path);
}

/// One tree of the kind whose nodes name their children by how far behind them they lie.
class NodeTree {
 public:
  NodeTree(const Model& model, const Questions& questions, size_t first, size_t size)
      : model_(model), questions_(questions), first_(first), size_(size) {}

  Status build(uint32_t dimensions) {
    nodes_.resize(size_);
    values_.resize(size_ * dimensions);
    for (size_t i = 0; i < size_; ++i) {
      const StepNode step = model_.step_nodes[first_ + i];
      if (step.left == 0 && step.right == 0) {
        nodes_[i].is_leaf = true;
        TRY_STATUS(set_leaf(i, first_ + i, dimensions));
        continue;
      }
      const auto [feature, bin] = TRY(questions_.split(model_.splits[first_ + i]));
      const ObliviousEnsemble::Feature& asked = questions_.features[feature];
      nodes_[i].feature = asked.column;
      nodes_[i].threshold = double{questions_.borders[asked.first_border + bin - 1]};
      nodes_[i].missing_left = !asked.nan_above;
      nodes_[i].left = TRY(child(i, step.left, dimensions));
      nodes_[i].right = TRY(child(i, step.right, dimensions));
    }
    return {};
  }
  std::span<const SourceTreeNode> nodes() const { return nodes_; }
  std::span<const double> values() const { return values_; }

 private:
  /// The side of a node without a child there is a leaf, whose values stand with the node.
  Result<int64_t> child(size_t node, uint16_t step, uint32_t dimensions) {
    if (step != 0) {
      // A node that lies behind the tree's last one must not pass for a leaf added below.
      if (node + step >= size_) return data_loss("a tree's node has a child in another tree");
      return static_cast<int64_t>(node + step);
    }
    const size_t leaf = nodes_.size();
    nodes_.push_back({.is_leaf = true});
    values_.resize(values_.size() + dimensions);
    TRY_STATUS(set_leaf(leaf, first_ + node, dimensions));
    return static_cast<int64_t>(leaf);
  }

  Status set_leaf(size_t leaf, size_t node, uint32_t dimensions) {
    const size_t start = model_.leaf_starts[node];
    const std::vector<double>& from = model_.leaf_values;
    if (start > from.size() || from.size() - start < dimensions) {
      return data_loss(fmt::format("a leaf has values from {} of {}", start, from.size()));
    }
    std::copy_n(from.begin() + static_cast<ptrdiff_t>(start), dimensions,
                values_.begin() + static_cast<ptrdiff_t>(leaf * dimensions));
    return {};
  }

  const Model& model_;
  const Questions& questions_;
  const size_t first_;
  const size_t size_;
  std::vector<SourceTreeNode> nodes_;
  std::vector<double> values_;
};

Result<ValueId> add_node_trees(const Model& model, const Questions& questions, GraphBuilder& graph,
                               const Limits& limits, const std::string& path) {
  const uint32_t dimensions = TRY(dimensions_of(model));
  const size_t nodes = model.step_nodes.size();
  if (model.splits.size() != nodes || model.leaf_starts.size() != nodes) {
    return data_loss(fmt::format("{} tree nodes have {} splits and {} leaves", nodes,
                                 model.splits.size(), model.leaf_starts.size()));
  }
  // Leaves may share their values in the file.
  if (nodes > limits.memory_bytes_max / sizeof(double) / 4 / dimensions) {
    return resource_exhausted("the model has too many leaf values");
  }
  TreeEnsemble shape;
  shape.features = questions.columns;
  shape.outputs = dimensions;
  shape.leaf_width = dimensions;
  shape.base.assign(dimensions, 0.0);
  TreeEnsembleBuilder builder(std::move(shape));
  size_t first = 0;
  for (const int32_t size : model.tree_sizes) {
    if (size <= 0 || static_cast<size_t>(size) > nodes - first) {
      return data_loss(fmt::format("a tree of {} nodes, where {} are left", size, nodes - first));
    }
    NodeTree tree(model, questions, first, static_cast<size_t>(size));
    TRY_STATUS(tree.build(dimensions));
    TRY_STATUS(builder.add_tree(tree.nodes(), tree.values(), 0));
    first += static_cast<size_t>(size);
  }
  const ValueId rounded =
      TRY(graph.add(std::make_unique<CastFloat32Op>(), {questions.matrix}, path));
  return graph.add(std::make_unique<TreeEnsembleOp>(std::move(builder).finish()), {rounded}, path);
}

/// sum * scale + bias; nothing where that changes nothing.
Result<ValueId> add_scale_and_bias(const Model& model, GraphBuilder& graph, ValueId sums,
                                   const std::string& path) {
  const uint32_t width = graph.type(sums).width;
  if (!model.biases.empty() && model.biases.size() != width) {
    return data_loss(fmt::format("{} biases for {} scores", model.biases.size(), width));
  }
  const bool shifted =
      std::any_of(model.biases.begin(), model.biases.end(), [](double bias) { return bias != 0; });
  if (model.scale == 1 && !shifted) return sums;
  std::vector<double> factor;
  if (model.scale != 1) factor.assign(width, model.scale);
  return graph.add(
      std::make_unique<ScaleOp>(ScaleOp::Form::kMultiplyAdd, width,
                                shifted ? model.biases : std::vector<double>(), std::move(factor)),
      {sums}, path);
}

}  // namespace

Result<ValueId> add_trees(const Model& model, const Layout& layout, GraphBuilder& graph,
                          const formats::ForeignInputs& inputs, const Limits& limits,
                          const std::string& path) {
  Questions questions = TRY(QuestionBuilder(model, layout, graph, inputs, path).build(limits));
  const ValueId sums = model.is_oblivious
                           ? TRY(add_oblivious(model, std::move(questions), graph, path))
                           : TRY(add_node_trees(model, questions, graph, limits, path));
  return add_scale_and_bias(model, graph, sums, path);
}

}  // namespace slipway::catboost
