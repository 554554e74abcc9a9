#include "protocols/kserve_v2/proto_message.h"

#include <fmt/format.h>
#include <google/protobuf/message_lite.h>

namespace slipway::protocols::kserve_v2 {
namespace {

// A parsed message takes many times its bytes; none of these needs more.
constexpr size_t kRequestBytesMax = 64 * 1024;

}  // namespace

bool parse(RpcCall& call, google::protobuf::MessageLite& request) {
  if (call.message.size() > kRequestBytesMax) {
    call.error = invalid_argument(fmt::format("the request is too large: {} bytes, at most {}",
                                              call.message.size(), kRequestBytesMax));
    return false;
  }
  if (request.ParseFromArray(call.message.data(), static_cast<int>(call.message.size()))) {
    return true;
  }
  call.error = invalid_argument("the request is malformed protobuf");
  return false;
}

void answer(RpcCall& call, const google::protobuf::MessageLite& response) {
  response.AppendToString(call.answer);
}

}  // namespace slipway::protocols::kserve_v2
