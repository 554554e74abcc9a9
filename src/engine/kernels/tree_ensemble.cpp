// Kernels of graph/ops/tree_ensemble.h and tree_leaves.h.
//
// "scalar" walks one tree for one row at a time. A walk is a chain of loads that wait for each
// other, so "interleaved" keeps eight walks under way at once, without a branch that depends on the
// data: eight rows through one tree (tree after tree over the rows of a chunk, so that a tree stays
// in the cache), or, where fewer rows are left, one row through eight trees. Both add the trees'
// values to a row's sums in the order of the trees: the same bits.
#include "graph/ops/tree_ensemble.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/kernel_table.h"
#include "graph/ops/tree_leaves.h"

namespace slipway::engine {
namespace {

/// True if the node's set holds the category of x; x is no NaN.
bool in_category_set(const TreeEnsemble& ensemble, const TreeNode& node, double x) {
  const auto& set = ensemble.category_sets[static_cast<size_t>(node.threshold)];
  const bool fits = x > -2147483649.0 && x < 2147483648.0;
  const uint32_t category = fits ? static_cast<uint32_t>(static_cast<int32_t>(x)) & 0xFFU : 0;
  return (set[category / 32] >> (category % 32) & 1U) != 0;
}

/// The same for an ensemble of wide sets.
bool in_wide_category_set(const TreeEnsemble& ensemble, const TreeNode& node, double x) {
  if (!(x > -1.0 && x < 2147483648.0)) return false;
  const WideCategorySets& sets = ensemble.wide_category_sets;
  const auto set = static_cast<size_t>(node.threshold);
  const auto category = static_cast<uint32_t>(static_cast<int32_t>(x));
  const uint32_t begin = sets.offsets[set];
  return category / 32 < sets.offsets[set + 1] - begin &&
         (sets.words[begin + category / 32] >> (category % 32) & 1U) != 0;
}

bool goes_right(const TreeEnsemble& ensemble, const TreeNode& node, double x) {
  if (std::isnan(x)) return !node.missing_left();
  if (!node.is_categorical()) return !(x <= node.threshold);
  if (ensemble.category_sets.empty()) return !in_wide_category_set(ensemble, node, x);
  if (x < 0 && !ensemble.negative_categories) return !node.missing_left();
  return !in_category_set(ensemble, node, x);
}

/// What both kernels do around the walks.
class TreeKernel : public Kernel {
 public:
  TreeKernel(const TreeEnsemble& ensemble, bool has_start)
      : ensemble_(ensemble), has_start_(has_start) {}

 protected:
  void start(const KernelArgs& args) const {
    for (size_t row = 0; row < args.rows; ++row) {
      const double* from = has_start_ ? args.input(1).dense(row) : ensemble_.base.data();
      std::copy_n(from, ensemble_.outputs, args.output.dense(row));
    }
  }
  /// Adds a leaf's numbers to a row's sums.
  void add(size_t tree, const TreeNode& leaf, double* sums) const {
    double* out = sums + ensemble_.columns[tree];
    if (ensemble_.float_sums) return add_rounded(leaf, out);
    if (ensemble_.leaf_width == 1) {
      *out += leaf.threshold;
      return;
    }
    const double* values = ensemble_.leaf_values.data() + size_t{leaf.child} * ensemble_.leaf_width;
    for (uint32_t i = 0; i < ensemble_.leaf_width; ++i) out[i] += values[i];
  }
  /// The same with sums in float32.
  void add_rounded(const TreeNode& leaf, double* out) const {
    const double* values = ensemble_.leaf_width == 1
                               ? &leaf.threshold
                               : &ensemble_.leaf_values[size_t{leaf.child} * ensemble_.leaf_width];
    for (uint32_t i = 0; i < ensemble_.leaf_width; ++i) {
      out[i] = double{static_cast<float>(out[i] + values[i])};
    }
  }
  void finish(const KernelArgs& args) const {
    if (ensemble_.divisor == 1) return;
    double* sums = args.output.dense(0);
    const size_t count = args.rows * ensemble_.outputs;
    for (size_t i = 0; i < count; ++i) sums[i] /= ensemble_.divisor;
  }

