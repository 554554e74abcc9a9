// Ensembles of trees: the TreeEnsemble of ai.onnx.ml 5, the one whose numbers are float64 at both
// ends.
//
// Its leaves hold one number each. Where ours hold several, each tree gives the number of its leaf
// and a table the leaf's row. Its sets of categories are compared for equality one by one, so what
// asks for a set becomes a column of its own before the trees: 0 in the set, 1 outside, NaN
// missing.
#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "graph/ops/tree_ensemble.h"
#include "graph/ops/tree_leaves.h"
#include "writers/onnx/internal/emission.h"
#include "writers/tree_layout.h"

namespace slipway::writers::onnx {
namespace {

constexpr size_t kCellsMax = size_t{1} << 26;  // of a table that is made here

/// The columns that stand for tests of categories.
class SetColumns {
 public:
  explicit SetColumns(const TreeEnsemble& ensemble);
  /// The input, with one more column for each test.
  Name append(Model& m, const Name& x) const;
  int64_t column(const TreeNode& node) const {
    return places_.at({node.feature(), static_cast<size_t>(node.threshold)});
  }

 private:
  void add_set(const TreeEnsemble& ensemble, size_t set);

  bool wide_ = false;
  bool negative_ = false;
  std::map<std::pair<uint32_t, size_t>, int64_t> places_;
  std::vector<int64_t> features_;
  std::vector<double> starts_;  // of each test's part of the table
  std::vector<double> sizes_;   // and how many categories it knows
  std::vector<double> table_;   // 0 for categories in the set, 1 for others, the last too
};

SetColumns::SetColumns(const TreeEnsemble& ensemble)
    : wide_(ensemble.category_sets.empty()), negative_(ensemble.negative_categories) {
  for (const TreeNode& node : ensemble.nodes) {
    if (node.is_leaf() || !node.is_categorical()) continue;
    const auto set = static_cast<size_t>(node.threshold);
    const int64_t place = int64_t{ensemble.features} + size_of(features_);
    if (!places_.emplace(std::pair(node.feature(), set), place).second) continue;
    features_.push_back(node.feature());
    add_set(ensemble, set);
  }
}

void SetColumns::add_set(const TreeEnsemble& ensemble, size_t set) {
  std::span<const uint32_t> words;
  if (wide_) {
    const WideCategorySets& sets = ensemble.wide_category_sets;
    words =
        std::span(sets.words).subspan(sets.offsets[set], sets.offsets[set + 1] - sets.offsets[set]);
  } else {
    words = ensemble.category_sets[set];
  }
  starts_.push_back(static_cast<double>(table_.size()));
  sizes_.push_back(static_cast<double>(words.size() * 32));
  for (size_t category = 0; category < words.size() * 32; ++category) {
    table_.push_back((words[category / 32] >> (category % 32) & 1U) != 0 ? 0 : 1);
  }
  table_.push_back(1);
}

Name SetColumns::append(Model& m, const Name& x) const {
  if (features_.empty()) return x;
  const Name raw = m.gather(x, features_);
  const Name zero = m.number(0);
  Name missing = m.is_nan(raw);
  if (!wide_ && !negative_) missing = m.either(missing, m.less(raw, zero));
  const Name known = m.where(missing, zero, raw);
  Name category;
  if (wide_) {
    const Name inside = m.both(m.greater(known, m.number(-1)), m.less(known, m.row(sizes_)));
    category = m.where(inside, m.truncate(known), m.row(sizes_));
  } else {
    const Name fits =
        m.both(m.greater(known, m.number(-2147483649.0)), m.less(known, m.number(2147483648.0)));
    const Name whole = m.where(fits, m.truncate(known), zero);
    const Name times = m.floor(m.div(whole, m.number(256)));
    category = m.sub(whole, m.mul(times, m.number(256)));
  }
  const Name place = m.cast(m.add(category, m.row(starts_)), Element::kInt64);
  const Name outside = m.look_up(m.numbers({size_of(table_)}, table_), place);
  const Name nan = m.number(std::numeric_limits<double>::quiet_NaN());
  const std::array parts = {x, m.where(missing, nan, outside)};
  return m.concat(parts);
}

/// What a leaf counts: its weight, and for which column.
struct LeafWeight {
  int64_t target = 0;
  double weight = 0;
};

/// The attributes of a TreeEnsemble.
class TreeTables {
 public:
  explicit TreeTables(const SetColumns& sets) : sets_(sets) {}

