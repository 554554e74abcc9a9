// The kernel of SplineOp.
#pragma once

#include <memory>

#include "engine/kernel.h"
#include "graph/ops/column_functions.h"

namespace slipway::engine {

std::unique_ptr<const Kernel> make_spline_kernel(const SplineOp& op);

}  // namespace slipway::engine
