#include "serving/inference_pool.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "base/cpu_list.h"
#include "serving/serving_metrics.h"

namespace slipway::serving {
namespace {

using std::chrono::steady_clock;

Status shed_status(ShedReason reason, double retry_after_seconds) {
  switch (reason) {
    case ShedReason::kQueueFull:
      return resource_exhausted("the inference queue is full; try again later");
    case ShedReason::kDisplaced:
      return resource_exhausted(
          "the inference queue is full and a more urgent request took the place; try again later");
    case ShedReason::kQueueTimeout:
      return resource_exhausted("the request waited too long for an inference thread");
    case ShedReason::kDeadlinePassed:
      return {StatusCode::kDeadlineExceeded, "the deadline passed while the request waited"};
    case ShedReason::kDeadlineTooClose:
      if (retry_after_seconds == 0) {
        return {StatusCode::kDeadlineExceeded,
                "the model takes longer than the request's deadline allows"};
      }
      return resource_exhausted(
          "the inference queue is too long for the request's deadline; try again later");
    case ShedReason::kCancelled: return {StatusCode::kCancelled, "the request was cancelled"};
  }
  return internal_error("a request was given up");
}

/// A request has left the pool: its answer is complete.
void leave(PendingRequest& pending) {
  if (ModelMetrics* metrics = pending.request->model->metrics; metrics != nullptr) {
    metrics->in_flight.add(metrics::kSharedShard, -1);
  }
  pending.response->ended = steady_clock::now();
  // The request may be gone, and its model with it, once this is called.
  pending.done();
}

void leave_queue(const PendingRequest& pending) {
  if (ModelMetrics* metrics = pending.request->model->metrics; metrics != nullptr) {
    metrics->queue_length.add(metrics::kSharedShard, -1);
  }
}

/// Answers what is not run. The requests have left the queue.
void shed(Requests& requests, ShedReason reason, double retry_after_seconds) {
  for (PendingRequest& pending : requests) {
    InferResponse& response = *pending.response;
    response.status = shed_status(reason, retry_after_seconds);
    response.retry_after_seconds = retry_after_seconds;
    if (ModelMetrics* metrics = pending.request->model->metrics; metrics != nullptr) {
      metrics->shed[static_cast<size_t>(reason)]->add(metrics::kSharedShard);
    }
    leave(pending);
  }
  requests.clear();
}

void shed_expired(Requests& requests, SteadyTime now) {
  Requests timed_out;
  for (auto place = requests.begin(); place != requests.end();) {
    const auto next = std::next(place);
    if (now < place->request->deadline) timed_out.splice(timed_out.end(), requests, place);
    place = next;
  }
  shed(requests, ShedReason::kDeadlinePassed, 0);
  shed(timed_out, ShedReason::kQueueTimeout, 1);
}

/// Moves out what nobody waits for any more.
Requests take_cancelled(Requests& requests) {
  Requests cancelled;
  for (auto place = requests.begin(); place != requests.end();) {
    const auto next = std::next(place);
    const auto& asks = place->request->cancelled;
    if (asks && asks()) cancelled.splice(cancelled.end(), requests, place);
    place = next;
  }
  return cancelled;
}

Requests take_expired(Requests& requests, SteadyTime now) {
  Requests expired;
  for (auto place = requests.begin(); place != requests.end();) {
    const auto next = std::next(place);
    if (place->expires <= now) expired.splice(expired.end(), requests, place);
    place = next;
  }
  return expired;
}

/// Notes the times of requests that have run, together (`joined`) or one after the other.
void record(Work& work, SteadyTime ended, bool joined) {
  const double compute = seconds_between(work.begun, ended);
  size_t rows = 0;
  for (const PendingRequest& pending : work.requests) rows += pending.rows();
  for (PendingRequest& pending : work.requests) {
    InferResponse& response = *pending.response;
    const double waited = seconds_between(pending.queued, work.begun);
    response.batch_seconds =
        work.held_since == SteadyTime::max()
            ? 0
            : seconds_between(std::max(pending.queued, work.held_since), work.begun);
    response.queue_seconds = std::max(0.0, waited - response.batch_seconds);
    response.compute_seconds = compute;
    response.batch_rows = joined ? rows : pending.rows();
    response.leads_batch = !joined || &pending == &work.requests.front();
    ModelMetrics* metrics = pending.request->model->metrics;
    if (metrics == nullptr) continue;
    metrics->queue_seconds.observe(metrics::kSharedShard, waited);
    metrics->compute_seconds.observe(metrics::kSharedShard, compute);
    if (response.status.ok()) metrics->rows.add(metrics::kSharedShard, pending.rows());
  }
  ModelMetrics* metrics = work.requests.front().request->model->metrics;
  if (metrics != nullptr) {
    metrics->batch_rows.observe(metrics::kSharedShard, static_cast<double>(rows));
  }
}

}  // namespace

InferencePool::InferencePool(const Options& options)
    : schedule_(options.threads, options.settings) {
  for (uint32_t i = 0; i < std::max(options.threads, 1U); ++i) {
    const auto& cpus = options.cpus;
    threads_.emplace_back(
        [this, i, pinned = !cpus.empty(), cpu = cpus.empty() ? 0 : cpus[i % cpus.size()]] {
          pthread_setname_np(pthread_self(), fmt::format("infer-{}", i).c_str());
          if (pinned) pin_this_thread(cpu);
          work();
        });
  }
  expiry_thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "infer-expiry");
    watch_expiry();
  });
}