  const TreeEnsemble& ensemble_;
  const bool has_start_;
};

const double* row_of(const ValueBuffer& input, size_t row, const double*) {
  return input.dense(row);
}
const float* row_of(const ValueBuffer& input, size_t row, const float*) {
  return input.dense32(row);
}

template <typename Number>
class ScalarTrees final : public TreeKernel {
 public:
  using TreeKernel::TreeKernel;
  Status run(const KernelArgs& args) const override {
    start(args);
    for (size_t row = 0; row < args.rows; ++row) {
      const Number* x = row_of(args.input(0), row, static_cast<const Number*>(nullptr));
      for (size_t tree = 0; tree < ensemble_.roots.size(); ++tree) {
        uint32_t at = ensemble_.roots[tree];
        while (!ensemble_.nodes[at].is_leaf()) {
          const TreeNode& node = ensemble_.nodes[at];
          at = node.child + (goes_right(ensemble_, node, double{x[node.feature()]}) ? 1 : 0);
        }
        add(tree, ensemble_.nodes[at], args.output.dense(row));
      }
    }
    finish(args);
    return {};
  }
};

/// The leaf that a row ends in.
const TreeNode& find_leaf(const TreeEnsemble& ensemble, size_t tree, const double* x) {
  const TreeNode* node = &ensemble.nodes[ensemble.roots[tree]];
  while (!node->is_leaf()) {
    const size_t right = goes_right(ensemble, *node, x[node->feature()]) ? 1 : 0;
    node = &ensemble.nodes[node->child + right];
  }
  return *node;
}

class TreeLeavesKernel final : public Kernel {
 public:
  explicit TreeLeavesKernel(const TreeLeavesOp& op) : ensemble_(op.ensemble) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      const double* x = args.input(0).dense(row);
      double* out = args.output.dense(row);
      for (size_t tree = 0; tree < ensemble_.roots.size(); ++tree) {
        out[tree] = find_leaf(ensemble_, tree, x).child;
      }
    }
    return {};
  }

 private:
  const TreeEnsemble& ensemble_;
};

class LinearTreesKernel final : public TreeKernel {
 public:
  explicit LinearTreesKernel(const LinearTreesOp& op)
      : TreeKernel(op.ensemble, false), leaves_(op.leaves) {}
  Status run(const KernelArgs& args) const override {
    start(args);
    for (size_t row = 0; row < args.rows; ++row) {
      const double* x = args.input(0).dense(row);
      double* sums = args.output.dense(row);
      for (size_t tree = 0; tree < ensemble_.roots.size(); ++tree) {
        const TreeNode& leaf = find_leaf(ensemble_, tree, x);
        sums[ensemble_.columns[tree]] += value(leaves_.tree_starts[tree] + leaf.child, leaf, x);
      }
    }
    finish(args);
    return {};
  }

 private:
  double value(uint32_t place, const TreeNode& leaf, const double* x) const {
    double sum = leaves_.constants[place];
    for (uint32_t i = leaves_.term_starts[place]; i < leaves_.term_starts[place + 1]; ++i) {
      const LinearLeaves::Term& term = leaves_.terms[i];
      if (std::isnan(x[term.feature])) return leaf.threshold;
      sum += term.weight * x[term.feature];
    }
    return sum;
  }

  const LinearLeaves& leaves_;
};

template <typename Number, bool kCategories>
class InterleavedTrees final : public TreeKernel {
 public:
  using TreeKernel::TreeKernel;
  Status run(const KernelArgs& args) const override {
    start(args);
    const ValueBuffer& input = args.input(0);
    const size_t grouped_rows = args.rows / kLanes * kLanes;
    for (size_t tree = 0; tree < ensemble_.roots.size() && grouped_rows > 0; ++tree) {
      for (size_t row = 0; row < grouped_rows; row += kLanes) {
        std::array<uint32_t, kLanes> at;
        at.fill(ensemble_.roots[tree]);
        const Number* x = row_of(input, row, static_cast<const Number*>(nullptr));
        walk(at, x, input.width);
        for (size_t lane = 0; lane < kLanes; ++lane) {
          add(tree, ensemble_.nodes[at[lane]], args.output.dense(row + lane));
        }
      }
    }
    for (size_t row = grouped_rows; row < args.rows; ++row) {
      const Number* x = row_of(input, row, static_cast<const Number*>(nullptr));
      run_row(x, args.output.dense(row));
    }
    finish(args);
    return {};
  }

