// BoundedQueue: hands values from many threads to many threads; never grows beyond its bound.
//
// A full queue refuses (the caller answers RESOURCE_EXHAUSTED); a closed one refuses new values and
// gives out what it holds. Thread-safe. Owns the values inside.
//
//   BoundedQueue<Task> queue(128);
//   if (!queue.try_push(std::move(task))) return resource_exhausted(...);
//   while (auto next = queue.pop()) run(*next);   // a worker; ends when closed and empty
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "base/thread_annotations.h"

namespace slipway {

template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(size_t size_max) : size_max_(std::max<size_t>(size_max, 1)) {}

  /// False, and `value` untouched, if the queue is full or closed.
  bool try_push(T&& value) EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      if (closed_ || values_.size() >= size_max_) return false;
      values_.push_back(std::move(value));
    }
    filled_.notify_one();
    return true;
  }

  /// Waits for a value; nothing once the queue is closed and empty.
  std::optional<T> pop() EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    while (values_.empty() && !closed_) filled_.wait(mutex_);
    if (values_.empty()) return std::nullopt;
    std::optional<T> value(std::move(values_.front()));
    values_.pop_front();
    return value;
  }

  void close() EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      closed_ = true;
    }
    filled_.notify_all();
  }

  size_t size() const EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return values_.size();
  }

 private:
  const size_t size_max_;
  mutable Mutex mutex_;
  ConditionVariable filled_;
  std::deque<T> values_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace slipway
