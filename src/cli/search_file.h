// A search in a YAML file: learners, what their hyperparameters may be, how the search goes.
//
//   kind: random
//   draws: 50
//   learners:
//     logistic_regression: {C: {log: [0.001, 100]}, penalty: [l1, l2]}
//
//   text --parse_search--> training::SearchPlan
//
// docs/train.md says what may stand there. Thread rule: pure functions.
#pragma once

#include <string_view>

#include "base/status.h"
#include "training/selection/candidates.h"

namespace slipway::cli {

/// Fills learners, preparation, draws and halving of a plan; learners' and hyperparameters' names
/// are checked where candidates are made. INVALID_ARGUMENT gives the line; RESOURCE_EXHAUSTED: over
/// 1 MiB, or nested too deeply.
Result<training::SearchPlan> parse_search(std::string_view yaml);

}  // namespace slipway::cli
