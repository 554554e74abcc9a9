// Arbitrary bytes as requests to server reflection: each answer is one that a client can read.
#include <grpc/reflection/v1/reflection.pb.h>

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "protocols/grpc_reflection.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const slipway::protocols::GrpcReflection reflection;
  const auto answer = reflection.answer({reinterpret_cast<const char*>(data), size});
  if (!answer.ok()) return 0;
  grpc::reflection::v1::ServerReflectionResponse response;
  CHECK(response.ParseFromString(answer.value()));
  CHECK(response.message_response_case() != 0);
  return 0;
}
