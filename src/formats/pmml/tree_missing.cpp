// What a missing value does to a tree beyond the choice of a node: the penalty on confidences, and
// the strategies that go on with several children at once.
#include <fmt/format.h>

#include "formats/pmml/internal/formula.h"
#include "formats/pmml/internal/labels.h"
#include "formats/pmml/internal/tree.h"
#include "graph/ops/linear.h"

namespace slipway::pmml {
namespace {

/// Where each node stands if the tree is gone through depth first, and the last in it.
struct Order {
  std::vector<double> first;
  std::vector<double> last;
};

Order depth_first(const std::vector<CompiledTree::Children>& children) {
  Order order{std::vector<double>(children.size()), std::vector<double>(children.size())};
  double next = 0;
  std::vector<std::pair<size_t, size_t>> open{{0, 0}};  // node, child to go to next
  while (!open.empty()) {
    auto& [node, child] = open.back();
    if (child == 0) order.first[node] = next++;
    if (child == children[node].count) {
      order.last[node] = next - 1;
      open.pop_back();
      continue;
    }
    const size_t inside = children[node].first + child++;
    open.emplace_back(inside, 0);
  }
  return order;
}

Result<Element> predicate_in(const Element& node) {
  const Element predicate = predicate_of(node);
  if (!predicate) return node.invalid("expected a predicate");
  return predicate;
}

/// 1 where the first part of a surrogate is unknown and another decides; else 0.
Result<TermId> by_surrogate(Scope& scope, Formula& f, const Element& predicate, TermId holds) {
  if (!predicate.is("CompoundPredicate") ||
      predicate.attribute_or("booleanOperator", "") != "surrogate") {
    return f.number(0);
  }
  const TermId first = TRY(compile_predicate(scope, predicate_of(predicate)));
  return f.take(f.both(f.is_missing(first), f.negation(f.is_missing(holds))));
}

/// How many levels the children of a node add.
Result<TermId> levels_at(Scope& scope, const CompiledTree& tree, size_t node, bool default_child) {
  Formula f(scope.context().terms);
  TermId levels = f.number(0);
  TermId asked = f.number(1);  // no child before has decided
  for (size_t i = 0; i < tree.children[node].count; ++i) {
    const Element predicate = TRY(predicate_in(tree.nodes[tree.children[node].first + i]));
    const TermId holds = TRY(compile_predicate(scope, predicate));
    const TermId other = TRY(by_surrogate(scope, f, predicate, holds));
    levels = f.plus(levels, f.both(asked, other));
    const TermId unknown = f.is_missing(holds);
    if (default_child) levels = f.plus(levels, f.both(asked, unknown));
    const TermId goes_on =
        default_child ? f.coalesce(f.negation(holds), 0) : f.negation(f.coalesce(holds, 0));
    asked = f.both(asked, goes_on);
  }
  return f.take(levels);
}

class SharedTree {
 public:
  SharedTree(const ModelInput& input, const CompiledTree& tree, bool by_confidence)
      : input_(input),
        context_(input.scope.context()),
        f_(context_.terms),
        tree_(tree),
        by_confidence_(by_confidence),
        keeps_last_(input.model.attribute_or("noTrueChildStrategy", "") == "returnLastPrediction") {
  }

  Result<Prediction> run() {
    shares_.assign(tree_.nodes.size(), f_.number(0));
    const TermId root = TRY(holds(0));
    shares_[0] = f_.coalesce(root, by_confidence_ ? 0 : 1);
    for (size_t node = 0; node < tree_.nodes.size(); ++node) {
      if (tree_.children[node].count == 0) {
        TRY_STATUS(add_leaf(node, shares_[node]));
      } else if (by_confidence_) {
        TRY_STATUS(share_by_records(node));
      } else {
        TRY_STATUS(share_with_all(node));
      }
    }
    return sum_up();
  }

 private:
  Result<TermId> holds(size_t node) {
    const Element predicate = TRY(predicate_in(tree_.nodes[node]));
    return compile_predicate(input_.scope, predicate);
  }

  /// aggregateNodes: unknown is true, and the children behind are asked as well.
  Status share_with_all(size_t node) {
    TermId left = shares_[node];
    TermId none = left;
    for (size_t i = 0; i < tree_.children[node].count; ++i) {
      const size_t child = tree_.children[node].first + i;
      const TermId is = TRY(holds(child));
      shares_[child] = f_.both(left, f_.coalesce(is, 1));
      left = f_.both(left, f_.negation(f_.coalesce(is, 0)));
      none = f_.both(none, f_.coalesce(f_.negation(is), 0));
    }
    if (keeps_last_) TRY_STATUS(add_leaf(node, none));
    return f_.status();
  }

