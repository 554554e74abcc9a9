// ModelQueue: the requests for one model that wait for the inference pool, and what is to be run
// together of them.
//
//   PoolSchedule --push--> urgent first, then first come --take--> one batch
//
// Requests of one batch are for the same version and the same outputs. Time is passed in. Thread
// rule: single-sequence; the pool calls it under its lock.
//
//   queue.push(request);
//   if (queue.ready_at(now) <= now) auto batch = queue.take(now, threads_free);
#pragma once

#include <array>
#include <functional>
#include <list>
#include <string>

#include "base/clock.h"
#include "serving/admission.h"
#include "serving/inference.h"

namespace slipway::serving {

/// A request on its way through the pool. Request and response are the caller's until `done`.
struct PendingRequest {
  const InferRequest* request = nullptr;
  InferResponse* response = nullptr;
  std::function<void()> done;
  SteadyTime queued;
  SteadyTime expires = SteadyTime::max();  // its deadline, or the end of the queue's patience
  uint32_t priority = 1;
  // What it costs by the model's measure: once for each run, and for its rows.
  double run_seconds = 0;
  double rows_seconds = 0;

  size_t rows() const { return request->input.rows(); }
  double seconds() const { return run_seconds + rows_seconds; }
};

/// A list, so that requests move without being copied.
using Requests = std::list<PendingRequest>;

class ModelQueue {
 public:
  ModelQueue(std::string name, AdmissionSettings settings)
      : name_(std::move(name)), settings_(std::move(settings)) {}

  const std::string& name() const { return name_; }
  const AdmissionSettings& settings() const { return settings_; }
  void set_settings(AdmissionSettings settings) { settings_ = std::move(settings); }

  bool empty() const { return waiting_.empty(); }
  size_t size() const { return waiting_.size(); }
  bool full() const { return waiting_.size() >= settings_.queue.requests_max; }

  /// Takes the list's only request, behind all that are as urgent.
  void push(Requests request);
  /// The last of those that are less urgent than `priority`; empty if there is none.
  Requests take_less_urgent(uint32_t priority);
  /// What has expired by now.
  Requests take_expired(SteadyTime now);
  /// When the next one expires.
  SteadyTime next_expiry() const;

  /// From when on the next batch may begin; now or before: at once.
  SteadyTime ready_at(SteadyTime now) const;
  /// The next batch, at least one request. `threads_free` others could run the rest at the same
  /// time.
  Requests take(SteadyTime now, size_t threads_free);

  /// How long all that are at least so urgent will compute, joined as they would be.
  double expected_seconds(uint32_t priority = kPriorityLevels) const;
  /// How long these will compute together.
  double expected_seconds(const Requests& batch) const;
  /// Corrects the measure taken at load: what a run should have taken by it, and took.
  void learn(double load_measure_seconds, double measured_seconds);
  /// How real requests cost against the measure.
  double cost_factor() const { return cost_factor_; }

 private:
  /// What waits of one priority.
  struct Level {
    size_t requests = 0;
    size_t rows = 0;
    double run_seconds = 0;
    double rows_seconds = 0;
  };
  /// How many of the first requests that go together make the next batch, and until when it waits.
  struct Plan {
    size_t requests = 1;
    SteadyTime ready_at = SteadyTime::min();
  };

  void count(const PendingRequest& request, int sign);
  Requests take_one(Requests::iterator place);
  Plan plan(SteadyTime now, size_t rows_max) const;
  size_t waiting_rows() const;
  static bool goes_with(const PendingRequest& first, const PendingRequest& other);

  const std::string name_;
  AdmissionSettings settings_;
  Requests waiting_;  // by priority, then by age
  std::array<Level, kPriorityLevels> levels_;
  double cost_factor_ = 1;
};

}  // namespace slipway::serving
