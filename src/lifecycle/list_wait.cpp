#include "lifecycle/internal/list_wait.h"

#include <fmt/format.h>

#include <utility>

namespace slipway::lifecycle {

ListWait::ListWait(size_t models, std::function<void(Status)> told)
    : told_(std::move(told)), left_(models) {}

void ListWait::take(const std::string& name, const Status& status) {
  Status outcome;
  {
    const MutexLock lock(mutex_);
    if (!status.ok()) {
      ++failed_;
      failures_ += fmt::format(" {{name: {}}} due to error: {}", name, status.message());
    }
    if (--left_ > 0) return;
    if (failed_ > 0) {
      outcome = failed_precondition(
          fmt::format("{} servable(s) did not become available:{}", failed_, failures_));
    }
  }
  told_(std::move(outcome));
}

}  // namespace slipway::lifecycle
