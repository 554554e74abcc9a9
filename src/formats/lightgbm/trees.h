// Trees of a Booster to the layout that the engine walks.
//
// LightGBM's splits differ in what they take for missing; TreeEnsemble knows NaN only. A split for
// which NaN counts as 0 sends it where 0 goes. Splits for which zeros are missing look at columns
// in which zeros have become NaN: `picks` says how to make them.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/status.h"
#include "formats/lightgbm/booster.h"
#include "graph/ops/score_link.h"
#include "graph/ops/tree_leaves.h"

namespace slipway::lightgbm {

struct LoweredTrees {
  /// The columns that the trees see, of the model's features; empty if they are just those.
  std::vector<ZeroAsMissingOp::Pick> picks;
  std::shared_ptr<const TreeEnsemble> ensemble;  // its sums are the raw scores
  std::optional<LinearLeaves> linear;            // if some tree has linear models in its leaves
};

/// The first `count` trees. INVALID_ARGUMENT where one is no tree.
Result<LoweredTrees> lower_trees(const Booster& booster, size_t count);

}  // namespace slipway::lightgbm
