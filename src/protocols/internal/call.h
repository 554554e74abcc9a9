// Call: one request on its way through the protocols, and what each event loop keeps between calls.
//
//   HttpService::handle --Call--> route's handler --run_inference--> write --> finish
//
// Ownership: a loop owns the Call that it uses again and again; a call that is deferred is handed
// to the pool's callback and destroyed there. Thread rule: LoopState belongs to its loop; a Call to
// the thread that works on it. `write` functions may run on a pool thread: they use the Call only.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cache_line.h"
#include "base/status.h"
#include "protocols/internal/key_fields.h"
#include "protocols/internal/shared_memory.h"
#include "protocols/internal/trace_log.h"
#include "protocols/internal/urgency.h"
#include "protocols/service.h"
#include "serving/inference.h"
#include "serving/model_control.h"
#include "transport/http.h"

namespace slipway::protocols {

struct ReadBuffers;  // protocols/internal/json.h
struct Call;
struct Dialect;
class RouteTable;

/// What a dialect keeps between calls.
struct DialectState {
  virtual ~DialectState() = default;
};

/// What does not change from call to call.
struct ServerInfo {
  std::string version;
  const metrics::Registry* registry = nullptr;
  std::string admin_token;  // empty: none is accepted
  std::unique_ptr<SharedMemory> shared_memory;
  std::unique_ptr<TraceLog> traces;
  std::chrono::milliseconds load_timeout{0};
  std::function<void(uint32_t, std::function<void()>)> post;  // onto a loop; may be empty
  std::atomic<serving::ModelControl*> control{nullptr};
  std::atomic<bool> draining{false};
  std::shared_ptr<DialectState> torchserve;  // protocols/torchserve/state.h
  /// Calls that are deferred and not done; those may outlast their connections and their server.
  std::shared_ptr<std::atomic<uint32_t>> deferred = std::make_shared<std::atomic<uint32_t>>(0);

  /// Waits until no deferred call uses the service any more.
  void wait_for_deferred() const;
};

struct alignas(kCacheLine) LoopState {
  LoopState(ServerInfo& server_info, const serving::Inference::Options& options,
            std::shared_ptr<serving::InferencePool> pool, uint32_t loop);
  ~LoopState();

  ServerInfo& server;
  uint32_t index;
  bool may_change_models = false;  // whoever reaches it: a trusted admin listener's
  serving::Inference inference;
  std::unique_ptr<ReadBuffers> read;
  std::unique_ptr<Call> call;
  uint64_t next_id;
};

struct RequestedOutput {
  uint32_t index = 0;
  bool binary = false;
  uint32_t classes = 0;  // kserve_v2: the so many largest, as texts; 0: as it is
  SharedSlice shared{};  // kserve_v2: where it goes to; null: into the answer
};

/// What a protocol remembers of the request for inference and its answer.
struct AnswerPlan {
  std::vector<RequestedOutput> outputs;
  std::string id;  // kserve_v2: to be echoed
  bool has_id = false;
  bool single = false;         // simple: one named object, answered by one value
  bool probabilities = false;  // simple: outputs[1] holds them
  bool columnar = false;       // tf_serving: the request was in columns, and so is its answer
  /// What a dialect needs to know again when it answers. tf_serving: the signature that was asked
  /// for, maybe empty; torchserve: the version; openscoring: the rows' errors, or the separator.
  std::string note;
  Urgency urgency;  // kserve_v2
  KeyFields keys;   // set by choose_model()

  /// All but the keys.
  void clear();
};

/// What calls over HTTP and over gRPC have in common.
struct BaseCall {
  LoopState* loop = nullptr;
  std::array<char, 16> id_storage{};
  std::string_view request_id;
  std::string_view traceparent;  // valid, or empty
  std::string_view trace_id;
  serving::InferRequest infer;
  serving::InferResponse result;
  AnswerPlan plan;
  Status error;
  bool deferred = false;
  bool needs_model = false;  // the one it names rests: it is to be loaded, then asked again
  bool needs_arrow = false;  // Arrow's plug-in is to be opened, then it is asked again
  SteadyTime waits_until = SteadyTime::max();  // for a model; set once it waits
  std::string wanted_model;
  bool gave_up = false;  // it could not be loaded: answer with what there is
  /// What a deferred call does, if not inference; calls back once, on any thread.
  std::function<void(std::function<void(Status)> done)> begin;

  /// Forgets the last request, but for the memory that the next one can use.
  void restart();
};

/// A call over HTTP.
struct alignas(kCacheLine) Call : BaseCall {
  transport::HttpExchange* exchange = nullptr;
  const RouteTable* routes = nullptr;          // of its listener
  const Dialect* dialect = nullptr;            // whose route it is; null: none's
  std::array<std::string_view, 2> parameters;  // what the route's {...} matched, decoded
  std::array<std::string, 2> decoded;          // storage, where decoding was needed
  void (*write)(Call&) = nullptr;
  std::function<void()> complete;  // of a deferred exchange

  const transport::HttpRequest& request() const { return exchange->request(); }
  transport::HttpResponse& response() { return exchange->response(); }
};

/// Takes the client's id for the request or makes one, and its trace context if it is valid.
void identify(BaseCall& call, std::string_view request_id, std::string_view traceparent);
/// True if so much memory was needed that the call is not kept for the next request.
bool is_oversized(const BaseCall& call);
/// Starts what a deferred call does; `done` is called once it is done, on any thread.
void begin_deferred(BaseCall& call, std::function<void()> done);
/// Sets call.infer.model to the named model, or the default one if the name is empty. If it can be
/// loaded on demand, the call is answered once it is: the error given here is not seen then.
Status choose_model(BaseCall& call, std::string_view name, std::string_view version);
/// What a request gets that names no output, over the dialect that has this route.
uint32_t default_output(const Call& call);
/// Has the model that the call needs loaded, or Arrow's plug-in opened. `again` runs on the call's
/// loop once it is there, or cannot be; never if the server stops meanwhile: what it holds ends
/// with it.
void demand_model(BaseCall& call, SteadyTime received, std::function<void(Status)> again);
/// What demand_model() came to: true if the call is to be handled again, false if its error stands.
bool take_demanded(BaseCall& call, Status status);
/// The snapshot; UNAVAILABLE while there is none yet.
Result<const serving::ModelSet*> models_of(const BaseCall& call);
/// Runs call.infer inline or in the pool, then `write`, which makes the body of a success.
void run_inference(Call& call, void (*write)(Call&));
/// Answers with the error as {"error": "..."}.
void answer_error(Call& call, Status status);
void answer_json(Call& call, int status, std::string_view body);

}  // namespace slipway::protocols
