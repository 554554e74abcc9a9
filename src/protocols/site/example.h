// Examples: a request that a model takes, for the landing page and the OpenAPI document.
#pragma once

#include <string>

#include "graph/signature.h"

namespace slipway::protocols::site {

/// {"features": [0.0, ...]} or {"features": [{"name": 0.0, ...}]}, whichever suits the model.
std::string example_features(const Signature& signature);
/// The same as a KServe v2 request.
std::string example_infer(const Signature& signature);

}  // namespace slipway::protocols::site
