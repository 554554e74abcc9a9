// The LightGBM reader: text models and JSON dumps, in files of their own or inside pickles.
//
// Thread rule: make_format()'s result is immutable.
#pragma once

#include <memory>

#include "formats/model_format.h"

namespace slipway::lightgbm {

std::unique_ptr<const formats::ModelFormat> make_format();

}  // namespace slipway::lightgbm
