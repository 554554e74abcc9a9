// A model's configuration in Triton's words, as JSON.
#pragma once

#include <string>
#include <string_view>

#include "protocols/internal/call.h"
#include "protocols/internal/model_admin.h"

namespace slipway::protocols::kserve_v2 {

std::string configuration_json(const BaseCall& call, const serving::ServedModel& model);

/// One parameter of a load or unload call that is a text.
Status read_change_parameter(const BaseCall& call, std::string_view model, std::string_view name,
                             std::string_view text, ChangeParameters& parameters);

}  // namespace slipway::protocols::kserve_v2
