// Reads what save_model(format="json") writes.
#pragma once

#include <string_view>

#include "base/limits.h"
#include "base/status.h"
#include "formats/catboost/model.h"

namespace slipway::catboost {

/// True if a file that begins so is such an export: an object whose first key is one of theirs.
bool may_begin_json_model(std::string_view start);

/// DATA_LOSS where it is no JSON, or not that of a model.
Result<Model> read_json(std::string_view bytes, const Limits& limits);

}  // namespace slipway::catboost
