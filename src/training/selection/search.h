// Search: which hyperparameters to try.
//
//   {"C": ["0.1", "1"], "penalty": ["l1", "l2"]} --expand_grid--> four combinations
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "training/learners/hyperparameters.h"

namespace slipway::training {

/// Values to try of each hyperparameter, as texts.
using Grid = std::map<std::string, std::vector<std::string>>;

inline constexpr size_t kCombinationsMax = 100'000;

/// Every combination, the last name varying fastest. INVALID_ARGUMENT: more than kCombinationsMax,
/// or a name without values.
Result<std::vector<HyperparameterTexts>> expand_grid(const Grid& grid);

/// `count` of the combinations, drawn by Random(seed) without repetition, in their order in the
/// grid; all of them if there are no more. Errors as expand_grid().
Result<std::vector<HyperparameterTexts>> draw_from_grid(const Grid& grid, size_t count,
                                                        uint64_t seed);

/// "C=0.1 penalty=l2"; "" of none.
std::string combination_text(const HyperparameterTexts& combination);

}  // namespace slipway::training
