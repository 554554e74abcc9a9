// TorchServe's messages over gRPC, read where they lie.
#pragma once

#include <string_view>

#include "base/status.h"
#include "protocols/torchserve/form.h"
#include "protocols/torchserve/management.h"

namespace slipway::protocols::torchserve {

/// Points into the message.
struct PredictionsRequest {
  std::string_view model_name;
  std::string_view model_version;
  std::string_view sequence_id;
  Fields input;
  bool starts_sequence = false;  // an input asks for a new one
};
Status read_predictions_request(std::string_view message, PredictionsRequest& request);

Status read_list_request(std::string_view message, ListRequest& request);
Status read_register_message(std::string_view message, RegisterRequest& request);
Status read_scale_message(std::string_view message, ScaleRequest& request);

/// Points into the message. Of DescribeModel, SetDefault and UnregisterModel.
struct VersionRequest {
  std::string_view model_name;
  std::string_view model_version;
  bool customized = false;
};
Status read_version_request(std::string_view message, VersionRequest& request);

}  // namespace slipway::protocols::torchserve
