// A model's configuration in Triton's words, as JSON.
#pragma once

#include <string>

#include "protocols/internal/call.h"

namespace slipway::protocols::kserve_v2 {

std::string configuration_json(const BaseCall& call, const serving::ServedModel& model);

}  // namespace slipway::protocols::kserve_v2
