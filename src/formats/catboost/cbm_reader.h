// Reads .cbm files: "CBM1", a FlatBuffers message with trees and features, then the parts that the
// message names, of which the statistics of categories (CTR tables) are read.
#pragma once

#include <string_view>

#include "base/limits.h"
#include "base/status.h"
#include "formats/catboost/model.h"

namespace slipway::catboost {

inline constexpr std::string_view kCbmMagic = "CBM1";

/// DATA_LOSS where the bytes contradict themselves, RESOURCE_EXHAUSTED where they unfold into far
/// more than they are.
Result<Model> read_cbm(std::string_view bytes, const Limits& limits);

}  // namespace slipway::catboost
