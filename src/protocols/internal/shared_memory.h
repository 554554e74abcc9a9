// SharedMemory: the regions of POSIX shared memory that clients of Triton's extension have
// registered, to give inputs and to take outputs without sending them.
//
//   register call --> region --slice()--> SharedSlice --read()--> the rows; write() <-- the outputs
//
// A region is never mapped: the client that made it may cut it off at any time, and touching a page
// that is gone ends a process by SIGBUS. Bytes are copied by pread() and pwrite(), which tell of it
// instead; what is checked is so what is used, too.
//
// Ownership: a slice keeps its region open, so that one may be unregistered while it is in use.
// Thread rule: thread-safe.
//
//   TRY_STATUS(shared.add("in", "/in0", 0, 4096));
//   const SharedSlice slice = TRY(shared.slice("in", 0, 32));
//   TRY_STATUS(slice.read(bytes));
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/thread_annotations.h"

namespace slipway::protocols {

/// What a client has said of a region.
struct SharedRegion {
  std::string name;
  std::string key;  // as for shm_open()
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

class OpenRegion;  // its descriptor

/// A part of a region; null if there is none.
struct SharedSlice {
  std::shared_ptr<const OpenRegion> region;
  uint64_t offset = 0;  // in the region
  uint64_t bytes = 0;

  explicit operator bool() const { return region != nullptr; }
  const std::string& region_name() const;
  /// Copies the bytes. INVALID_ARGUMENT if the region has been cut off meanwhile.
  Status read(std::string& out) const;
  /// Puts the data at the slice's beginning. INVALID_ARGUMENT as for read(); INTERNAL, as Triton
  /// has it, if it is longer than the slice; `output` is for the message.
  Status write(std::string_view data, std::string_view output) const;
};

class SharedMemory {
 public:
  /// `slice_bytes_max`: what one request may take from it.
  SharedMemory(bool enabled, uint64_t slice_bytes_max);
  ~SharedMemory();

  /// UNIMPLEMENTED, in Triton's words, if the server does not allow it.
  Status check_enabled() const;
  uint64_t slice_bytes_max() const { return slice_bytes_max_; }
  /// Errors and their texts are Triton's.
  Status add(std::string_view name, std::string_view key, uint64_t offset, uint64_t bytes);
  /// An empty name means all; OK if there is none of that name.
  Status remove(std::string_view name);
  /// An empty name means all.
  Result<std::vector<SharedRegion>> status(std::string_view name) const;
  Result<SharedSlice> slice(std::string_view name, uint64_t offset, uint64_t bytes) const;

 private:
  const bool enabled_;
  const uint64_t slice_bytes_max_;
  mutable Mutex mutex_;
  std::map<std::string, std::shared_ptr<const OpenRegion>, std::less<>> regions_ GUARDED_BY(mutex_);
};

/// What the calls of CUDA's shared memory are told: there is no GPU here.
Status no_cuda_region(std::string_view name);

}  // namespace slipway::protocols
