// Examples: for each dialect that a listener speaks, a request that a model takes; for the landing
// page, the OpenAPI document and Swagger UI.
//
//   routes, model --examples_of--> {"tf-serving", POST, "/v1/models/iris:predict", {"instances":
//   ...}}
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/signature.h"
#include "protocols/internal/routes.h"
#include "serving/model_set.h"

namespace slipway::protocols::site {

struct Example {
  std::string_view dialect;  // its name
  std::string_view system;   // whose clients ask so: "TensorFlow Serving"
  std::string path;          // percent-encoded; of gRPC: "package.Service/Method"
  std::string body;          // JSON
  bool is_grpc = false;
};

/// The listener's dialects in their order, each with what it would answer itself: a path that
/// another dialect owns is left out. `is_default`: the model is what a request without a name gets.
std::vector<Example> examples_of(const RouteTable& routes, const serving::ServedModel& model,
                                 bool is_default);

/// A path segment, percent-encoded.
std::string encoded_segment(std::string_view name);

}  // namespace slipway::protocols::site
