// A model's file of definitions, held to the model that it is for.
//
//   MODEL.slipway.yaml --parse_definitions_file--> Definitions, or why they are not this model's
//
// Thread rule: a pure function.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "formats/definitions.h"

namespace slipway::formats {

/// parse_definitions(), and check_model() with the model's digest, which is asked for only if the
/// definitions say which model they are for. Errors begin with `name`, the file's.
Result<std::shared_ptr<const Definitions>> parse_definitions_file(
    std::string_view name, const std::string& yaml, const std::function<std::string()>& digest);

}  // namespace slipway::formats
