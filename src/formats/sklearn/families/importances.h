// How much each feature counts for a fitted model: what SelectFromModel compares with a threshold.
#pragma once

#include <vector>

#include "formats/sklearn/lowering.h"

namespace slipway::sklearn {

/// One number per feature: the norm (of this order) of coef_ over its rows, or
/// feature_importances_, which for trees and what is made of trees is worked out as scikit-learn
/// does. UNIMPLEMENTED if the estimator has neither.
Result<std::vector<double>> feature_importances(pickle::Value estimator, double norm_order);

}  // namespace slipway::sklearn
