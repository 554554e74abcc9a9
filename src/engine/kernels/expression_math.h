// The numeric functions of graph/ops/expression.h: one loop over a block of rows for each.
#pragma once

#include <cstddef>

#include "graph/ops/expression.h"

namespace slipway::engine {

/// x = f(x); false if the code is no function of one number.
bool apply_unary(Code code, double* x, size_t rows);
/// x = f(x, y); false if the code is no function of two numbers.
bool apply_binary(Code code, double* x, const double* y, size_t rows);
/// One row's present values, in any order and rearranged, to sum, mean, median, ...
double aggregate(Code code, double* values, size_t count);
/// The quantile of the standard normal distribution.
double normal_quantile(double p);

}  // namespace slipway::engine
