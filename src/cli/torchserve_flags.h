// The flags of `torchserve` and its config.properties, taken by `slipway serve
// --compat=torchserve`.
//
//   --start --ncs --model-store /models --models iris=iris.mar --ts-config config.properties
//     --translate--> --listen=127.0.0.1:8080,compat=torchserve ... --model-store=/models
//     /models/iris.mar
//
// With one of its flags the server is as TorchServe is: the interfaces on 8080, 8081 and 8082, gRPC
// on 7070 and 7071, keys in key_file.json, no registrations unless they are enabled. What means
// nothing here is passed over, with a warning. Plain functions over arguments.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace slipway::cli {

/// The arguments of `serve` with such flags in Slipway's own words; all others stay as they are.
/// Without --compat=...torchserve... nothing changes. INVALID_ARGUMENT names the flag, or the line.
Result<std::vector<std::string>> translate_torchserve_flags(std::vector<std::string> arguments);

}  // namespace slipway::cli
