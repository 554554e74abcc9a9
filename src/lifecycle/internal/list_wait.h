// ListWait: collects the outcomes of a list's models, and tells once all are known.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/status.h"
#include "base/thread_annotations.h"

namespace slipway::lifecycle {

class ListWait {
 public:
  /// `told` is called once, by the take() of the last of so many models; of none: never.
  ListWait(size_t models, std::function<void(Status)> told);
  void take(const std::string& name, const Status& status) EXCLUDES(mutex_);

 private:
  const std::function<void(Status)> told_;
  Mutex mutex_;
  size_t left_ GUARDED_BY(mutex_);
  size_t failed_ GUARDED_BY(mutex_) = 0;
  std::string failures_ GUARDED_BY(mutex_);
};

}  // namespace slipway::lifecycle
