// ReloadConfigRequest: TensorFlow Serving's list of models, as bytes of protobuf, to the text of
// its configuration files, which is what the repository reads (lifecycle/model_config.h).
//
//   message --read_config_list--> model_config_list { config { name: "iris" ... } }
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace slipway::protocols::tf_serving {

/// INVALID_ARGUMENT if the message is malformed, or holds another kind of configuration.
Result<std::string> read_config_list(std::string_view request);

}  // namespace slipway::protocols::tf_serving
