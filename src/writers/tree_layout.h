// Trees in the forms that file formats want: CatBoost's oblivious trees as plain ones.
#pragma once

#include "base/status.h"
#include "graph/ops/oblivious_ensemble.h"
#include "graph/ops/tree_ensemble.h"

namespace slipway::writers {

/// The same sums by trees of single splits; the input's numbers must be rounded to float32.
/// RESOURCE_EXHAUSTED over TreeEnsembleBuilder's limits.
Result<TreeEnsemble> expand(const ObliviousEnsemble& oblivious);

}  // namespace slipway::writers
