// The gRPC health service (grpc.health.v1.Health): Check and Watch, as load balancers, `grpcurl`
// and Kubernetes' gRPC probes ask them.
//
//   transport --GrpcExchange, GrpcCall--> GrpcHealth --SERVING or NOT_SERVING--> client
//
// Ownership: outlives the server. Thread-safe.
//
//   GrpcHealth health;
//   GrpcRouter router({{"grpc.health.v1.Health", &health}});
//   auto server = Server::create(options, http, &router);
//   health.set_serving(true);   // models are live
//   health.set_serving(false);  // drain begins
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/thread_annotations.h"
#include "transport/grpc.h"

namespace slipway::protocols {

class GrpcHealth final : public transport::GrpcHandler {
 public:
  /// What "" (the server as a whole) answers; watchers are told. Other service names are unknown.
  void set_serving(bool serving) EXCLUDES(mutex_);

  Method method(std::string_view path, uint32_t listener) const override;
  void handle(transport::GrpcExchange& exchange) override EXCLUDES(mutex_);
  std::unique_ptr<transport::GrpcCallHandler> open(
      std::shared_ptr<transport::GrpcCall> call) override;

 private:
  class Watch;
  using Call = std::shared_ptr<transport::GrpcCall>;

  void watch(const Call& call, std::string_view message) EXCLUDES(mutex_);
  void forget(const Call& call) EXCLUDES(mutex_);

  Mutex mutex_;
  bool serving_ GUARDED_BY(mutex_) = false;
  std::vector<Call> watchers_ GUARDED_BY(mutex_);
};

}  // namespace slipway::protocols
