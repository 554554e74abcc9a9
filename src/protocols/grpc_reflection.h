// gRPC's server reflection (grpc.reflection.v1 and v1alpha): what `grpcurl` asks to learn services
// and messages without their .proto files.
//
//   descriptors of all our .proto files, embedded by the build --> GrpcReflection --> client
//
// Ownership: outlives the server. Immutable, so safe to use from all loops.
//
//   GrpcReflection reflection;
//   GrpcRouter router({{"grpc.reflection.v1.ServerReflection", &reflection}});
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "transport/grpc.h"

namespace slipway::protocols {

class GrpcReflection final : public transport::GrpcHandler {
 public:
  GrpcReflection();

  /// Services of which `served` knows no method on a listener are not listed there. Before the
  /// server starts; without it all are.
  void set_served(const transport::GrpcHandler& served) { served_ = &served; }

  Method method(std::string_view path, uint32_t listener) const override;
  void handle(transport::GrpcExchange& exchange) override;
  std::unique_ptr<transport::GrpcCallHandler> open(
      std::shared_ptr<transport::GrpcCall> call) override;

  /// The answer to one ServerReflectionRequest. INVALID_ARGUMENT if it is malformed; what is not
  /// found is told inside the answer.
  Result<std::string> answer(std::string_view request, uint32_t listener = 0) const;

 private:
  class Stream;

  void index_file(std::string_view file);
  bool is_served(const std::vector<std::string>& methods, uint32_t listener) const;
  void index_types(std::string_view message, const std::string& scope, std::string_view file);

  // All views point into the embedded descriptors.
  std::map<std::string, std::string_view, std::less<>> files_;    // by name
  std::map<std::string, std::string_view, std::less<>> symbols_;  // to the file that defines them
  std::map<std::string, std::string_view, std::less<>> types_;    // those that are messages
  std::map<std::string, std::vector<std::string>> services_;      // with their methods' paths
  const transport::GrpcHandler* served_ = nullptr;
};

}  // namespace slipway::protocols
