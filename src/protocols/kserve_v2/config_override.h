// The "config" of a load call: Triton's ModelConfig as JSON, which is to hold in place of what the
// repository says.
//
//   {"version_policy": {"all": {}}, ...} --read_config_override--> ModelOverrides
//
// What cannot be changed may be there as it is: a client that asks for a model's configuration,
// changes a setting and sends it back is understood. Beside the files of a model, what describes it
// (backend, inputs, ...) is passed over: the files say it. Everything else is refused by its name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "serving/model_control.h"

namespace slipway::protocols::kserve_v2 {

/// `present`: the model's configuration now, as JSON, empty if it is not served; unset: the model
/// comes with this one.
Result<serving::ModelOverrides> read_config_override(std::string_view config,
                                                     std::string_view model,
                                                     const std::optional<std::string>& present);

}  // namespace slipway::protocols::kserve_v2
