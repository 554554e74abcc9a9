// GrpcService: the GrpcHandler of the table of methods, beside HttpService on the same loops.
//
//   transport --GrpcExchange, GrpcCall--> GrpcService --RpcCall--> method --> answer
//
// Unary calls are handled on the loop, or deferred as HTTP's are. The messages of a stream are
// handled one after the other, each like a unary call; while one is deferred, or much is waiting to
// be sent, the client is held back.
//
// Ownership: by HttpService. Thread rule: handle() and open() are called from all loops at once,
// each with state of its own.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "protocols/internal/routes.h"
#include "protocols/internal/rpc_call.h"
#include "transport/grpc.h"

namespace slipway::protocols {

class CallJournal;

class GrpcService final : public transport::GrpcHandler {
 public:
  /// The state of each loop by its index; all outlive the service.
  GrpcService(std::span<const std::unique_ptr<LoopState>> loops, const RouteTables& routes,
              CallJournal& journal);
  ~GrpcService() override;

  Method method(std::string_view path, uint32_t listener) const override;
  void handle(transport::GrpcExchange& exchange) override;
  std::unique_ptr<transport::GrpcCallHandler> open(
      std::shared_ptr<transport::GrpcCall> call) override;

 private:
  class Stream;

  void finish(RpcCall& call, transport::GrpcExchange& exchange, uint32_t shard);
  void settle(std::unique_ptr<RpcCall>& call, transport::GrpcExchange& exchange,
              std::function<void()> complete);
  void defer(std::unique_ptr<RpcCall> handed, transport::GrpcExchange& exchange,
             std::function<void()> complete);
  void wait_for_model(std::unique_ptr<RpcCall> owned, transport::GrpcExchange& exchange,
                      const std::function<void()>& complete);

  const RpcMethod* find(const transport::GrpcRequest& request) const;

  std::vector<LoopState*> loops_;
  const RouteTables& routes_;
  CallJournal& journal_;
  std::vector<std::unique_ptr<RpcCall>> calls_;  // by loop
};

}  // namespace slipway::protocols
