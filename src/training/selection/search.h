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

/// "C=0.1 penalty=l2"; "" of none.
std::string combination_text(const HyperparameterTexts& combination);

}  // namespace slipway::training
