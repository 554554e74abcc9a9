// ConnectionCount: the connections of all loops of a server, and the loops that still accept; lets
// stop() wait for none.
//
// Ownership: owned by the Server, outlives its loops. Thread-safe. A loop counts its connection
// before it takes its listener off, so once no listener is left the connections only become fewer.
//
//   ConnectionCount count(loops);
//   count.add();  ...  count.remove();     // a loop, for each connection
//   count.remove_listener();               // a loop, once it accepts no more
//   const bool none = count.wait_until_none(deadline);
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>

#include "base/thread_annotations.h"

namespace slipway::transport {

class ConnectionCount {
 public:
  explicit ConnectionCount(uint32_t listeners) : listeners_(listeners) {}

  /// The number before.
  uint32_t add() { return open_.fetch_add(1); }
  void remove() {
    if (open_.fetch_sub(1) == 1) wake();
  }
  void remove_listener() {
    if (listeners_.fetch_sub(1) == 1) wake();
  }

  /// True if all listeners and connections were gone before the deadline.
  bool wait_until_none(std::chrono::steady_clock::time_point deadline) EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    while (!none()) {
      if (changed_.wait_until(mutex_, deadline) == std::cv_status::timeout) return none();
    }
    return true;
  }

 private:
  bool none() const { return listeners_.load() == 0 && open_.load() == 0; }

  // A waiter holds the mutex from its look at the counts until it sleeps: it cannot miss this.
  void wake() EXCLUDES(mutex_) {
    { const MutexLock lock(mutex_); }
    changed_.notify_all();
  }

  std::atomic<uint32_t> listeners_;
  std::atomic<uint32_t> open_{0};
  Mutex mutex_;
  ConditionVariable changed_;
};

}  // namespace slipway::transport
