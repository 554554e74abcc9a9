#include "formats/pmml/internal/forest.h"

#include <algorithm>
#include <limits>

#include "formats/pmml/internal/formula.h"
#include "formats/pmml/internal/tree.h"

namespace slipway::pmml {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

bool is_plain_tree(const Element& segment, bool classification) {
  const Element model = segment.child("TreeModel");
  const std::string_view unknown = model.attribute_or("missingValueStrategy", "");
  return predicate_of(segment).is("True") && model && unknown != "weightedConfidence" &&
         unknown != "aggregateNodes" && !model.child("LocalTransformations") &&
         !model.child("Targets") && !model.child("Output") &&
         (model.attribute_or("functionName", "") == "classification") == classification &&
         model.attribute_or("isScorable", "true") != "false";
}

/// A node's numbers, as the ensemble adds them up.
std::vector<double> leaf_row(const NodeScores& scores, int64_t node, size_t width, bool votes,
                             double weight) {
  std::vector<double> row(width, node == CompiledTree::kNoPrediction && !votes ? kNone : 0);
  if (node == CompiledTree::kNoPrediction) {
    if (votes) row.back() = weight;  // for "missing"
    return row;
  }
  const auto at = static_cast<size_t>(node);
  if (!scores.numbers.empty()) {
    row[0] = scores.numbers[at] * weight;
    return row;
  }
  if (votes) {
    const auto found = std::ranges::find(scores.classes, scores.labels[at]);
    const bool known = found != scores.classes.end();
    row[known ? static_cast<size_t>(found - scores.classes.begin()) : width - 1] = weight;
    return row;
  }
  for (size_t i = 0; i < scores.probabilities[at].size(); ++i) {
    row[i] = scores.probabilities[at][i] * weight;
  }
  return row;
}

}  // namespace

Result<std::optional<Prediction>> lower_forest(const ModelInput& input,
                                               const std::vector<Element>& segments,
                                               std::string_view method, std::string_view missing) {
  const bool classification = input.model.attribute_or("functionName", "") == "classification";
  const bool votes = classification && method.ends_with("ajorityVote");
  const bool average = method == "average" || method == "weightedAverage";
  const bool sum = !classification && (method == "sum" || method == "weightedSum");
  const bool weighted = method.starts_with("weighted");
  if (missing == "skipSegment" || !(votes || average || sum) ||
      !std::ranges::all_of(segments, [&](const Element& segment) {
        return is_plain_tree(segment, classification);
      })) {
    return std::optional<Prediction>();
  }
  Context& context = input.scope.context();
  SplitColumns columns;
  std::vector<CompiledTree> trees;
  std::vector<NodeScores> scores;
  std::vector<double> weights;
  std::vector<std::string> classes = input.target.categories;
  double total = 0;
  for (const Element& segment : segments) {
    const Element model = segment.child("TreeModel");
    Scope scope(context, &input.scope);
    inherit_fields(input.file, model, scope);
    trees.push_back(TRY(compile_tree(scope, model, columns)));
    scores.push_back(classification ? TRY(classification_scores(context, trees.back(), classes))
                                    : TRY(regression_scores(trees.back())));
    if (classification) classes = scores.back().classes;
    weights.push_back(weighted ? TRY(segment.number_or("weight", 1)) : 1);
    total += weights.back();
  }
  const size_t width = classification ? classes.size() + (votes ? 1 : 0) : 1;
  if (columns.terms().empty() || (classification && classes.empty()))
    return std::optional<Prediction>();
  const std::string path = input.model.place();
  TreeEnsembleBuilder builder({.features = static_cast<uint32_t>(columns.terms().size()),
                               .outputs = static_cast<uint32_t>(width),
                               .leaf_width = static_cast<uint32_t>(width),
                               .divisor = sum ? 1 : total,
                               .base = std::vector<double>(width, 0)});
  for (size_t i = 0; i < trees.size(); ++i) {
    TRY_STATUS(context.charge(segments[i], trees[i].source.size(), width));
    std::vector<double> values;
    for (size_t slot = 0; slot < trees[i].source.size(); ++slot) {
      const int64_t node =
          trees[i].source[slot].is_leaf ? trees[i].selected[slot] : CompiledTree::kNoPrediction;
      const std::vector<double> row = leaf_row(scores[i], node, width, votes, weights[i]);
      values.insert(values.end(), row.begin(), row.end());
    }
    TRY_STATUS(builder.add_tree(trees[i].source, values, 0));
    trees[i] = {};
  }
  const ValueId x = TRY(context.matrix(columns.terms(), path));
  const ValueId y = TRY(
      context.graph.add(std::make_unique<TreeEnsembleOp>(std::move(builder).finish()), {x}, path));
  Prediction prediction;
  if (!classification) {
    prediction.has_value = true;
    prediction.value = {context.terms.column(y, 0, ValueKind::kDense), DataType::kDouble};
    return std::optional(std::move(prediction));
  }
  prediction.is_classification = true;
  prediction.classes = std::move(classes);
  for (uint32_t i = 0; i < prediction.classes.size(); ++i) {
    prediction.probabilities.push_back(context.terms.column(y, i, ValueKind::kDense));
  }
  if (votes) {
    // Where "missing" has most votes there is no prediction; a single one will do if so asked.
    Formula f(context.terms);
    const TermId absent =
        context.terms.column(y, static_cast<uint32_t>(width) - 1, ValueKind::kDense);
    const TermId most =
        missing == "returnMissing" ? f.number(0) : f.of(Code::kMaximumOf, prediction.probabilities);
    const TermId counts = f.less_or_equal(absent, most);
    for (TermId& share : prediction.probabilities) share = f.choose(counts, share, f.missing());
    TRY_STATUS(f.status());
    prediction.probabilities = TRY(normalized(context, std::move(prediction.probabilities)));
  }
  return std::optional(std::move(prediction));
}

}  // namespace slipway::pmml
