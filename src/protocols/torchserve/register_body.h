// Reads what POST /models asks for: the parameters of its query, or a JSON object in its body.
//
//   ?url=iris.mar&initial_workers=1      {"url": "iris.mar", "initial_workers": 1}
//
// A plain function. No DOM, no recursion.
#pragma once

#include <string_view>

#include "base/status.h"
#include "protocols/torchserve/management.h"

namespace slipway::protocols::torchserve {

/// DATA_LOSS if the body is no JSON of this kind.
Status read_register_request(std::string_view content_type, std::string_view query,
                             std::string_view body, RegisterRequest& request);

}  // namespace slipway::protocols::torchserve
