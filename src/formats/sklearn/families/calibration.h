// Isotonic regression on one column, as CalibratedClassifierCV and IsotonicRegression use it.
#pragma once

#include "formats/sklearn/lowering.h"

namespace slipway::sklearn {

/// An IsotonicRegression's predict of one dense column.
Result<ValueId> isotonic(Lowering& lowering, pickle::Value self, ValueId column);

}  // namespace slipway::sklearn
