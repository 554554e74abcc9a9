// Which rows of the data are evaluated: all, or the test part of a split.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "cli/commands.h"
#include "data/frame.h"

namespace slipway::cli {

/// `frame` has values of the target in each row. INVALID_ARGUMENT: no such split, a column that it
/// needs is not named or has no values, a part would be empty.
Result<std::vector<uint32_t>> rows_to_evaluate(const data::Frame& frame, const data::Column& target,
                                               const EvaluateOptions& options);

}  // namespace slipway::cli