  template <typename WeightOf>
  void add(const TreeEnsemble& ensemble, WeightOf weight_of) {
    for (size_t tree = 0; tree < ensemble.roots.size(); ++tree) {
      add_tree(ensemble, tree, weight_of);
    }
  }
  Name node(Model& m, const Name& x, int64_t targets) const;

 private:
  template <typename WeightOf>
  void add_tree(const TreeEnsemble& ensemble, size_t tree, WeightOf weight_of) {
    const uint32_t begin = ensemble.roots[tree];
    add_padding(ensemble, begin);
    // Splits and leaves are numbered apart.
    std::vector<int64_t> numbers;
    int64_t split_count = size_of(features_);
    for (uint32_t at = begin; at < ensemble.tree_end(tree); ++at) {
      const TreeNode& one = ensemble.nodes[at];
      numbers.push_back(one.is_leaf() ? size_of(targets_) : split_count++);
      if (!one.is_leaf()) continue;
      const LeafWeight leaf = weight_of(tree, one);
      targets_.push_back(leaf.target);
      weights_.push_back(leaf.weight);
    }
    roots_.push_back(size_of(features_));
    if (ensemble.nodes[begin].is_leaf()) {
      // The same leaf twice, under two numbers: ONNX Runtime mistakes one number.
      targets_.push_back(targets_.back());
      weights_.push_back(weights_.back());
      return add_split(0, 0, 1, {numbers[0], 1}, {numbers[0] + 1, 1});
    }
    for (uint32_t at = begin; at < ensemble.tree_end(tree); ++at) {
      const TreeNode& one = ensemble.nodes[at];
      if (one.is_leaf()) continue;
      const auto child = [&](uint32_t to) {
        return Child{numbers[to - begin], ensemble.nodes[to].is_leaf() ? 1 : 0};
      };
      const bool set = one.is_categorical();
      add_split(set ? sets_.column(one) : int64_t{one.feature()}, set ? 0.5 : one.threshold,
                one.missing_left() ? 1 : 0, child(one.child), child(one.child + 1));
    }
  }
  /// ONNX Runtime (issue 24679) takes a root for a leaf where one of its children is a split, the
  /// other a leaf, and both have the same number: a leaf that nothing leads to moves the numbers.
  void add_padding(const TreeEnsemble& ensemble, uint32_t begin) {
    const TreeNode& root = ensemble.nodes[begin];
    if (root.is_leaf()) return;
    const bool left_is_leaf = ensemble.nodes[root.child].is_leaf();
    if (left_is_leaf == ensemble.nodes[root.child + 1].is_leaf()) return;
    int64_t leaf = size_of(targets_);
    int64_t split = size_of(features_);
    const uint32_t leaf_at = root.child + (left_is_leaf ? 0 : 1);
    const uint32_t split_at = root.child + (left_is_leaf ? 1 : 0);
    for (uint32_t at = begin; at < root.child + 2; ++at) {
      const bool is_leaf = ensemble.nodes[at].is_leaf();
      if (is_leaf && at < leaf_at) ++leaf;
      if (!is_leaf && at < split_at) ++split;
    }
    if (leaf != split) return;
    targets_.push_back(0);
    weights_.push_back(0);
  }
  struct Child {
    int64_t number;
    int64_t is_leaf;
  };
  void add_split(int64_t feature, double threshold, int64_t missing_left, Child left, Child right) {
    features_.push_back(feature);
    thresholds_.push_back(threshold);
    missing_left_.push_back(missing_left);
    left_.push_back(left.number);
    left_leaf_.push_back(left.is_leaf);
    right_.push_back(right.number);
    right_leaf_.push_back(right.is_leaf);
  }

