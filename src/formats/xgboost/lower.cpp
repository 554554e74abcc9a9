#include "formats/xgboost/internal/lower.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "graph/ops/basic.h"
#include "graph/ops/encode.h"
#include "graph/ops/float32_scores.h"
#include "graph/ops/tree_ensemble.h"

namespace slipway::xgboost {
namespace {

/// XGBoost goes left where x < t; the ensemble where x <= t. The numbers are float32.
double threshold_of(float condition) {
  return double{std::nextafter(condition, -std::numeric_limits<float>::infinity())};
}

/// The tree's nodes that can be reached, in the order of their places; pruned ones stay behind in
/// the file. `places` gets each node's place in the file.
Result<std::vector<SourceTreeNode>> reachable_nodes(const BoosterTree& tree,
                                                    std::vector<uint32_t>& places) {
  const auto count = static_cast<int64_t>(tree.size());
  std::vector<SourceTreeNode> nodes(1);
  std::vector<bool> seen(tree.size(), false);
  places.assign(1, 0);
  for (size_t at = 0; at < places.size(); ++at) {
    const uint32_t place = places[at];
    SourceTreeNode node;
    node.is_leaf = tree.left[place] == -1;
    node.leaf = place;
    if (!node.is_leaf) {
      node.feature = tree.feature[place];
      node.threshold = threshold_of(tree.condition[place]);
      node.missing_left = tree.default_left[place] != 0;
      node.left = static_cast<int64_t>(places.size());
      node.right = node.left + 1;
      for (const int64_t child : {tree.left[place], tree.right[place]}) {
        if (child <= 0 || child >= count || seen[static_cast<size_t>(child)]) {
          return invalid_argument(
              fmt::format("node {} of a tree has the child {}, which does not exist or has another "
                          "parent too",
                          place, child));
        }
        seen[static_cast<size_t>(child)] = true;
        places.push_back(static_cast<uint32_t>(child));
      }
    }
    nodes.resize(places.size());
    nodes[at] = node;
  }
  return nodes;
}

/// A row whose category is in the set goes right in XGBoost, left in the ensemble.
void swap_children(SourceTreeNode& node) {
  std::swap(node.left, node.right);
  node.missing_left = !node.missing_left;
}

/// XGBoost writes NaN as the condition of splits on categories only.
Status check_conditions(const BoosterTree& tree, const std::vector<uint32_t>& places,
                        const std::vector<SourceTreeNode>& nodes) {
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (!nodes[i].is_leaf && nodes[i].category_set < 0 && std::isnan(tree.condition[places[i]])) {
      return invalid_argument(fmt::format("node {} of a tree has no threshold", places[i]));
    }
  }
  return {};
}

Status add_category_sets(const BoosterTree& tree, const std::vector<uint32_t>& places,
                         std::vector<SourceTreeNode>& nodes, TreeEnsembleBuilder& builder) {
  if (tree.category_splits.empty()) return {};
  std::vector<const BoosterTree::CategorySplit*> splits(tree.size(), nullptr);
  for (const auto& split : tree.category_splits) splits[static_cast<size_t>(split.node)] = &split;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto* split = splits[places[i]];
    if (split == nullptr || nodes[i].is_leaf) continue;
    nodes[i].category_set = TRY(builder.add_wide_category_set(split->words));
    swap_children(nodes[i]);
  }
  return {};
}

/// Each node's numbers, `width` of them; those of a narrow leaf in a wide ensemble stand at its
/// output.
Result<std::vector<double>> leaf_values(const Booster& booster, size_t index,
                                        const std::vector<uint32_t>& places, uint32_t width) {
  // Narrow leaves grow to the width, whatever the file's size.
  constexpr size_t kWidenedMax = size_t{1} << 24;
  const BoosterTree& tree = booster.trees[index];
  const size_t values_max =
      tree.leaf_width < width ? kWidenedMax : TreeEnsembleBuilder::kLeafValuesMax;
  const float weight = booster.tree_weights.empty() ? 1.0F : booster.tree_weights[index];
  if (places.size() > values_max / width) {
    return resource_exhausted("a tree has too many leaf values");
  }
  std::vector<double> values(places.size() * width, 0);
  const uint32_t output = width == 1 ? 0 : booster.tree_outputs[index];
  for (size_t i = 0; i < places.size(); ++i) {
    const size_t place = places[i];
    if (tree.left[place] != -1) continue;
    if (tree.leaf_width == 1) {
      values[i * width + output] = double{tree.condition[place] * weight};
      continue;
    }
    for (uint32_t k = 0; k < width; ++k) {
      values[i * width + k] = double{tree.leaves[place * width + k] * weight};
    }
  }
  return values;
}

