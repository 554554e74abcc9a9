// TreeModel by itself: the tree gives the number of the node that a row ends in, tables the rest.
#include "formats/pmml/internal/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "formats/pmml/internal/formula.h"
#include "formats/pmml/internal/labels.h"

namespace slipway::pmml {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

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

/// The confidences of the nodes' distributions; none if no node has any.
Status read_confidences(Context& context, const CompiledTree& tree, NodeScores& scores) {
  Labels labels;
  for (const std::string& label : scores.classes) labels.place(label);
  TRY_STATUS(context.charge(tree.nodes[0], tree.nodes.size(), scores.classes.size()));
  bool any = false;
  for (const Element& node : tree.nodes) {
    std::vector<double> row(scores.classes.size(), kNone);
    for (const Element& share : node.children("ScoreDistribution")) {
      const auto confidence = TRY(share.optional_number("confidence"));
      if (!confidence) continue;
      row[labels.place(TRY(share.required("value")))] = *confidence;
      any = true;
    }
    scores.confidences.push_back(std::move(row));
  }
  if (!any) scores.confidences.clear();
  return {};
}

Result<TermId> selected_node(const ModelInput& input, const CompiledTree& tree,
                             const SplitColumns& columns) {
  Context& context = input.scope.context();
  std::vector<double> values;
  values.reserve(tree.selected.size());
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

Result<NodeScores> classification_scores(Context& context, const CompiledTree& tree,
                                         const std::vector<std::string>& classes) {
  Labels labels;
  for (const std::string& label : classes) labels.place(label);
  for (const Element& node : tree.nodes) {
    const auto score = node.attribute("score");
    const std::vector<Element> shares = node.children("ScoreDistribution");
    for (const Element& share : shares) labels.place(TRY(share.required("value")));
    if (shares.empty() && score) labels.place(*score);
  }
  TRY_STATUS(context.charge(tree.nodes[0], tree.nodes.size(), labels.list().size()));
  NodeScores scores;
  for (const Element& node : tree.nodes) {
    const auto shares = TRY(distribution_of(node));
    const auto score = node.attribute("score");
    std::vector<double> row(labels.list().size(), shares.empty() && !score ? kNone : 0);
    for (const auto& [label, value] : shares) row[labels.place(label)] = value;
    if (shares.empty() && score) row[labels.place(*score)] = 1;
    std::string label(score.value_or(""));
    if (!score && !shares.empty()) {
      const auto best =
          std::ranges::max_element(shares, {}, [](const auto& share) { return share.second; });
      label = best->first;
    }
    scores.probabilities.push_back(std::move(row));
    scores.labels.push_back(std::move(label));
  }
  scores.classes = labels.list();
  return scores;
}

Result<Prediction> lower_tree(const ModelInput& input) {
  Context& context = input.scope.context();
  ExpressionBuilder& terms = context.terms;
  const std::string_view strategy = input.model.attribute_or("missingValueStrategy", "none");
  if (strategy == "weightedConfidence" || strategy == "aggregateNodes") {
    return lower_shared_tree(input, strategy);
  }
  SplitColumns columns;
  const CompiledTree tree = TRY(compile_tree(input.scope, input.model, columns));
  const TermId node = TRY(selected_node(input, tree, columns));
  Prediction prediction;
  prediction.has_value = true;
  if (std::ranges::any_of(tree.nodes,
                          [](const Element& e) { return e.attribute("id").has_value(); })) {
    std::vector<std::string> ids;
    ids.reserve(tree.nodes.size());
    for (const Element& element : tree.nodes) ids.emplace_back(element.attribute_or("id", ""));
    prediction.entity = TRY(terms.pick(node, std::move(ids)));
  }
  if (input.model.attribute_or("functionName", "") != "classification") {
    const NodeScores scores = TRY(regression_scores(tree));
    prediction.value = {TRY(terms.pick(node, scores.numbers)), DataType::kDouble};
    return prediction;
  }
  NodeScores scores = TRY(classification_scores(context, tree, input.target.categories));
  prediction.is_classification = true;
  prediction.classes = scores.classes;
  if (scores.classes.empty()) return input.model.unsupported("a tree without classes");
  for (size_t i = 0; i < scores.classes.size(); ++i) {
    std::vector<double> shares;
    shares.reserve(scores.probabilities.size());
    for (const auto& row : scores.probabilities) shares.push_back(row[i]);
    prediction.probabilities.push_back(TRY(terms.pick(node, std::move(shares))));
  }
  TRY_STATUS(read_confidences(context, tree, scores));
  for (size_t i = 0; i < scores.classes.size() && !scores.confidences.empty(); ++i) {
    std::vector<double> column;
    column.reserve(scores.confidences.size());
    for (const auto& row : scores.confidences) column.push_back(row[i]);
    prediction.confidences.push_back(TRY(terms.pick(node, std::move(column))));
  }
  const double penalty = TRY(input.model.number_or("missingValuePenalty", 1));
  if (penalty != 1 && !prediction.confidences.empty()) {
    const TermId levels = TRY(missing_levels(input.scope, input.model, tree, node));
    Formula f(terms);
    const TermId factor = f.of(Code::kPower, {f.number(penalty), levels});
    for (TermId& confidence : prediction.confidences) confidence = f.times(confidence, factor);
    TRY_STATUS(f.status());
  }
  // Nodes without a label are not reached, or give none.
  Labels labels;
  for (const std::string& label : scores.classes) labels.place(label);
  std::vector<double> places;
  for (const std::string& label : scores.labels) {
    const size_t place = labels.place(label);
    places.push_back(place < scores.classes.size() ? static_cast<double>(place) : kNone);
  }
  const TermId place = TRY(terms.pick(node, std::move(places)));
  prediction.value = TRY(label_at(context, input.model, input.target, scores.classes, place));
  return prediction;
}

}  // namespace slipway::pmml
