#include "serving/inference.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <new>
#include <thread>

#include "base/bounded_queue.h"
#include "serving/serving_metrics.h"

namespace slipway::serving {
namespace {

double seconds_between(SteadyTime begin, SteadyTime end) {
  return std::chrono::duration<double>(end - begin).count();
}

/// Runs the model on the caller's thread; an exhausted heap ends this request only.
Status run_model(const InferRequest& request, Scratch& scratch, InferResponse& response) {
  const ServedModel& model = *request.model;
  const OutputMask wanted =
      request.wanted != 0 ? request.wanted : OutputMask{1} << model.signature().default_output;
  try {
    return model.executable().run(request.input.batch(), wanted, scratch, response.outputs);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("not enough memory for this request");
  }
}

/// Computes and records: the part that loops and pool threads share.
void compute(const InferRequest& request, Scratch& scratch, uint32_t shard, SteadyTime queued,
             SteadyTime begin, InferResponse& response) {
  response.status = run_model(request, scratch, response);
  const SteadyTime end = std::chrono::steady_clock::now();
  response.queue_seconds = seconds_between(queued, begin);
  response.compute_seconds = seconds_between(begin, end);
  if (ModelMetrics* metrics = request.model->metrics; metrics != nullptr) {
    metrics->queue_seconds.observe(shard, response.queue_seconds);
    metrics->compute_seconds.observe(shard, response.compute_seconds);
    if (response.status.ok()) metrics->rows.add(shard, request.input.rows());
    metrics->in_flight.add(shard, -1);
  }
}

}  // namespace

/// Threads that run requests which are too dear for a loop.
class InferencePool {
 public:
  struct Task {
    const InferRequest* request;
    InferResponse* response;
    std::function<void()> done;
    SteadyTime queued;
  };

  InferencePool(uint32_t threads, size_t queue_max) : queue_(queue_max) {
    for (uint32_t i = 0; i < std::max(threads, 1U); ++i) {
      threads_.emplace_back([this] { work(); });
    }
  }
  InferencePool(const InferencePool&) = delete;
  InferencePool& operator=(const InferencePool&) = delete;
  ~InferencePool() {
    queue_.close();
    for (std::thread& thread : threads_) thread.join();
  }

  bool try_push(Task&& task) { return queue_.try_push(std::move(task)); }
  size_t queue_length() const { return queue_.size(); }

 private:
  void work() {
    while (auto task = queue_.pop()) {
      run(*task);
      task->done();
    }
  }

  static void run(const Task& task) {
    const ServedModel& model = *task.request->model;
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now >= task.request->deadline) {
      task.response->status =
          Status(StatusCode::kDeadlineExceeded, "the deadline passed while the request waited");
      if (model.metrics != nullptr) model.metrics->in_flight.add(metrics::kSharedShard, -1);
      return;
    }
    try {
      ScratchStore::Lease lease(*model.scratches, model.executable());
      compute(*task.request, lease.scratch(), metrics::kSharedShard, task.queued, now,
              *task.response);
    } catch (const std::bad_alloc&) {  // there is no scratch
      task.response->status = resource_exhausted("not enough memory for this request");
      if (model.metrics != nullptr) model.metrics->in_flight.add(metrics::kSharedShard, -1);
    }
  }

  BoundedQueue<Task> queue_;
  std::vector<std::thread> threads_;
};

std::shared_ptr<InferencePool> make_inference_pool(uint32_t threads, size_t queue_max) {
  return std::make_shared<InferencePool>(threads, queue_max);
}

size_t queue_length(const InferencePool& pool) { return pool.queue_length(); }

struct Inference::State {
  Options options;
  std::shared_ptr<InferencePool> pool;
  uint32_t loop;

  /// What no model takes.
  Status check(const InferRequest& request) const {
    const size_t rows = request.input.rows();
    if (rows == 0) return invalid_argument("the request has no rows; expected at least one");
    if (rows > options.rows_max) {
      return invalid_argument(
          fmt::format("too many rows in one request: {}, at most {}", rows, options.rows_max));
    }
    return {};
  }
};

Inference::Inference(const Options& options, std::shared_ptr<InferencePool> pool, uint32_t loop)
    : state_(std::make_unique<State>(State{options, std::move(pool), loop})) {}
Inference::~Inference() = default;

void Inference::set_models(std::shared_ptr<const ModelSet> models) { models_ = std::move(models); }

bool Inference::is_inline(const InferRequest& request) const {
  if (state_->pool == nullptr) return true;
  const size_t rows = request.input.rows();
  const int outputs = std::max(1, std::popcount(request.wanted));
  const double seconds =
      request.model->seconds_first_row +
      request.model->seconds_per_row * static_cast<double>(rows > 0 ? rows - 1 : 0);
  return seconds * outputs <= state_->options.inline_seconds_max;
}

void Inference::infer(const InferRequest& request, InferResponse& response) {
  const SteadyTime begin = std::chrono::steady_clock::now();
  response.queue_seconds = 0;
  response.compute_seconds = 0;
  response.status = state_->check(request);
  if (!response.status.ok()) return;
  if (request.model->metrics != nullptr) request.model->metrics->in_flight.add(state_->loop, 1);
  const ServedModel& model = *request.model;
  model.scratches->note_use(state_->loop, begin);
  compute(request, model.scratches->of_loop(state_->loop, model.executable()), state_->loop, begin,
          begin, response);
}

void Inference::infer_in_pool(const InferRequest& request, InferResponse& response,
                              std::function<void()> done) {
  response.queue_seconds = 0;
  response.compute_seconds = 0;
  response.status = state_->check(request);
  if (!response.status.ok()) {
    done();
    return;
  }
  // Counted before the push: a pool thread may be done before this one goes on, and then neither
  // request nor response may be touched.
  ModelMetrics* metrics = request.model->metrics;
  if (metrics != nullptr) metrics->in_flight.add(state_->loop, 1);
  InferencePool::Task task{&request, &response, std::move(done), std::chrono::steady_clock::now()};
  request.model->scratches->note_use(state_->loop, task.queued);
  if (state_->pool != nullptr && state_->pool->try_push(std::move(task))) return;
  if (metrics != nullptr) metrics->in_flight.add(state_->loop, -1);
  response.status = resource_exhausted("the inference queue is full; try again later");
  task.done();  // NOLINT(bugprone-use-after-move): try_push() moves only if it takes the task
}

}  // namespace slipway::serving
