// WakeUp: ends a thread's poll() from another thread, by a descriptor that both know.
//
// Thread-safe.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

namespace slipway::lifecycle {

class WakeUp {
 public:
  WakeUp() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~WakeUp() {
    if (valid()) close(descriptor_);
  }
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  /// False if the system gave no descriptor: errno says why.
  bool valid() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  void wake() const { eventfd_write(descriptor_, 1); }
  void clear() const {
    eventfd_t ignored = 0;
    eventfd_read(descriptor_, &ignored);
  }

 private:
  const int descriptor_;
};

}  // namespace slipway::lifecycle
