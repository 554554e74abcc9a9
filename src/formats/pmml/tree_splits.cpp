#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "formats/pmml/internal/tree.h"

namespace slipway::pmml {
namespace {

enum class Unknown : uint8_t { kFalse, kNull, kLast, kDefaultChild };

/// A predicate as a split: true on one side of a threshold.
struct Split {
  uint32_t feature = 0;
  double threshold = 0.5;
  bool true_below = false;
  bool is_native = false;  // of a field; else of a truth value

  bool complements(const Split& other) const {
    return is_native && other.is_native && feature == other.feature &&
           threshold == other.threshold && true_below != other.true_below;
  }
};

constexpr size_t kNodesMax = TreeEnsembleBuilder::kNodesMax / 4;

class Compiler {
 public:
  Compiler(Scope& scope, const Element& model, SplitColumns& columns)
      : scope_(scope), model_(model), columns_(columns) {}

  Result<CompiledTree> run() {
    TRY_STATUS(read_strategies());
    tree_ = TRY(collect_tree(model_));
    new_slot();
    const Element root = predicate_of(tree_.nodes[0]);
    if (!root) return tree_.nodes[0].invalid("expected a predicate");
    if (root.is("True")) {
      jobs_.push_back({0, 0, 0, kNothingKnown});
    } else {
      TRY_STATUS(split_root(root));
    }
    while (!jobs_.empty()) {
      const Job job = jobs_.back();
      jobs_.pop_back();
      TRY_STATUS(place(job));
    }
    return std::move(tree_);
  }

 private:
  static constexpr int64_t kNothingKnown = -1;

  struct Job {
    size_t slot;
    size_t node;
    size_t child;  // the next to be asked
    int64_t known;
  };
  using Children = CompiledTree::Children;
  /// A feature that is not missing on a path, and what else is known there.
  struct Known {
    uint32_t feature;
    int64_t before;
  };

  Status read_strategies() {
    const std::string_view unknown = model_.attribute_or("missingValueStrategy", "none");
    if (unknown == "none") {
      unknown_ = Unknown::kFalse;
    } else if (unknown == "nullPrediction") {
      unknown_ = Unknown::kNull;
    } else if (unknown == "lastPrediction") {
      unknown_ = Unknown::kLast;
    } else if (unknown == "defaultChild") {
      unknown_ = Unknown::kDefaultChild;
    } else {
      return model_.unsupported(fmt::format("missingValueStrategy {}", unknown.substr(0, 64)));
    }
    const std::string_view none =
        model_.attribute_or("noTrueChildStrategy", "returnNullPrediction");
    returns_last_ = none == "returnLastPrediction";
    if (!returns_last_ && none != "returnNullPrediction") {
      return model_.unsupported(fmt::format("noTrueChildStrategy {}", none.substr(0, 64)));
    }
    return {};
  }

  size_t new_slot() {
    tree_.source.emplace_back();
    tree_.selected.push_back(CompiledTree::kNoPrediction);
    return tree_.source.size() - 1;
  }
  void leaf(size_t slot, int64_t node) {
    tree_.source[slot].is_leaf = true;
    tree_.selected[slot] = node;
  }
  /// Splits a slot; gives where the rows go for which the condition is true, and false.
  struct Sides {
    size_t when_true;
    size_t when_false;
  };
  Sides split_slot(size_t slot, const Split& split, bool missing_is_true) {
    const Sides sides{new_slot(), new_slot()};
    SourceTreeNode& node = tree_.source[slot];
    node.feature = split.feature;
    node.threshold = split.threshold;
    node.left = static_cast<int64_t>(split.true_below ? sides.when_true : sides.when_false);
    node.right = static_cast<int64_t>(split.true_below ? sides.when_false : sides.when_true);
    node.missing_left = split.true_below == missing_is_true;
    return sides;
  }
  /// Sends rows that miss the feature to a leaf; gives the slot of the others.
  size_t check_missing(size_t slot, uint32_t feature, int64_t node) {
    const Sides sides =
        split_slot(slot, {feature, std::numeric_limits<double>::infinity(), true, true}, false);
    leaf(sides.when_false, node);
    return sides.when_true;
  }
  bool is_known(int64_t known, uint32_t feature) const {
    for (; known != kNothingKnown; known = known_[static_cast<size_t>(known)].before) {
      if (known_[static_cast<size_t>(known)].feature == feature) return true;
    }
    return false;
  }
  int64_t with_known(int64_t known, uint32_t feature) {
    known_.push_back({feature, known});
    return static_cast<int64_t>(known_.size()) - 1;
  }

