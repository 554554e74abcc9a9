// PoolSchedule: who is admitted to the inference pool, and what it runs next.
//
//   admit(request) --> queue of its model --next()--> a batch for a free thread --finished()-->
//
// Fair between models: each has a virtual time, the compute seconds that it has had, and of those
// that have something to run the one with the least goes first (start-time fair queueing). A model
// that was idle starts at the present, so that nobody saves up. Priorities order requests within
// their model.
//
// A request is refused at once if its queue is full and none in it is less urgent, or if by what
// waits and what it costs it cannot be answered before its deadline.
//
// Time is passed in. Thread rule: single-sequence; the pool calls it under its lock.
//
//   auto shed = schedule.admit(std::move(request), now);
//   if (auto work = schedule.next(now, 0)) { run(work->requests); schedule.finished(*work,
//   seconds); }
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "serving/model_queue.h"

namespace slipway::serving {

/// Requests that will not be run, and why. Their responses are the caller's to fill.
struct ShedRequests {
  Requests requests;
  ShedReason reason = ShedReason::kQueueFull;
  double retry_after_seconds = 0;  // when it makes sense to try again; 0: it never does
};

/// One batch that runs.
struct Work {
  Requests requests;
  ModelQueue* queue = nullptr;
  SteadyTime begun;
  SteadyTime held_since = SteadyTime::max();  // since when it waited only for company
  double load_measure_seconds = 0;            // what it takes by the measure at load
  double expected_seconds = 0;                // the same, corrected by what was learnt since
};

class PoolSchedule {
 public:
  PoolSchedule(uint32_t threads, AdmissionSettings settings);

  /// Settings of single models from now on; all others get the server's.
  void set_overrides(std::map<std::string, AdmissionOverrides, std::less<>> overrides);

  /// Queues the list's only request. What is given back will not be run: the request itself, or one
  /// that had to make room for it.
  std::optional<ShedRequests> admit(Requests request, SteadyTime now);
  /// The next batch; none if nothing is ready. `threads_free`: those beside the caller's.
  std::optional<Work> next(SteadyTime now, size_t threads_free);
  /// The batch has had so much time; `complete`: all of it was computed.
  void finished(const Work& work, double measured_seconds, bool complete);
  /// When next() is to be asked again though nothing happens.
  SteadyTime next_ready(SteadyTime now) const;

  SteadyTime next_expiry() const { return next_expiry_; }
  Requests take_expired(SteadyTime now);
  /// No batch waits for company any more.
  void close() { closed_ = true; }

  /// What is in force for a model.
  AdmissionSettings settings_of(std::string_view name) const;
  size_t size() const { return size_; }
  /// Models whose queue is kept, be it empty.
  size_t queues() const { return shares_.size(); }
  /// How long a new request for that model would wait, among those that are as urgent.
  double expected_wait(std::string_view model, uint32_t priority, SteadyTime now) const;

 private:
  /// A model's queue and its share of the pool.
  struct Share {
    Share(std::string name, AdmissionSettings settings)
        : queue(std::move(name), std::move(settings)) {}
    ModelQueue queue;
    double virtual_seconds = 0;
    uint32_t running = 0;
    SteadyTime held_since = SteadyTime::max();
  };
  struct Refusal {
    ShedReason reason;
    double retry_after_seconds = 0;
  };
  struct Running {
    SteadyTime begun;
    double expected_seconds = 0;
  };
  struct NameHash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };

  Share& share_of(const std::string& name);
  void drop_idle_shares();
  double expected_wait(const Share* share, uint32_t priority, SteadyTime now) const;
  std::optional<Refusal> hopeless(const Share& share, const PendingRequest& request,
                                  SteadyTime now) const;
  Share* choose(SteadyTime now);
  bool ready(Share& share, SteadyTime now) const;

  const uint32_t threads_;
  const AdmissionSettings settings_;
  std::map<std::string, AdmissionOverrides, std::less<>> overrides_;
  std::unordered_map<std::string, std::unique_ptr<Share>, NameHash, std::equal_to<>> shares_;
  size_t shares_kept_ = 0;
  std::vector<Share*> waiting_;  // those with requests
  std::vector<Running> running_;
  SteadyTime next_expiry_ = SteadyTime::max();  // or sooner
  double virtual_now_ = 0;
  size_t size_ = 0;
  bool closed_ = false;
};

}  // namespace slipway::serving
