// OpenAPI descriptions of TorchServe's interfaces, as its OPTIONS requests give them.
#pragma once

#include <string>
#include <string_view>

#include "serving/served_model.h"

namespace slipway::protocols::torchserve {

void append_inference_api(std::string& out, std::string_view version);
void append_management_api(std::string& out, std::string_view version);
/// Of the predictions of one model.
void append_model_api(std::string& out, const serving::ServedModel& model);

}  // namespace slipway::protocols::torchserve
