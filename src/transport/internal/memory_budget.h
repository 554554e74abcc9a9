// What the connections of one event loop may hold in buffers beyond their small initial ones.
// Reserved before memory is taken, so that many slow large uploads end in 503 and not in the OOM
// killer.
//
// Thread rule: thread-safe. The loop reserves; the last owner of an exchange whose loop has ended
// may release from another thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace slipway::transport {

class MemoryBudget {
 public:
  explicit MemoryBudget(uint64_t bytes_max) : bytes_max_(bytes_max) {}

  bool reserve(uint64_t bytes) {
    const uint64_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
    if (bytes <= bytes_max_ && before <= bytes_max_ - bytes) return true;
    release(bytes);
    return false;
  }
  void release(uint64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  uint64_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  const uint64_t bytes_max_;
  std::atomic<uint64_t> used_{0};
};

}  // namespace slipway::transport
