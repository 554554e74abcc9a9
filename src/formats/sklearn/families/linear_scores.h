// coef_ and intercept_ of any linear model as one op.
#pragma once

#include "formats/sklearn/lowering.h"

namespace slipway::sklearn {

struct LinearScores {
  ValueId value = 0;
  uint32_t width = 0;
  bool is_vector = false;  // coef_ was stored 1-D: then y was a vector
};

/// The linear scores of the input, which is checked for finite numbers.
Result<LinearScores> linear_scores(Lowering& lowering, pickle::Value self, const Features& input);

}  // namespace slipway::sklearn
