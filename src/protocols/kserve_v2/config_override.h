// The "config" of a load call: Triton's ModelConfig as JSON, which is to hold in place of what the
// repository says.
//
//   {"version_policy": {"all": {}}, ...} --read_config_override--> ModelOverrides
//
// What cannot be changed may be there as it is: a client that asks for a model's configuration,
// changes a setting and sends it back is understood. Everything else is refused by its name.
#pragma once

#include <string_view>

#include "base/status.h"
#include "serving/model_control.h"

namespace slipway::protocols::kserve_v2 {

/// `present`: the model's configuration now, as JSON; empty if it is not served.
Result<serving::ModelOverrides> read_config_override(std::string_view config,
                                                     std::string_view model,
                                                     std::string_view present);

}  // namespace slipway::protocols::kserve_v2
