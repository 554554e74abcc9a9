// Columns that say something of the rows without being features: groups, times, weights.
//
//   Frame, ProblemOptions --set_roles--> problem.groups, problem.times, problem.weights
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/frame.h"
#include "training/selection/problem.h"

namespace slipway::training {

/// The place of each value among all in ascending order, as numpy.unique gives it; missing ones are
/// -1.
std::vector<int32_t> value_numbers(const data::Column& column);

/// INVALID_ARGUMENT: there is no such column (with the nearest name).
Result<const data::Column*> column_of(const data::Frame& frame, const std::string& name);

/// Fills the problem's groups, times and weights, and orders its rows by time. INVALID_ARGUMENT
/// names the column: it is not there, has no value in a row that has a target, holds texts where
/// numbers are expected, or weights that are negative or all 0.
Status set_roles(const ProblemOptions& options, Problem& problem);

}  // namespace slipway::training