  const SetColumns& sets_;
  std::vector<int64_t> roots_, features_, missing_left_, left_, left_leaf_, right_, right_leaf_;
  std::vector<int64_t> targets_;
  std::vector<double> thresholds_, weights_;
};

Name TreeTables::node(Model& m, const Name& x, int64_t targets) const {
  constexpr int64_t kSum = 1;
  constexpr int64_t kNone = 0;
  const std::vector<uint8_t> modes(features_.size(), 0);  // BRANCH_LEQ
  const Dims splits = {size_of(features_)};
  m.need_ml(5);
  return m.call(
      "TreeEnsemble", {x},
      {Attribute::integer("aggregate_function", kSum), Attribute::integer("post_transform", kNone),
       Attribute::integer("n_targets", targets), Attribute::integers("tree_roots", roots_),
       Attribute::integers("nodes_featureids", features_),
       Attribute::tensor("nodes_splits", double_tensor(splits, thresholds_)),
       Attribute::tensor("nodes_modes", byte_tensor(splits, modes)),
       Attribute::integers("nodes_missing_value_tracks_true", missing_left_),
       Attribute::integers("nodes_truenodeids", left_),
       Attribute::integers("nodes_trueleafs", left_leaf_),
       Attribute::integers("nodes_falsenodeids", right_),
       Attribute::integers("nodes_falseleafs", right_leaf_),
       Attribute::integers("leaf_targetids", targets_),
       Attribute::tensor("leaf_weights", double_tensor({size_of(weights_)}, weights_))},
      "ai.onnx.ml");
}

/// [rows, trees]: a number of each tree's leaf, as weight_of(node) gives it.
template <typename WeightOf>
Name per_tree(Model& m, const TreeEnsemble& ensemble, const Name& x, WeightOf weight_of) {
  const SetColumns sets(ensemble);
  TreeTables tables(sets);
  tables.add(ensemble, [&](size_t tree, const TreeNode& leaf) {
    return LeafWeight{static_cast<int64_t>(tree), weight_of(tree, leaf)};
  });
  return tables.node(m, sets.append(m, x), size_of(ensemble.roots));
}

/// The sum over the trees, [rows, outputs].
Result<Name> sums(Model& m, const TreeEnsemble& ensemble, const Name& x) {
  if (ensemble.leaf_width == 1) {
    const SetColumns sets(ensemble);
    TreeTables tables(sets);
    tables.add(ensemble, [&](size_t tree, const TreeNode& leaf) {
      return LeafWeight{ensemble.columns[tree], leaf.threshold};
    });
    return tables.node(m, sets.append(m, x), ensemble.outputs);
  }
  // Each tree gives its leaf's row of a table as wide as the result, and the rows are added up.
  std::vector<double> table;
  const Name rows = per_tree(m, ensemble, x, [&](size_t tree, const TreeNode& leaf) {
    const size_t rows_before = table.size() / ensemble.outputs;
    const auto place = static_cast<double>(rows_before);
    if (table.size() < kCellsMax) {
      table.resize(table.size() + ensemble.outputs, 0.0);
      std::copy_n(ensemble.leaf_values.data() + size_t{leaf.child} * ensemble.leaf_width,
                  ensemble.leaf_width,
                  table.data() + table.size() - ensemble.outputs + ensemble.columns[tree]);
    }
    return place;
  });
  if (table.size() >= kCellsMax) return resource_exhausted("its leaves hold too many numbers");
  const auto leaves = static_cast<int64_t>(table.size() / ensemble.outputs);
  const Name picked = m.look_up(m.numbers({leaves, int64_t{ensemble.outputs}}, table),
                                m.cast(rows, Element::kInt64));
  return m.reduce("ReduceSum", picked, 1, false);
}

Name finished(Emission& e, const TreeEnsemble& ensemble, Name sum) {
  Model& m = e.m;
  if (e.node.inputs.size() > 1) {
    sum = m.add(e.input(1), sum);
  } else if (std::ranges::any_of(ensemble.base, [](double start) { return start != 0; })) {
    sum = m.add(m.row(ensemble.base), sum);
  }
  if (ensemble.float_sums) sum = m.to_float32(sum);
  return ensemble.divisor == 1 ? sum : m.div(sum, m.number(ensemble.divisor));
}

Result<Name> tree_ensemble(Emission& e) {
  const auto& op = e.op<TreeEnsembleOp>();
  if (op.ensemble.roots.empty()) {
    return finished(e, op.ensemble,
                    e.values.repeated(std::vector<double>(op.ensemble.outputs, 0.0)));
  }
  return finished(e, op.ensemble, TRY(sums(e.m, op.ensemble, e.input())));
}

Result<Name> oblivious_ensemble(Emission& e) {
  const TreeEnsemble ensemble = TRY(expand(e.op<ObliviousEnsembleOp>().ensemble));
  if (ensemble.roots.empty()) return e.values.repeated(ensemble.base);
  return sums(e.m, ensemble, e.m.to_float32(e.input()));
}

Result<Name> tree_leaves(Emission& e) {
  return per_tree(e.m, e.op<TreeLeavesOp>().ensemble, e.input(),
                  [](size_t, const TreeNode& leaf) { return static_cast<double>(leaf.child); });
}

/// Each leaf's row of a table: its coefficient of each feature.
Result<Name> linear_trees(Emission& e) {
  const auto& op = e.op<LinearTreesOp>();
  const TreeEnsemble& ensemble = op.ensemble;
  Model& m = e.m;
  const size_t leaves = op.leaves.constants.size();
  const size_t features = ensemble.features;
  if (leaves * features > kCellsMax) return resource_exhausted("its leaves hold too many terms");
  std::vector<double> weights(leaves * features, 0.0);
  std::vector<double> asked(leaves * features, 0.0);
  std::vector<double> own(leaves, 0.0);
  for (size_t leaf = 0; leaf < leaves; ++leaf) {
    for (uint32_t k = op.leaves.term_starts[leaf]; k < op.leaves.term_starts[leaf + 1]; ++k) {
      weights[leaf * features + op.leaves.terms[k].feature] += op.leaves.terms[k].weight;
      asked[leaf * features + op.leaves.terms[k].feature] = 1;
    }
  }
  const Name places = m.cast(per_tree(m, ensemble, e.input(),
                                      [&](size_t tree, const TreeNode& leaf) {
                                        const uint32_t place =
                                            op.leaves.tree_starts[tree] + leaf.child;
                                        own[place] = leaf.threshold;
                                        return static_cast<double>(place);
                                      }),
                             Element::kInt64);
  const Dims table = {static_cast<int64_t>(leaves), static_cast<int64_t>(features)};
  const Dims list = {static_cast<int64_t>(leaves)};
  const Name x = e.input();
  const Name known = m.unsqueeze(m.where(m.is_nan(x), m.number(0), x), 1);
  const Name missing = m.unsqueeze(m.to_number(m.is_nan(x)), 1);
  const Name wanted = m.look_up(m.numbers(table, asked), places);
  const Name product = m.mul(m.look_up(m.numbers(table, weights), places), known);
  const Name terms = m.where(m.greater(wanted, m.number(0)), product, m.number(0));
  const Name lacks = m.mul(wanted, missing);
  const Name linear = m.add(m.look_up(m.numbers(list, op.leaves.constants), places),
                            m.reduce("ReduceSum", terms, 2, false));
  const Name is_linear = m.equal(m.reduce("ReduceSum", lacks, 2, false), m.number(0));
  const Name each = m.where(is_linear, linear, m.look_up(m.numbers(list, own), places));
  // Trees to the outputs that they speak for. (No matrix product: infinity times 0 is NaN.)
  std::vector<Name> parts;
  for (uint32_t output = 0; output < ensemble.outputs; ++output) {
    std::vector<int64_t> trees;
    for (size_t tree = 0; tree < ensemble.roots.size(); ++tree) {
      if (ensemble.columns[tree] == output) trees.push_back(static_cast<int64_t>(tree));
    }
    parts.push_back(trees.empty() ? e.values.zeros()
                                  : m.reduce("ReduceSum", m.gather(each, trees)));
  }
  return finished(e, ensemble, m.concat(parts));
}

}  // namespace

std::span<const Emitter> tree_emitters() {
  static constexpr std::array kTable = {
      Emitter{"tree_ensemble", tree_ensemble},
      Emitter{"oblivious_ensemble", oblivious_ensemble},
      Emitter{"tree_leaves", tree_leaves},
      Emitter{"linear_trees", linear_trees},
  };
  return kTable;
}

}  // namespace slipway::writers::onnx
