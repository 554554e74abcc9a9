// Checks a built tree's nesting, without recursion.
#pragma once

#include "base/status.h"
#include "formats/pickle/internal/nodes.h"

namespace slipway::pickle {

/// RESOURCE_EXHAUSTED if some chain of containers and objects from the root is longer than
/// Limits::depth_max. A cycle counts once: whoever follows one must bound the walk itself.
Status check_depth(const Tree::Impl& tree);

}  // namespace slipway::pickle
