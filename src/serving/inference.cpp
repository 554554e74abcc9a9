#include "serving/inference.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>

#include "serving/inference_pool.h"
#include "serving/serving_metrics.h"

namespace slipway::serving {
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

ExpectedCost expected_cost(const InferRequest& request) {
  const ServedModel& model = *request.model;
  const size_t rows = request.input.rows();
  const int outputs = std::max(1, std::popcount(request.wanted));
  const double seconds = model.seconds_first_row +
                         model.seconds_per_row * static_cast<double>(rows > 0 ? rows - 1 : 0);
  const double run = std::max(0.0, model.seconds_first_row - model.seconds_per_row);
  return {run * outputs, (seconds - run) * outputs};
}

bool Inference::is_inline(const InferRequest& request) const {
  if (state_->pool == nullptr) return true;
  return expected_cost(request).seconds() <= state_->options.inline_seconds_max;
}

ExecutionPlan Inference::plan_of(const ServedModel& model) const {
  ExecutionPlan plan;
  plan.rows_max = state_->options.rows_max;
  if (state_->pool == nullptr) return plan;
  plan.is_inline = model.seconds_first_row <= state_->options.inline_seconds_max;
  plan.threads = state_->pool->threads();
  plan.admission = state_->pool->settings_of(model.name);
  return plan;
}

void Inference::infer(const InferRequest& request, InferResponse& response) {
  response.begun = std::chrono::steady_clock::now();
  response.ended = response.begun;
  response.queue_seconds = 0;
  response.batch_seconds = 0;
  response.compute_seconds = 0;
  response.batch_rows = 0;
  response.retry_after_seconds = 0;
  response.status = state_->check(request);
  if (!response.status.ok()) return;
  const ServedModel& model = *request.model;
  ModelMetrics* metrics = model.metrics;
  model.scratches->note_use(state_->loop, response.begun);
  if (metrics != nullptr) metrics->in_flight.add(state_->loop, 1);
  response.status = run_alone(request, model.scratches->of_loop(state_->loop, model.executable()),
                              response.outputs);
  response.ended = std::chrono::steady_clock::now();
  response.compute_seconds = seconds_between(response.begun, response.ended);
  response.batch_rows = request.input.rows();
  response.leads_batch = true;
  if (metrics == nullptr) return;
  metrics->queue_seconds.observe(state_->loop, 0);
  metrics->compute_seconds.observe(state_->loop, response.compute_seconds);
  if (response.status.ok()) metrics->rows.add(state_->loop, request.input.rows());
  metrics->in_flight.add(state_->loop, -1);
}

void Inference::infer_in_pool(const InferRequest& request, InferResponse& response,
                              std::function<void()> done) {
  response.begun = std::chrono::steady_clock::now();
  response.ended = response.begun;
  response.queue_seconds = 0;
  response.batch_seconds = 0;
  response.compute_seconds = 0;
  response.batch_rows = 0;
  response.retry_after_seconds = 0;
  response.status = state_->check(request);
  if (response.status.ok() && state_->pool == nullptr) {
    response.status = internal_error("there is no inference pool");
  }
  if (!response.status.ok()) return done();
  // Counted before it is submitted: afterwards the request may be gone.
  if (ModelMetrics* metrics = request.model->metrics; metrics != nullptr) {
    metrics->in_flight.add(state_->loop, 1);
  }
  request.model->scratches->note_use(state_->loop, response.begun);
  state_->pool->submit(request, response, std::move(done));
}

}  // namespace slipway::serving
