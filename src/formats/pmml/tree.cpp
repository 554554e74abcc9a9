// TreeModel by itself: the tree gives the number of the node that a row ends in, tables the rest.
#include "formats/pmml/internal/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace slipway::pmml {
namespace {

constexpr size_t kClassesMax = 10'000;
constexpr size_t kTableMax = size_t{1} << 26;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

size_t class_place(std::vector<std::string>& classes, std::string_view label) {
  const auto found = std::ranges::find(classes, label);
  if (found != classes.end()) return static_cast<size_t>(found - classes.begin());
  classes.emplace_back(label);
  return classes.size() - 1;
}

/// A node's distribution: class and share of each.
Result<std::vector<std::pair<std::string, double>>> distribution_of(const Element& node) {
  std::vector<std::pair<std::string, double>> shares;
  double sum = 0;
  bool has_probabilities = false;
  for (const Element& share : node.children("ScoreDistribution")) {
    if (shares.empty()) has_probabilities = share.attribute("probability").has_value();
    const double value = TRY(share.number(has_probabilities ? "probability" : "recordCount"));
    sum += value;
    shares.emplace_back(TRY(share.required("value")), value);
  }
  if (sum != 1) {
    for (auto& [label, value] : shares) value /= sum;
  }
  return shares;
}

Result<TermId> selected_node(const ModelInput& input, const CompiledTree& tree,
                             const SplitColumns& columns) {
  Context& context = input.scope.context();
  std::vector<double> values;
  for (const int64_t node : tree.selected) {
    values.push_back(node == CompiledTree::kNoPrediction ? kNone : static_cast<double>(node));
  }
  if (columns.terms().empty()) {
    return values[0] != values[0] ? context.terms.missing_number()
                                  : context.terms.number(values[0]);
  }
  const std::string path = input.model.place();
  const ValueId x = TRY(context.matrix(columns.terms(), path));
  TreeEnsembleBuilder builder(
      {.features = static_cast<uint32_t>(columns.terms().size()), .base = {0}});
  TRY_STATUS(builder.add_tree(tree.source, values, 0));
  const ValueId y = TRY(
      context.graph.add(std::make_unique<TreeEnsembleOp>(std::move(builder).finish()), {x}, path));
  return context.terms.column(y, 0, ValueKind::kDense);
}

}  // namespace

Result<NodeScores> regression_scores(const CompiledTree& tree) {
  NodeScores scores;
  for (const Element& node : tree.nodes) {
    scores.numbers.push_back(TRY(node.number_or("score", kNone)));
  }
  return scores;
}

Result<NodeScores> classification_scores(const CompiledTree& tree,
                                         std::vector<std::string> classes) {
  NodeScores scores;
  scores.classes = std::move(classes);
  for (const Element& node : tree.nodes) {
    const auto shares = TRY(distribution_of(node));
    std::vector<double> row(scores.classes.size(), 0);
    const auto set = [&](std::string_view label, double value) {
      const size_t place = class_place(scores.classes, label);
      row.resize(scores.classes.size(), 0);
      row[place] = value;
    };
    for (const auto& [label, value] : shares) set(label, value);
    const auto score = node.attribute("score");
    std::string label(score.value_or(""));
    if (shares.empty() && score) set(*score, 1);
    if (shares.empty() && !score) std::ranges::fill(row, kNone);
    if (!score && !shares.empty()) {
      const auto best =
          std::ranges::max_element(shares, {}, [](const auto& share) { return share.second; });
      label = best->first;
    }
    scores.probabilities.push_back(std::move(row));
    scores.labels.push_back(std::move(label));
    if (scores.classes.size() > kClassesMax ||
        scores.classes.size() > kTableMax / tree.nodes.size()) {
      return node.unsupported("a tree with so many classes");
    }
  }
  for (auto& row : scores.probabilities) {
    const bool none = !row.empty() && row[0] != row[0];
    row.resize(scores.classes.size(), none ? kNone : 0);
  }
  return scores;
}

Result<Prediction> lower_tree(const ModelInput& input) {
  Context& context = input.scope.context();
  ExpressionBuilder& terms = context.terms;
  SplitColumns columns;
  const CompiledTree tree = TRY(compile_tree(input.scope, input.model, columns));
  const TermId node = TRY(selected_node(input, tree, columns));
  Prediction prediction;
  prediction.has_value = true;
  if (std::ranges::any_of(tree.nodes,
                          [](const Element& e) { return e.attribute("id").has_value(); })) {
    std::vector<std::string> ids;
    for (const Element& element : tree.nodes) ids.emplace_back(element.attribute_or("id", ""));
    prediction.entity = TRY(terms.pick(node, std::move(ids)));
  }
  if (input.model.attribute_or("functionName", "") != "classification") {
    const NodeScores scores = TRY(regression_scores(tree));
    prediction.value = {TRY(terms.pick(node, scores.numbers)), DataType::kDouble};
    return prediction;
  }
  NodeScores scores = TRY(classification_scores(tree, input.target.categories));
  prediction.is_classification = true;
  prediction.classes = scores.classes;
  if (scores.classes.empty()) return input.model.unsupported("a tree without classes");
  for (size_t i = 0; i < scores.classes.size(); ++i) {
    std::vector<double> shares;
    for (const auto& row : scores.probabilities) shares.push_back(row[i]);
    prediction.probabilities.push_back(TRY(terms.pick(node, std::move(shares))));
  }
  // Nodes without a label are not reached, or give none.
  std::vector<double> places;
  for (const std::string& label : scores.labels) {
    const auto found = std::ranges::find(scores.classes, label);
    places.push_back(found == scores.classes.end()
                         ? kNone
                         : static_cast<double>(found - scores.classes.begin()));
  }
  const TermId place = TRY(terms.pick(node, std::move(places)));
  prediction.value = TRY(label_at(context, input.model, input.target, scores.classes, place));
  return prediction;
}

}  // namespace slipway::pmml
