// Reads a ModelInferRequest (protobuf, inference.proto) without parsing it into a message first.
//
//   message --read_proto_head--> which model --read_proto_request--> InputBuffer, AnswerPlan
//
// The first walk takes what names the model, wherever in the message it stands; the second proves
// names, types and shapes against that model; the data is then read straight into rows.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "protocols/internal/call.h"
#include "protocols/internal/json.h"
#include "protocols/kserve_v2/input_mapping.h"

namespace slipway::protocols::kserve_v2 {

/// Views into the message.
struct ProtoHead {
  std::string_view model_name;
  std::string_view model_version;
  std::string_view id;
  Urgency urgency;              // the parameters "timeout" and "priority"
  bool has_raw_inputs = false;  // then the outputs are raw, too
};

Result<ProtoHead> read_proto_head(std::string_view message);

Status read_proto_request(std::string_view message, const ProtoHead& head, const ModelInputs& model,
                          ReadBuffers& buffers, InputBuffer& input, AnswerPlan& plan,
                          OutputMask& wanted);

}  // namespace slipway::protocols::kserve_v2
