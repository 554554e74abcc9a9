// Messages of the calls that are not inference: parsed whole, since none of them is large.
//
//   inference::ModelReadyRequest request;
//   if (!parse(call, request)) return;
#pragma once

#include "protocols/internal/rpc_call.h"

namespace google::protobuf {
class MessageLite;
}

namespace slipway::protocols::kserve_v2 {

/// False if it cannot be read; the call has its error then.
bool parse(RpcCall& call, google::protobuf::MessageLite& request);
void answer(RpcCall& call, const google::protobuf::MessageLite& response);

}  // namespace slipway::protocols::kserve_v2
