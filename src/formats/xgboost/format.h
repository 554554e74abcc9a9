// The reader of XGBoost models: JSON, UBJSON and the old binary form, in files of their own or
// inside a pickle.
//
//   formats.add(xgboost::make_format());
#pragma once

#include <memory>

#include "formats/model_format.h"

namespace slipway::xgboost {

/// By the name of "xgboost". Outputs: "predict" as Booster.predict gives it, "margin" as with
/// output_margin=True.
std::unique_ptr<const formats::ModelFormat> make_format();

}  // namespace slipway::xgboost
