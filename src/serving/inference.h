// Inference: runs requests against models, inline when cheap, in the inference pool when dear.
//
//   protocol (on its loop) --Inference::infer--> inline on the loop, or InferencePool --> done
//   callback
//
// One Inference per event loop (single-sequence: used on that loop's thread only). A request whose
// cost (measured at load) is over Options::inline_seconds_max goes to the pool through a bounded
// queue; a full queue is RESOURCE_EXHAUSTED (429).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "serving/model_set.h"
#include "tensor/batch.h"

namespace slipway::serving {

/// One request as a protocol has read it. Lives in the protocol's per-exchange state.
struct InferRequest {
  std::shared_ptr<const ModelSet> models;  // keeps `model` alive
  const ServedModel* model = nullptr;
  InputBuffer input;
  OutputMask wanted = 0;  // 0: the default output
  /// Nobody waits for an answer after it: a request that has not begun by then is
  /// DEADLINE_EXCEEDED.
  SteadyTime deadline = SteadyTime::max();
  /// Asked before a request that has waited begins, on any thread: true if nobody wants its answer
  /// any more. It is not run then. May be empty.
  std::function<bool()> cancelled;
};

struct InferResponse {
  Status status;
  std::vector<OutputBuffer> outputs;  // by output index of the signature; filled where wanted
  double queue_seconds = 0;
  double compute_seconds = 0;
};

class InferencePool;  // threads shared by all loops

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
  /// Runs inline, on the caller's thread, and fills the response; records the model's metrics.
  void infer(const InferRequest& request, InferResponse& response);
  /// Queues; `done` is called once on a pool thread (or at once, on this one, if the queue is
  /// full). Request and response must stay valid until then.
  void infer_in_pool(const InferRequest& request, InferResponse& response,
                     std::function<void()> done);

 private:
  struct State;
  std::shared_ptr<const ModelSet> models_;
  std::unique_ptr<State> state_;
};

/// Creates the pool. Queue full: RESOURCE_EXHAUSTED. The destructor finishes what is queued.
std::shared_ptr<InferencePool> make_inference_pool(uint32_t threads, size_t queue_max);
/// Requests that wait now. Thread-safe.
size_t queue_length(const InferencePool& pool);

}  // namespace slipway::serving