 private:
  static constexpr size_t kLanes = 8;

  void run_row(const Number* x, double* sums) const {
    const size_t trees = ensemble_.roots.size();
    for (size_t tree = 0; tree < trees; tree += kLanes) {
      const size_t lanes = std::min(kLanes, trees - tree);
      std::array<uint32_t, kLanes> at;
      // Lanes without a tree repeat the last one.
      for (size_t lane = 0; lane < kLanes; ++lane) {
        at[lane] = ensemble_.roots[tree + std::min(lane, lanes - 1)];
      }
      walk(at, x, 0);
      for (size_t lane = 0; lane < lanes; ++lane) {
        add(tree + lane, ensemble_.nodes[at[lane]], sums);
      }
    }
  }

  /// Walks until every lane stands on a leaf; lane l reads the row at x + l * stride.
  void walk(std::array<uint32_t, kLanes>& at, const Number* x, size_t stride) const {
    const TreeNode* nodes = ensemble_.nodes.data();
    bool moving = true;
    while (moving) {
      uint32_t leaves = TreeNode::kLeaf;
      for (size_t lane = 0; lane < kLanes; ++lane) {
        const TreeNode& node = nodes[at[lane]];
        // A leaf's feature is 0, so this load is always in the row.
        const auto value = double{x[lane * stride + node.feature()]};
        const uint32_t next = node.child + right(node, value);
        const uint32_t stay = static_cast<uint32_t>(static_cast<int32_t>(node.bits) >> 31);
        at[lane] = (at[lane] & stay) | (next & ~stay);
        leaves &= node.bits;
      }
      moving = leaves == 0;
    }
  }

  uint32_t right(const TreeNode& node, double value) const {
    if constexpr (kCategories) {
      if (node.is_categorical() && !node.is_leaf()) {
        return goes_right(ensemble_, node, value) ? 1 : 0;
      }
    }
    // The two comparisons differ for NaN only.
    const uint32_t not_below = value <= node.threshold ? 0 : 1;
    const uint32_t above = value > node.threshold ? 1 : 0;
    const uint32_t missing_left = node.bits >> 30 & 1U;
    return (not_below & ~missing_left) | (above & missing_left);
  }
};

template <template <typename> typename KernelType>
std::unique_ptr<const Kernel> make(const Op& op, std::span<const ValueType> inputs) {
  const auto& trees = static_cast<const TreeEnsembleOp&>(op);
  if (inputs[0].kind == ValueKind::kDense32) {
    return std::make_unique<KernelType<float>>(trees.ensemble, inputs.size() == 2);
  }
  return std::make_unique<KernelType<double>>(trees.ensemble, inputs.size() == 2);
}

template <typename Number>
using InterleavedNumeric = InterleavedTrees<Number, false>;
template <typename Number>
using InterleavedCategorical = InterleavedTrees<Number, true>;

}  // namespace

std::span<const KernelEntry> tree_ensemble_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"tree_ensemble", "interleaved", on_every_cpu,
                  [](const Op& op, std::span<const ValueType> in) -> std::unique_ptr<const Kernel> {
                    const auto& trees = static_cast<const TreeEnsembleOp&>(op);
                    const TreeEnsemble& ensemble = trees.ensemble;
                    return ensemble.category_sets.empty() && ensemble.wide_category_sets.size() == 0
                               ? make<InterleavedNumeric>(op, in)
                               : make<InterleavedCategorical>(op, in);
                  }},
      KernelEntry{"tree_ensemble", "scalar", on_every_cpu, make<ScalarTrees>},
      KernelEntry{"tree_leaves", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<TreeLeavesKernel>(static_cast<const TreeLeavesOp&>(op));
                  }},
      KernelEntry{"linear_trees", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<LinearTreesKernel>(
                        static_cast<const LinearTreesOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
