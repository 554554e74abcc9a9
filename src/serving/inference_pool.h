// InferencePool: the threads that run dear requests, shared by all loops.
//
//   Inference::infer_in_pool --submit--> PoolSchedule --batch--> a thread --> done of each request
//
// What is not run (no room, no time, nobody waits) is answered as soon as that is known, even while
// all threads are busy. Each request's `done` is called exactly once. Thread rule: thread-safe.
//
//   auto pool = std::make_shared<InferencePool>(InferencePool::Options{.threads = 2});
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/thread_annotations.h"
#include "serving/joined_run.h"
#include "serving/pool_schedule.h"

namespace slipway::serving {

class InferencePool {
 public:
  struct Options {
    uint32_t threads = 1;
    AdmissionSettings settings;
    std::vector<uint32_t> cpus;  // thread i runs on cpus[i % size] only; empty: on any
  };
  using Overrides = std::map<std::string, AdmissionOverrides, std::less<>>;

  explicit InferencePool(const Options& options);
  /// Finishes what is queued.
  ~InferencePool();
  InferencePool(const InferencePool&) = delete;
  InferencePool& operator=(const InferencePool&) = delete;

  /// Settings of single models, by name, from now on.
  void set_overrides(Overrides overrides) EXCLUDES(mutex_);
  /// Queues the request, or refuses it; `done` as in Inference::infer_in_pool().
  void submit(const InferRequest& request, InferResponse& response, std::function<void()> done)
      EXCLUDES(mutex_);
  size_t queue_length() const EXCLUDES(mutex_);
  /// What is in force for a model.
  AdmissionSettings settings_of(std::string_view model) const EXCLUDES(mutex_);
  uint32_t threads() const { return static_cast<uint32_t>(threads_.size()); }

 private:
  void work() EXCLUDES(mutex_);
  std::optional<Work> wait_for_work() EXCLUDES(mutex_);
  void run(Work& work, JoinedRun& joined) EXCLUDES(mutex_);
  void watch_expiry() EXCLUDES(mutex_);

  mutable Mutex mutex_;
  ConditionVariable filled_;
  ConditionVariable expires_;
  PoolSchedule schedule_ GUARDED_BY(mutex_);
  size_t threads_free_ GUARDED_BY(mutex_) = 0;
  bool closed_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
  std::thread expiry_thread_;
};

}  // namespace slipway::serving
