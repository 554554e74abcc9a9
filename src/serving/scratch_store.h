// ScratchStore: the Scratches of one model: one for each event loop, and those of pool threads.
//
// It belongs to the model and ends with it, off the request path: a model that is unloaded leaves
// nothing behind in any thread. Thread rule: a loop's scratch belongs to that loop's thread; take()
// and give_back() are thread-safe (a short lock, for requests that are dear anyway).
//
//   Scratch& scratch = model.scratches->of_loop(loop, model.executable());
//   ScratchStore::Lease lease(*model.scratches, model.executable());   // on a pool thread
#pragma once

#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/thread_annotations.h"
#include "engine/executable.h"

namespace slipway::serving {

class ScratchStore {
 public:
  explicit ScratchStore(uint32_t loops) : of_loops_(loops) {}

  /// Made at the loop's first call.
  Scratch& of_loop(uint32_t loop, const Executable& executable) {
    CHECK(loop < of_loops_.size());
    std::unique_ptr<Scratch>& scratch = of_loops_[loop];
    if (scratch == nullptr) scratch = executable.make_scratch();
    return *scratch;
  }

  std::unique_ptr<Scratch> take(const Executable& executable) EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      if (!spare_.empty()) {
        std::unique_ptr<Scratch> scratch = std::move(spare_.back());
        spare_.pop_back();
        return scratch;
      }
    }
    return executable.make_scratch();
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
  std::vector<std::unique_ptr<Scratch>> of_loops_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Scratch>> spare_ GUARDED_BY(mutex_);
};

}  // namespace slipway::serving
