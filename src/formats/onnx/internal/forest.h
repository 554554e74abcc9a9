// Forest: the trees of an ai.onnx.ml node, whichever of its two ways of writing them it has, and
// their form in Slipway's graph.
//
// TreeEnsembleOp knows one comparison, x <= t. The others become it: x < t is x <= the number below
// t, the two "greater" ones have their children exchanged, and equality and membership test a
// column of their own, made by TensorMembershipOp.
//
// Thread rule: plain values.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "formats/onnx/internal/call.h"
#include "graph/ops/tree_ensemble.h"

namespace slipway::onnx {

enum class TreeTest : uint8_t {
  kLessOrEqual,
  kLess,
  kGreaterOrEqual,
  kGreater,
  kEqual,
  kNotEqual,
  kMember,
  kLeaf,
};

struct TreeWeight {
  uint32_t target = 0;
  double weight = 0;
};

struct ForestNode {
  TreeTest test = TreeTest::kLeaf;
  bool missing_is_true = false;
  uint32_t feature = 0;
  double value = 0;
  std::vector<double> members;  // kMember, sorted
  size_t if_true = 0;           // index into Forest::nodes
  size_t if_false = 0;
  std::vector<TreeWeight> weights;  // kLeaf
};

struct Forest {
  std::vector<ForestNode> nodes;
  std::vector<size_t> roots;
};

/// "BRANCH_LEQ" and so on.
Result<TreeTest> tree_test(std::string_view name);

/// TreeEnsembleClassifier and TreeEnsembleRegressor: `weights` is "class" or "target", which begins
/// the names of the leaves' attributes.
Result<Forest> read_flat_forest(Call& call, std::string_view weights);
/// TreeEnsemble.
Result<Forest> read_rooted_forest(Call& call);

/// Sums over the trees for one sample, [targets] of float64 and not rounded; with `extreme`, the
/// largest or smallest of what the trees give.
enum class TreeCombine : uint8_t { kSum, kMin, kMax };
Result<Value> lower_forest(Call& call, const Forest& forest, uint32_t targets, TreeCombine combine,
                           ValueId x, uint32_t width);

}  // namespace slipway::onnx
