// Quantiles as numpy and pandas compute them.
#pragma once

#include <span>

namespace slipway {

/// Quantile q (0 to 1) of sorted numbers, linear between neighbours, computed as numpy's
/// percentile() does; NaN if there are none.
double quantile_of_sorted(std::span<const double> sorted, double q);

}  // namespace slipway
