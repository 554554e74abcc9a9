// RunLock: how others see that the process of a run lives. It holds the byte of the run's number in
// the file runs.lock, and the kernel lets go of it however the process ends.
//
// The locks are those of open file descriptions (fcntl(2), F_OFD_SETLK), so that no other use of
// the file in this process loses them. Thread rule: single-sequence.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace slipway::experiments {

class RunLock {
 public:
  /// Opens the file, makes it if it may. UNAVAILABLE names it.
  static Result<RunLock> open(const std::string& folder);
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&& other) noexcept;
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;
  ~RunLock();

  /// Waits until nobody else is about to make or change the file of records; until the end of this
  /// RunLock.
  Status wait_for_turn();
  /// Until release(), or the end of the process.
  Status hold(int64_t number);
  void release();
  /// Whether some other process, or another RunLock of this one, holds the run's byte.
  bool is_held(int64_t number) const;

 private:
  explicit RunLock(int fd) : fd_(fd) {}
  int fd_ = -1;
  int64_t held_ = 0;
};

}  // namespace slipway::experiments
