// GrpcRouter: several gRPC services behind the one handler that a server has.
//
//   transport --"/package.Service/Method"--> GrpcRouter --> the handler of package.Service
//
// Ownership: the handlers outlive it. Immutable, so safe to use from all loops.
//
//   GrpcRouter router({{"inference.GRPCInferenceService", &inference},
//                      {"grpc.health.v1.Health", &health}});
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "transport/grpc.h"

namespace slipway::protocols {

class GrpcRouter final : public transport::GrpcHandler {
 public:
  struct Service {
    std::string_view name;  // of static storage; the one that is called most stands first
    transport::GrpcHandler* handler;
  };

  explicit GrpcRouter(std::vector<Service> services) : services_(std::move(services)) {}

  Method method(std::string_view path, uint32_t listener) const override;
  void handle(transport::GrpcExchange& exchange) override;
  std::unique_ptr<transport::GrpcCallHandler> open(
      std::shared_ptr<transport::GrpcCall> call) override;

 private:
  /// Null if no service has it.
  transport::GrpcHandler* find(std::string_view path) const;

  const std::vector<Service> services_;
};

}  // namespace slipway::protocols