  /// weightedConfidence: where a child is unknown before one is true, all that are not false get a
  /// share by their number of records.
  Status share_by_records(size_t node) {
    const auto& [first, count] = tree_.children[node];
    TermId asked = f_.number(1);
    TermId unknown = f_.number(0);
    TermId records = f_.number(0);
    std::vector<TermId> chosen;
    std::vector<TermId> parts;
    for (size_t i = 0; i < count; ++i) {
      const TermId is = TRY(holds(first + i));
      const double own = TRY(tree_.nodes[first + i].number("recordCount"));
      chosen.push_back(f_.both(asked, f_.coalesce(is, 0)));
      unknown = f_.either(unknown, f_.both(asked, f_.is_missing(is)));
      asked = f_.both(asked, f_.coalesce(f_.negation(is), 0));
      parts.push_back(f_.times(f_.coalesce(is, 1), own));
      records = f_.plus(records, parts.back());
    }
    for (size_t i = 0; i < count; ++i) {
      const TermId share = f_.choose(unknown, f_.over(parts[i], records), chosen[i]);
      shares_[first + i] = f_.times(shares_[node], share);
    }
    if (keeps_last_) TRY_STATUS(add_leaf(node, f_.times(shares_[node], asked)));
    return f_.status();
  }

  Status add_leaf(size_t node, TermId share) {
    Leaf leaf{share, {}};
    double total = 0;
    for (const Element& part : tree_.nodes[node].children("ScoreDistribution")) {
      const double count = TRY(part.number("recordCount"));
      total += count;
      leaf.counts.emplace_back(classes_.place(TRY(part.required("value"))), count);
    }
    if (by_confidence_) {
      size_t i = 0;
      for (const Element& part : tree_.nodes[node].children("ScoreDistribution")) {
        const auto confidence = TRY(part.optional_number("confidence"));
        leaf.counts[i].second = confidence.value_or(leaf.counts[i].second / total);
        ++i;
      }
    }
    leaves_.push_back(std::move(leaf));
    return f_.status();
  }

  Result<Prediction> sum_up() {
    for (const std::string& label : input_.target.categories) classes_.place(label);
    const size_t width = classes_.list().size();
    if (width == 0) return input_.model.unsupported("a tree without classes");
    TRY_STATUS(context_.charge(input_.model, leaves_.size(), width));
    std::vector<double> weights(leaves_.size() * width, 0);
    std::vector<TermId> shares;
    for (size_t i = 0; i < leaves_.size(); ++i) {
      shares.push_back(leaves_[i].share);
      for (const auto& [place, count] : leaves_[i].counts) {
        weights[place * leaves_.size() + i] += count;
      }
    }
    const ValueId x = TRY(context_.matrix(shares, input_.model.place()));
    auto op = std::make_unique<LinearOp>(static_cast<uint32_t>(width),
                                         static_cast<uint32_t>(leaves_.size()), std::move(weights),
                                         std::vector<double>(width, 0));
    const ValueId y = TRY(context_.graph.add(std::move(op), {x}, input_.model.place()));
    Prediction prediction;
    prediction.is_classification = true;
    prediction.classes = classes_.list();
    std::vector<TermId> sums;
    for (uint32_t i = 0; i < width; ++i) {
      sums.push_back(context_.terms.column(y, i, ValueKind::kDense));
    }
    if (by_confidence_) prediction.confidences = sums;
    // Where no leaf is reached there is nothing: 0 / 0.
    prediction.probabilities = TRY(normalized(context_, std::move(sums)));
    return prediction;
  }

  struct Leaf {
    TermId share;
    std::vector<std::pair<size_t, double>> counts;
  };

  const ModelInput& input_;
  Context& context_;
  Formula f_;
  const CompiledTree& tree_;
  bool by_confidence_;
  bool keeps_last_;
  std::vector<TermId> shares_;  // of a row, per node
  std::vector<Leaf> leaves_;
  Labels classes_;
};

}  // namespace

Result<TermId> missing_levels(Scope& scope, const Element& model, const CompiledTree& tree,
                              TermId node) {
  const bool default_child = model.attribute_or("missingValueStrategy", "") == "defaultChild";
  Formula f(scope.context().terms);
  const Element root = TRY(predicate_in(tree.nodes[0]));
  const TermId root_holds = TRY(compile_predicate(scope, root));
  TermId total = TRY(by_surrogate(scope, f, root, root_holds));
  Order order = depth_first(tree.children);
  const TermId place = f.pick(node, order.first);
  for (size_t i = 0; i < tree.nodes.size(); ++i) {
    if (tree.children[i].count == 0) continue;
    const TermId levels = TRY(levels_at(scope, tree, i, default_child));
    const TermId inside = f.both(f.less_or_equal(f.number(order.first[i]), place),
                                 f.less_or_equal(place, f.number(order.last[i])));
    total = f.plus(total, f.times(inside, levels));
  }
  return f.take(total);
}

Result<Prediction> lower_shared_tree(const ModelInput& input, std::string_view strategy) {
  if (input.model.attribute_or("functionName", "") != "classification") {
    return input.model.unsupported(
        fmt::format("missingValueStrategy {} of a regression", strategy.substr(0, 64)));
  }
  const CompiledTree tree = TRY(collect_tree(input.model));
  return SharedTree(input, tree, strategy == "weightedConfidence").run();
}

}  // namespace slipway::pmml
