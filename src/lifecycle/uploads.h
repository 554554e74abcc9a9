// Uploads: the files of models that came over the network, in a folder of their own that goes with
// the server.
//
//   PUT --Uploads::write--> /tmp/slipway-uploads-XXXXXX/3.iris --Scanner::put--> a model
//
// Each has a name that no other had, so that it is never written over while it is read.
// Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/thread_annotations.h"

namespace slipway::lifecycle {

class Uploads {
 public:
  Uploads() = default;
  /// Removes the folder with what is in it.
  ~Uploads();
  Uploads(const Uploads&) = delete;
  Uploads& operator=(const Uploads&) = delete;

  /// Gives the new file's path. INVALID_ARGUMENT if the name cannot be a file's; UNAVAILABLE if it
  /// cannot be written.
  Result<std::string> write(std::string_view name, std::string_view content) EXCLUDES(mutex_);
  /// Removes a file that write() gave; no other, and nothing for an empty path.
  void remove(const std::string& path) EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::string folder_ GUARDED_BY(mutex_);  // empty until the first file
  uint64_t written_ GUARDED_BY(mutex_) = 0;
};

}  // namespace slipway::lifecycle