InferencePool::~InferencePool() {
  {
    const MutexLock lock(mutex_);
    closed_ = true;
    schedule_.close();
  }
  filled_.notify_all();
  expires_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  expiry_thread_.join();
}

void InferencePool::set_overrides(Overrides overrides) {
  {
    const MutexLock lock(mutex_);
    schedule_.set_overrides(std::move(overrides));
  }
  filled_.notify_all();  // what waited for company may not have to any more
}

size_t InferencePool::queue_length() const {
  const MutexLock lock(mutex_);
  return schedule_.size();
}

AdmissionSettings InferencePool::settings_of(std::string_view model) const {
  const MutexLock lock(mutex_);
  return schedule_.settings_of(model);
}

void InferencePool::submit(const InferRequest& request, InferResponse& response,
                           std::function<void()> done) {
  const ServedModel& model = *request.model;
  const ExpectedCost cost = expected_cost(request);
  Requests pending;
  pending.emplace_back();
  pending.front().request = &request;
  pending.front().response = &response;
  pending.front().done = std::move(done);
  pending.front().run_seconds = cost.run_seconds;
  pending.front().rows_seconds = cost.rows_seconds;
  // Counted before it is queued: a pool thread may be done before this one goes on, and then
  // neither the request nor its model may be touched.
  if (model.metrics != nullptr) model.metrics->queue_length.add(metrics::kSharedShard, 1);
  std::optional<ShedRequests> refused;
  bool expires_first = false;
  {
    const MutexLock lock(mutex_);
    const SteadyTime next_expiry = schedule_.next_expiry();
    refused = schedule_.admit(std::move(pending), steady_clock::now());
    expires_first = schedule_.next_expiry() < next_expiry;
  }
  if (expires_first) expires_.notify_one();
  if (!refused || refused->reason == ShedReason::kDisplaced) filled_.notify_one();
  if (!refused) return;
  for (const PendingRequest& one : refused->requests) leave_queue(one);
  shed(refused->requests, refused->reason, refused->retry_after_seconds);
}

std::optional<Work> InferencePool::wait_for_work() {
  const MutexLock lock(mutex_);
  while (true) {
    const SteadyTime now = steady_clock::now();
    if (auto work = schedule_.next(now, threads_free_)) {
      // Somebody else has to watch what still waits for company.
      if (schedule_.size() > 0 && threads_free_ > 0) filled_.notify_one();
      return work;
    }
    if (closed_) return std::nullopt;
    const SteadyTime next = schedule_.next_ready(now);
    ++threads_free_;
    if (next == SteadyTime::max()) {
      filled_.wait(mutex_);
    } else {
      filled_.wait_until(mutex_, next);
    }
    --threads_free_;
  }
}

void InferencePool::work() {
  JoinedRun joined;
  while (auto work = wait_for_work()) run(*work, joined);
}

void InferencePool::run(Work& work, JoinedRun& joined) {
  for (const PendingRequest& pending : work.requests) leave_queue(pending);
  Requests expired = take_expired(work.requests, work.begun);
  Requests cancelled = take_cancelled(work.requests);
  double seconds = 0;
  bool complete = false;
  if (!work.requests.empty()) {
    const ServedModel& model = *work.requests.front().request->model;
    try {
      ScratchStore::Lease lease(*model.scratches, model.executable());
      complete = joined.run(work.requests, lease.scratch());
    } catch (const std::bad_alloc&) {  // there is no scratch
      for (PendingRequest& pending : work.requests) {
        pending.response->status = resource_exhausted("not enough memory for this request");
      }
    }
    const SteadyTime ended = steady_clock::now();
    seconds = seconds_between(work.begun, ended);
    record(work, ended, joined.joined());
  }
  const bool learns = complete && expired.empty() && cancelled.empty();
  {
    const MutexLock lock(mutex_);
    schedule_.finished(work, seconds, learns);
  }
  shed_expired(expired, work.begun);
  shed(cancelled, ShedReason::kCancelled, 0);
  for (PendingRequest& pending : work.requests) leave(pending);
}

void InferencePool::watch_expiry() {
  while (true) {
    Requests expired;
    SteadyTime now;
    {
      const MutexLock lock(mutex_);
      if (closed_) return;
      now = steady_clock::now();
      const SteadyTime next = schedule_.next_expiry();
      if (next > now) {
        if (next == SteadyTime::max()) {
          expires_.wait(mutex_);
        } else {
          expires_.wait_until(mutex_, next);
        }
        continue;
      }
      expired = schedule_.take_expired(now);
    }
    for (const PendingRequest& pending : expired) leave_queue(pending);
    shed_expired(expired, now);
  }
}

std::shared_ptr<InferencePool> make_inference_pool(uint32_t threads, uint32_t queue_max) {
  InferencePool::Options options;
  options.threads = threads;
  options.settings.queue.requests_max = queue_max;
  return std::make_shared<InferencePool>(options);
}

size_t queue_length(const InferencePool& pool) { return pool.queue_length(); }

}  // namespace slipway::serving
