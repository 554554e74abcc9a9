// XGBoost's boosters and their wrappers for scikit-learn, inside pickles.
#pragma once

#include <optional>

#include "base/limits.h"
#include "formats/model_format.h"
#include "formats/pickle/tree.h"
#include "formats/sklearn/families/lightgbm.h"

namespace slipway::sklearn {

/// As lightgbm_columns().
std::optional<BoosterColumns> xgboost_columns(pickle::Value self, const formats::FormatSet& formats,
                                              const Limits& limits);

}  // namespace slipway::sklearn