Status add_tree(const Booster& booster, size_t index, uint32_t width,
                TreeEnsembleBuilder& builder) {
  const BoosterTree& tree = booster.trees[index];
  if (tree.leaf_width != 1 && tree.leaf_width != width) {
    return invalid_argument(fmt::format("leaves of {} numbers in a model of {} outputs",
                                        tree.leaf_width, booster.outputs()));
  }
  if (booster.tree_outputs[index] >= booster.outputs()) {
    return invalid_argument(fmt::format("tree {} adds to output {} of {}", index,
                                        booster.tree_outputs[index], booster.outputs()));
  }
  std::vector<uint32_t> places;
  std::vector<SourceTreeNode> nodes = TRY(reachable_nodes(tree, places));
  TRY_STATUS(add_category_sets(tree, places, nodes, builder));
  TRY_STATUS(check_conditions(tree, places, nodes));
  const std::vector<double> values = TRY(leaf_values(booster, index, places, width));
  return builder.add_tree(nodes, values, width == 1 ? booster.tree_outputs[index] : 0);
}

/// Trees before the end of this many rounds; all if 0.
Result<size_t> tree_count(const Booster& booster, uint32_t iterations) {
  const size_t rounds = booster.iteration_trees.size() - 1;
  if (iterations == 0) return booster.trees.size();
  if (iterations > rounds) {
    return invalid_argument(
        fmt::format("{} rounds are asked for, the model has {}", iterations, rounds));
  }
  return booster.iteration_trees[iterations];
}

Result<ValueId> add_trees(const Booster& booster, GraphBuilder& graph, ValueId input,
                          const formats::ForeignOptions& options, const std::string& path) {
  const size_t trees = TRY(tree_count(booster, options.iterations));
  const bool wide = std::any_of(booster.trees.begin(), booster.trees.end(),
                                [](const BoosterTree& tree) { return tree.leaf_width > 1; });
  TreeEnsemble shape;
  shape.features = booster.features;
  shape.outputs = booster.outputs();
  shape.leaf_width = wide ? shape.outputs : 1;
  shape.float_sums = true;
  for (const float score : TRY(start_of(booster))) shape.base.push_back(double{score});
  const uint32_t width = shape.leaf_width;
  TreeEnsembleBuilder builder(std::move(shape));
  for (size_t i = 0; i < trees; ++i) TRY_STATUS(add_tree(booster, i, width, builder));
  const ValueId narrow = TRY(graph.add(std::make_unique<CastFloat32Op>(), {input}, path));
  return graph.add(std::make_unique<TreeEnsembleOp>(std::move(builder).finish()), {narrow}, path);
}

Result<ValueId> add_linear(const Booster& booster, GraphBuilder& graph, ValueId input,
                           const std::string& path) {
  std::vector<float> start = TRY(start_of(booster));
  const size_t weights = size_t{booster.features} * booster.outputs();
  for (size_t k = 0; k < start.size(); ++k) start[k] += booster.linear_weights[weights + k];
  std::vector<float> slopes(booster.linear_weights.begin(),
                            booster.linear_weights.begin() + static_cast<ptrdiff_t>(weights));
  return graph.add(
      std::make_unique<Float32LinearOp>(booster.features, std::move(slopes), std::move(start)),
      {input}, path);
}

