// RpcCall: one gRPC call, or one message of a streaming one, on its way through the protocols; and
// what a method of gRPC is.
//
//   GrpcService --RpcCall--> method's handler --run_inference--> write --> journal, client
//
// A handler reads call.message; it appends its answer to *call.answer or sets call.error. Ownership
// and thread rule are those of Call (call.h).
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "protocols/internal/call.h"
#include "transport/grpc.h"

namespace slipway::protocols {

struct alignas(kCacheLine) RpcCall : BaseCall {
  const transport::GrpcRequest* request = nullptr;
  std::string_view message;
  SteadyTime received;  // a message of a stream: later than the request
  std::string* answer = nullptr;
  void (*write)(RpcCall&) = nullptr;
};

struct RpcMethod {
  std::string_view path;
  void (*handle)(RpcCall&);
  /// Of a stream only: makes the message that tells the client of call.error, and the stream goes
  /// on.
  void (*fail)(RpcCall&) = nullptr;
  bool ends_on_error = false;  // of a stream: its first error ends it, as that of a unary call
};

/// Runs call.infer inline or in the pool, then `write`, which makes the message of a success.
void run_inference(RpcCall& call, void (*write)(RpcCall&));

}  // namespace slipway::protocols