  Status split_root(const Element& predicate) {
    const Split split = TRY(split_of(predicate));
    const Sides sides = split_slot(0, split, false);
    leaf(sides.when_false, CompiledTree::kNoPrediction);
    jobs_.push_back({sides.when_true, 0, 0, kNothingKnown});
    return {};
  }

  Result<std::optional<Split>> native_split(const Element& predicate) {
    const std::string_view how = predicate.attribute_or("operator", "");
    const bool less = how == "lessThan" || how == "lessOrEqual";
    if (!predicate.is("SimplePredicate") ||
        (!less && how != "greaterThan" && how != "greaterOrEqual")) {
      return std::optional<Split>();
    }
    const Typed value = TRY(scope_.resolve(predicate, TRY(predicate.required("field"))));
    if (value.type != DataType::kInteger && value.type != DataType::kFloat &&
        value.type != DataType::kDouble) {
      return std::optional<Split>();
    }
    double threshold = TRY(predicate.number("value"));
    if (value.type == DataType::kFloat) threshold = double{static_cast<float>(threshold)};
    if (!std::isfinite(threshold)) return std::optional<Split>();
    if (how == "lessThan" || how == "greaterOrEqual") {
      threshold = std::nextafter(threshold, -std::numeric_limits<double>::infinity());
    }
    return std::optional(Split{columns_.feature(value.term), threshold, less, true});
  }

  Result<Split> split_of(const Element& predicate) {
    if (const auto native = TRY(native_split(predicate))) return *native;
    return Split{columns_.feature(TRY(compile_predicate(scope_, predicate))), 0.5, false, false};
  }

  Result<Element> child_predicate(const Job& job, size_t child) const {
    const Element& node = tree_.nodes[tree_.children[job.node].first + child];
    const Element predicate = predicate_of(node);
    if (!predicate) return node.invalid("expected a predicate");
    return predicate;
  }

  Status place(Job job);
  Status place_split(const Job& job, const Element& predicate);
  Status place_default(const Job& job);
  Status place_choice(const Job& job, size_t default_child);

