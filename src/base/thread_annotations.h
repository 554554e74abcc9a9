// Clang's thread safety annotations (clang.llvm.org/docs/ThreadSafetyAnalysis.html); empty
// elsewhere. std::mutex carries no capability in libstdc++, so Mutex and MutexLock below wrap it.
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define SLIPWAY_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define SLIPWAY_THREAD_ATTRIBUTE(x)
#endif

#define GUARDED_BY(x) SLIPWAY_THREAD_ATTRIBUTE(guarded_by(x))
#define REQUIRES(...) SLIPWAY_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) SLIPWAY_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace slipway {

class SLIPWAY_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() SLIPWAY_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() SLIPWAY_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class SLIPWAY_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) SLIPWAY_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() SLIPWAY_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

/// Waits on a Mutex; the caller holds it (and tests its condition in a loop).
using ConditionVariable = std::condition_variable_any;

}  // namespace slipway
