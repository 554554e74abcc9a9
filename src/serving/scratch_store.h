// ScratchStore: the Scratches of one model: one for each event loop, and those of pool threads; and
// when each loop last used the model, which decides what is evicted when memory is short.
//
// It belongs to the model and ends with it, off the request path: a model that is unloaded leaves
// nothing behind in any thread. Thread rule: a loop's scratch belongs to that loop's thread; take()
// and give_back() are thread-safe (a short lock, for requests that are dear anyway).
//
//   model.scratches->note_use(loop, now);
//   Scratch& scratch = model.scratches->of_loop(loop, model.executable());
//   ScratchStore::Lease lease(*model.scratches, model.executable());   // on a pool thread
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/thread_annotations.h"
#include "engine/executable.h"

namespace slipway::serving {

class ScratchStore {
 public:
  explicit ScratchStore(uint32_t loops) : of_loops_(loops) {}

  /// Made at the loop's first call.
  Scratch& of_loop(uint32_t loop, const Executable& executable) {
    CHECK(loop < of_loops_.size());
    std::unique_ptr<Scratch>& scratch = of_loops_[loop].scratch;
    if (scratch == nullptr) scratch = make(executable);
    return *scratch;
  }

  /// By the loop that has a request for the model: a plain store into its own cache line.
  void note_use(uint32_t loop, SteadyTime now) {
    CHECK(loop < of_loops_.size());
    of_loops_[loop].used.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  /// When any loop last used it. Thread-safe.
  SteadyTime last_used() const {
    SteadyTime::rep latest = 0;
    for (const LoopPart& part : of_loops_) {
      latest = std::max(latest, part.used.load(std::memory_order_relaxed));
    }
    return SteadyTime(SteadyTime::duration(latest));
  }
  /// How many there are. Thread-safe.
  uint32_t made() const { return made_.load(std::memory_order_relaxed); }

  std::unique_ptr<Scratch> take(const Executable& executable) EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      if (!spare_.empty()) {
        std::unique_ptr<Scratch> scratch = std::move(spare_.back());
        spare_.pop_back();
        return scratch;
      }
    }
    return make(executable);
  }
  void give_back(std::unique_ptr<Scratch> scratch) noexcept EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    try {
      spare_.push_back(std::move(scratch));
    } catch (const std::bad_alloc&) {  // then the next one makes its own
    }
  }

  /// A scratch for as long as the lease lives.
  class Lease {
   public:
    Lease(ScratchStore& store, const Executable& executable)
        : store_(store), scratch_(store.take(executable)) {}
    ~Lease() { store_.give_back(std::move(scratch_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Scratch& scratch() { return *scratch_; }

   private:
    ScratchStore& store_;
    std::unique_ptr<Scratch> scratch_;
  };

 private:
  static constexpr size_t kCacheLine = 64;
  struct alignas(kCacheLine) LoopPart {
    std::unique_ptr<Scratch> scratch;
    std::atomic<SteadyTime::rep> used{0};
  };

  std::unique_ptr<Scratch> make(const Executable& executable) {
    std::unique_ptr<Scratch> scratch = executable.make_scratch();
    made_.fetch_add(1, std::memory_order_relaxed);
    return scratch;
  }

  std::vector<LoopPart> of_loops_;
  std::atomic<uint32_t> made_{0};
  Mutex mutex_;
  std::vector<std::unique_ptr<Scratch>> spare_ GUARDED_BY(mutex_);
};

}  // namespace slipway::serving