  Scope& scope_;
  const Element& model_;
  SplitColumns& columns_;
  Unknown unknown_ = Unknown::kFalse;
  bool returns_last_ = false;
  CompiledTree tree_;
  std::vector<Job> jobs_;
  std::vector<Known> known_;
};

Status Compiler::place(Job job) {
  while (true) {
    const Children children = tree_.children[job.node];
    const auto node = static_cast<int64_t>(job.node);
    if (children.count == 0) {
      leaf(job.slot, node);
      return {};
    }
    if (job.child == children.count) {
      const bool scored = tree_.nodes[job.node].attribute("score").has_value();
      leaf(job.slot, returns_last_ && scored ? node : CompiledTree::kNoPrediction);
      return {};
    }
    const Element predicate = TRY(child_predicate(job, job.child));
    if (predicate.is("True")) {
      job = {job.slot, children.first + job.child, 0, job.known};
      continue;
    }
    if (predicate.is("False")) {
      ++job.child;
      continue;
    }
    if (unknown_ == Unknown::kDefaultChild) return place_default(job);
    return place_split(job, predicate);
  }
}

Status Compiler::place_split(const Job& job, const Element& predicate) {
  const Children children = tree_.children[job.node];
  const Split split = TRY(split_of(predicate));
  bool exhaustive = false;  // the next child is the last and takes all rows that this one does not
  if (job.child + 2 == children.count && split.is_native) {
    const Element next = TRY(child_predicate(job, job.child + 1));
    const auto other = TRY(native_split(next));
    exhaustive = other && split.complements(*other);
  }
  size_t slot = job.slot;
  int64_t known = job.known;
  if ((unknown_ != Unknown::kFalse || exhaustive) && !is_known(known, split.feature)) {
    const auto node = static_cast<int64_t>(job.node);
    const bool scored = tree_.nodes[job.node].attribute("score").has_value();
    const bool to_this =
        unknown_ == Unknown::kLast || (unknown_ == Unknown::kFalse && returns_last_ && scored);
    slot = check_missing(slot, split.feature, to_this ? node : CompiledTree::kNoPrediction);
    known = with_known(known, split.feature);
  }
  const Sides sides = split_slot(slot, split, false);
  jobs_.push_back({sides.when_true, children.first + job.child, 0, known});
  if (exhaustive) {
    jobs_.push_back({sides.when_false, children.first + job.child + 1, 0, known});
  } else {
    jobs_.push_back({sides.when_false, job.node, job.child + 1, known});
  }
  return {};
}

Status Compiler::place_default(const Job& job) {
  const Children children = tree_.children[job.node];
  const Element& node = tree_.nodes[job.node];
  const std::string_view wanted = TRY(node.required("defaultChild"));
  size_t default_child = children.count;
  for (size_t i = 0; i < children.count; ++i) {
    if (tree_.nodes[children.first + i].attribute("id") == wanted) default_child = i;
  }
  if (default_child == children.count) return node.invalid("defaultChild names no child");
  if (job.child == 0 && children.count == 2) {
    const auto first = TRY(native_split(TRY(child_predicate(job, 0))));
    const auto second = TRY(native_split(TRY(child_predicate(job, 1))));
    if (first && second && first->complements(*second)) {
      const Sides sides = split_slot(job.slot, *first, default_child == 0);
      jobs_.push_back({sides.when_true, children.first, 0, job.known});
      jobs_.push_back({sides.when_false, children.first + 1, 0, job.known});
      return {};
    }
  }
  return place_choice(job, default_child);
}

/// The number of the child that a row goes to, as a column of its own.
Status Compiler::place_choice(const Job& job, size_t default_child) {
  const Children children = tree_.children[job.node];
  ExpressionBuilder& terms = scope_.context().terms;
  TermId choice = terms.number(static_cast<double>(children.count));
  const TermId fallback = terms.number(static_cast<double>(default_child));
  for (size_t i = children.count; i-- > 0;) {
    const TermId holds = TRY(compile_predicate(scope_, TRY(child_predicate(job, i))));
    const TermId taken =
        TRY(terms.apply(Code::kChoose, {holds, terms.number(static_cast<double>(i)), choice}));
    // Where the condition is unknown, so is what was chosen.
    choice = TRY(terms.apply(Code::kCoalesce, {taken, fallback}));
  }
  const uint32_t feature = columns_.feature(choice);
  size_t slot = job.slot;
  for (size_t i = 0; i < children.count; ++i) {
    const Sides sides =
        split_slot(slot, {feature, static_cast<double>(i) + 0.5, true, false}, false);
    jobs_.push_back({sides.when_true, children.first + i, 0, job.known});
    slot = sides.when_false;
  }
  const bool scored = tree_.nodes[job.node].attribute("score").has_value();
  leaf(slot,
       returns_last_ && scored ? static_cast<int64_t>(job.node) : CompiledTree::kNoPrediction);
  return {};
}

}  // namespace

uint32_t SplitColumns::feature(TermId term) {
  const auto [place, added] = places_.try_emplace(term.index, static_cast<uint32_t>(terms_.size()));
  if (added) terms_.push_back(term);
  return place->second;
}

Result<CompiledTree> collect_tree(const Element& model) {
  CompiledTree tree;
  const Element root = model.child("Node");
  if (!root) return model.invalid("expected a Node");
  tree.nodes.push_back(root);
  for (size_t i = 0; i < tree.nodes.size(); ++i) {
    CompiledTree::Children children{tree.nodes.size(), 0};
    const Element node = tree.nodes[i];
    for (Element child = node.first(); child; child = child.next()) {
      if (child.is("Regression") || child.is("DecisionTree")) {
        return child.unsupported("a model inside a Node");
      }
      if (!child.is("Node")) continue;
      tree.nodes.push_back(child);
      ++children.count;
    }
    tree.children.push_back(children);
    if (tree.nodes.size() > kNodesMax) {
      return resource_exhausted(fmt::format("a tree has over {} nodes", kNodesMax));
    }
  }
  return tree;
}

Result<CompiledTree> compile_tree(Scope& scope, const Element& model, SplitColumns& columns) {
  return Compiler(scope, model, columns).run();
}

}  // namespace slipway::pmml
