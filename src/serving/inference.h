// Inference: runs requests against models, inline when cheap, in the inference pool when dear.
//
//   protocol (on its loop) --Inference::infer--> inline on the loop, or InferencePool --> done
//   callback
//
// One Inference per event loop (single-sequence: used on that loop's thread only). A request whose
// cost (measured at load) is over Options::inline_seconds_max goes to the pool through its model's
// bounded queue (inference_pool.h); what cannot be run is RESOURCE_EXHAUSTED or DEADLINE_EXCEEDED.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "serving/admission.h"
#include "serving/model_set.h"
#include "tensor/batch.h"

namespace slipway::serving {

/// One request as a protocol has read it. Lives in the protocol's per-exchange state.
struct InferRequest {
  std::shared_ptr<const ModelSet> models;  // keeps `model` alive
  const ServedModel* model = nullptr;
  InputBuffer input;
  OutputMask wanted = 0;  // 0: the default output
  /// Nobody waits for an answer after it: a request in the pool that cannot be answered by then, or
  /// is not, is DEADLINE_EXCEEDED, or RESOURCE_EXHAUSTED if only the others in the queue are why.
  SteadyTime deadline = SteadyTime::max();
  uint32_t priority = 0;  // in the pool: 1 is the most urgent; 0: as the model's settings say
  /// True once nobody waits for the answer; may be empty. In the pool only; thread-safe.
  std::function<bool()> cancelled;
};

struct InferResponse {
  Status status;
  std::vector<OutputBuffer> outputs;  // by output index of the signature; filled where wanted
  double queue_seconds = 0;           // waited for a thread
  double batch_seconds = 0;           // and then for others to be run with
  double compute_seconds = 0;         // of the whole batch that it was run in
  uint64_t batch_rows = 0;            // of that batch; 0: it was not run
  bool leads_batch = false;           // of that batch's requests, this one counts as its run
  double retry_after_seconds = 0;     // of a request that was refused: when to try again; 0: no use
  SteadyTime begun;                   // when serving got the request
  SteadyTime ended;                   // when its outputs were there, or it had failed
};

/// How the requests of a model are run.
struct ExecutionPlan {
  uint64_t rows_max = 0;        // of one request
  bool is_inline = true;        // those of one row, on the loops
  uint32_t threads = 0;         // of the pool, which runs the others
  AdmissionSettings admission;  // of those
};

class InferencePool;  // serving/inference_pool.h

class Inference {
 public:
  struct Options {
    double inline_seconds_max = 0.0005;
    uint64_t rows_max = 1'000'000;
  };
  Inference(const Options& options, std::shared_ptr<InferencePool> pool, uint32_t loop);
  ~Inference();

  /// The snapshot that new requests on this loop see.
  const std::shared_ptr<const ModelSet>& models() const { return models_; }
  void set_models(std::shared_ptr<const ModelSet> models);

  /// True if this request would run inline.
  bool is_inline(const InferRequest& request) const;
  ExecutionPlan plan_of(const ServedModel& model) const;
  /// Runs inline, on the caller's thread, and fills the response; records the model's metrics.
  void infer(const InferRequest& request, InferResponse& response);
  /// Queues; `done` is called once: on one of the pool's threads, or at once if the request is
  /// refused; in rare cases on another loop's thread, whose more urgent request took its place.
  /// Request and response must stay valid until then.
  void infer_in_pool(const InferRequest& request, InferResponse& response,
                     std::function<void()> done);

 private:
  struct State;
  std::shared_ptr<const ModelSet> models_;
  std::unique_ptr<State> state_;
};

/// What a request should take, by the measure at load: once for each run, and for its rows.
struct ExpectedCost {
  double run_seconds = 0;
  double rows_seconds = 0;
  double seconds() const { return run_seconds + rows_seconds; }
};
ExpectedCost expected_cost(const InferRequest& request);

/// A pool with the default settings. The destructor finishes what is queued.
std::shared_ptr<InferencePool> make_inference_pool(uint32_t threads, uint32_t queue_max);
/// Requests that wait now. Thread-safe.
size_t queue_length(const InferencePool& pool);

}  // namespace slipway::serving