/// The columns as one matrix of numbers: those with named categories as these categories' codes.
Result<ValueId> add_codes(const Booster& booster, GraphBuilder& graph,
                          const formats::ForeignInputs& inputs, const std::string& path) {
  const std::vector<InputColumn> columns = columns_of(booster);
  std::vector<OrdinalOp::Column> encoded;
  std::vector<ColumnPick> picks;
  uint32_t numbers = 0;
  uint32_t texts = 0;
  for (uint32_t i = 0; i < booster.features; ++i) {
    const ColumnCategories* known = booster.categories.empty() ? nullptr : &booster.categories[i];
    const bool is_text = known != nullptr && known->is_text && known->size() > 0;
    const uint32_t column = is_text ? texts++ : numbers++;
    if (known == nullptr || known->size() == 0) {
      picks.push_back({0, column});
      continue;
    }
    OrdinalOp::Column entry;
    entry.categories.from = {is_text ? 1U : 0U, column};
    entry.categories.column = columns[i].name;
    entry.categories.is_text = is_text;
    entry.categories.texts = known->texts;
    entry.categories.numbers = known->numbers;
    for (size_t code = 0; code < known->size(); ++code) {
      entry.codes.push_back(static_cast<double>(code));
    }
    // Missing is no category, and stays missing.
    const auto missing = static_cast<uint32_t>(known->size());
    entry.codes.push_back(std::numeric_limits<double>::quiet_NaN());
    if (is_text) {
      entry.categories.texts.emplace_back();
      entry.categories.none = missing;
      entry.categories.nan = missing;
    } else {
      entry.categories.numbers.push_back(std::numeric_limits<double>::quiet_NaN());
    }
    picks.push_back({1, static_cast<uint32_t>(encoded.size())});
    encoded.push_back(std::move(entry));
  }
  if (encoded.empty()) return inputs.numbers;
  std::vector<ValueId> sources = {inputs.numbers};
  if (texts > 0) sources.push_back(inputs.strings);
  const ValueId codes =
      TRY(graph.add(std::make_unique<OrdinalOp>(std::move(encoded)), std::move(sources), path));
  return graph.add(std::make_unique<SelectOp>(std::move(picks)), {inputs.numbers, codes}, path);
}

LabelTable class_numbers(uint32_t classes) {
  LabelTable labels;
  labels.dtype = DType::kFloat64;
  for (uint32_t i = 0; i < classes; ++i) labels.floats.push_back(i);
  return labels;
}

Result<OutputSpec> add_link(const Booster& booster, GraphBuilder& graph, ValueId margin,
                            const std::string& path) {
  using Function = Float32LinkOp::Function;
  const uint32_t width = booster.outputs();
  const auto linked = [&](Function function) -> Result<OutputSpec> {
    const ValueId value = TRY(graph.add(std::make_unique<Float32LinkOp>(function), {margin}, path));
    return OutputSpec{.name = "predict", .value = value, .width = width, .is_vector = width == 1};
  };
  switch (TRY(link_of(booster))) {
    case Link::kIdentity: break;
    case Link::kSigmoid: return linked(Function::kSigmoid);
    case Link::kExp: return linked(Function::kExp);
    case Link::kStep: return linked(Function::kStep);
    case Link::kSoftmax: return linked(Function::kSoftmax);
    case Link::kSort: return linked(Function::kSortRow);
    case Link::kSteps: return linked(Function::kRisingSteps);
    case Link::kArgMax: {
      // One class alone is always the first.
      const double never = std::numeric_limits<double>::infinity();
      const ValueId index = TRY(graph.add(std::make_unique<ArgMaxOp>(never), {margin}, path));
      return OutputSpec{.name = "predict",
                        .value = index,
                        .is_vector = true,
                        .labels = {class_numbers(std::max(2U, width))}};
    }
  }
  return OutputSpec{.name = "predict", .value = margin, .width = width, .is_vector = width == 1};
}

}  // namespace

std::vector<InputColumn> columns_of(const Booster& booster) {
  std::vector<InputColumn> columns(booster.features);
  for (uint32_t i = 0; i < booster.features; ++i) {
    columns[i].name =
        booster.feature_names.empty() ? fmt::format("x{}", i) : booster.feature_names[i];
    const bool is_text = !booster.categories.empty() && booster.categories[i].is_text &&
                         booster.categories[i].size() > 0;
    columns[i].type = is_text ? ColumnType::kText : ColumnType::kNumber;
  }
  return columns;
}

Result<std::vector<OutputSpec>> lower_booster(const Booster& booster, GraphBuilder& graph,
                                              const formats::ForeignInputs& inputs,
                                              const formats::ForeignOptions& options,
                                              const std::string& path) {
  const uint32_t width = booster.outputs();
  const ValueId input = TRY(add_codes(booster, graph, inputs, path));
  const ValueId margin = booster.name == "gblinear"
                             ? TRY(add_linear(booster, graph, input, path))
                             : TRY(add_trees(booster, graph, input, options, path));
  std::vector<OutputSpec> outputs = {TRY(add_link(booster, graph, margin, path))};
  outputs.push_back({.name = "margin", .value = margin, .width = width, .is_vector = width == 1});
  return outputs;
}

}  // namespace slipway::xgboost
