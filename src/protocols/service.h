// HttpService: the one HttpHandler of `slipway serve`; routes requests to the protocols. It has the
// gRPC handler of the same models beside it, since the two share what each loop keeps.
//
//   transport --HttpExchange--> HttpService --route--> simple / kserve_v2 / metrics / landing page
//   transport --GrpcExchange, GrpcCall--> grpc_handler() --method--> kserve_v2
//
// Thread rule: handle() is called concurrently from all loops; per-loop state is indexed by
// request.loop. set_models() hands each loop its snapshot through Server::post. An admin listener
// is a server of one loop whose handler is admin_handler(); its snapshot goes to loop number
// `loops`.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "protocols/token_keys.h"
#include "serving/inference.h"
#include "serving/model_control.h"
#include "serving/serving_metrics.h"
#include "transport/grpc.h"
#include "transport/http.h"
#include "transport/server.h"

namespace slipway::protocols {

/// What the access log gets for each finished request; views are valid during the call only.
struct AccessRecord {
  const transport::HttpRequest* request;
  int status;  // of HTTP
  int grpc_status =
      -1;  // -1 if it is no gRPC call; then `request` has POST and the message as its body
  size_t response_bytes;
  std::string_view request_id;
  std::string_view trace_id;  // from traceparent; may be empty
  std::string_view model;     // empty if none was involved
  std::string_view version;
  std::string_view digest;
  std::string_view error;  // the message of a failed request
  uint64_t rows;
  double seconds;  // whole request: first byte read to answer ready
  double queue_seconds;
  double compute_seconds;
};

/// Thread-safe; must not block.
class AccessLog {
 public:
  virtual ~AccessLog() = default;
  virtual void write(const AccessRecord& record) = 0;
};

struct ServiceOptions {
  uint32_t loops = 1;
  serving::Inference::Options inference;
  /// What is answered, by names of dialects (dialects.h); of two with the same path the first one
  /// owns it. Empty: all.
  std::vector<std::string> compat;
  /// The same for single listeners, by HttpRequest::listener; an empty one speaks `compat`.
  std::vector<std::vector<std::string>> listener_compat;
  /// Further paths for what stands at others: {"/monitoring/metrics", "/metrics"}.
  std::vector<std::pair<std::string, std::string>> aliases;
  std::string version;                             // Slipway's own
  AccessLog* access_log = nullptr;                 // may be null; outlives the service
  std::string admin_token;                         // who brings it may change models; empty: nobody
  std::chrono::milliseconds load_timeout{30'000};  // a request waits so long for its model's load
  bool shared_memory = false;                      // clients may register regions of shared memory
  uint64_t request_bytes_max = 64ULL << 20;        // what one request may take from there
  std::shared_ptr<TokenKeys> token_keys;           // TorchServe's token authorization; null: off
  bool model_api = true;     // TorchServe's calls may register and unregister models
  std::string trace_folder;  // where traces are written; empty: nowhere
};

class HttpService : public transport::HttpHandler {
 public:
  static std::unique_ptr<HttpService> create(const ServiceOptions& options,
                                             std::shared_ptr<serving::InferencePool> pool,
                                             serving::ServingMetrics& metrics);
  /// On the given loop's thread, or before the loops start: the snapshot for that loop's next
  /// requests.
  virtual void set_models(uint32_t loop, std::shared_ptr<const serving::ModelSet> models) = 0;
  /// The same routes for the admin listener, before its loop starts. `trusted`: whoever reaches it
  /// may change models, without a token.
  virtual transport::HttpHandler& admin_handler(bool trusted) = 0;
  /// The same models over gRPC (inference.GRPCInferenceService), and over the admin listener's.
  virtual transport::GrpcHandler& grpc_handler() = 0;
  virtual transport::GrpcHandler& admin_grpc_handler() = 0;
  /// What the admin calls do; null while there is none. Thread-safe; it must live until the servers
  /// have stopped.
  virtual void set_control(serving::ModelControl* control) = 0;
  /// How a task gets onto a loop's thread (Server::post; loop number `loops` is the admin
  /// listener's), before the loops start. Without it no request waits for a model to be loaded.
  virtual void set_post(std::function<void(uint32_t loop, std::function<void()>)> post) = 0;
  /// Readiness answers 503 from now on (drain). Thread-safe.
  virtual void set_draining() = 0;
  /// Where /metrics gets the transport's counters from (Server::counters); thread-safe to call. The
  /// source must live as long as the service, or until another one is set.
  virtual void set_transport_counters(std::function<transport::TransportCounters()> read) = 0;
};

}  // namespace slipway::protocols
