// What is worked out of a column's numbers: fills, scales, fences of outliers, edges of bins; as
// scikit-learn's SimpleImputer, StandardScaler, MinMaxScaler, RobustScaler and KBinsDiscretizer do.
// Thread rule: pure functions.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "data/frame.h"
#include "training/preparation/plan.h"

namespace slipway::training {

/// The numbers of some rows that are there.
std::vector<double> present_numbers(const data::Column& column, std::span<const uint32_t> rows);

/// At least one, ascending. NaN where the plan fills with no constant.
double fill_of(const PreparationPlan& plan, std::span<const double> sorted);

/// x becomes (x - shift) / factor.
struct NumberScale {
  double shift = 0;
  double factor = 1;
};
/// At least one, ascending.
NumberScale scale_of(PreparationPlan::Scale scale, std::span<const double> sorted);

/// Numbers beyond these are outliers.
struct Fences {
  double low = 0;
  double high = 0;
};
/// Quartiles -+ factor x IQR, or mean -+ factor x deviation (ddof 0), by the plan; where that
/// leaves no width, half of the numbers being equal say, no number is an outlier. At least one
/// number, ascending.
Fences fences_of(const PreparationPlan& plan, std::span<const double> sorted);

/// Ascending edges between the bins, one less than there are bins. At least one number, ascending.
std::vector<double> inner_edges(const PreparationPlan& plan, std::span<const double> sorted);

}  // namespace slipway::training
