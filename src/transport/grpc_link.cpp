#include "transport/internal/grpc_link.h"

#include <utility>

namespace slipway::transport {

bool GrpcLink::send(std::string message) {
  {
    const MutexLock lock(mutex_);
    if (over_ || finished_) return false;
    bytes_ += message.size();
    messages_.push_back(std::move(message));
    if (messages_.size() > 1) return true;  // the loop has been woken for the one before
  }
  wake_();
  return true;
}

uint64_t GrpcLink::queued_bytes() const {
  const MutexLock lock(mutex_);
  return bytes_;
}

void GrpcLink::resume() {
  {
    const MutexLock lock(mutex_);
    if (over_) return;
    resumed_ = true;
  }
  wake_();
}

void GrpcLink::finish(Status status, GrpcMetadata trailing_metadata) {
  {
    const MutexLock lock(mutex_);
    if (over_ || finished_) return;
    finished_ = true;
    status_ = std::move(status);
    metadata_ = std::move(trailing_metadata);
  }
  wake_();
}

bool GrpcLink::over() const {
  const MutexLock lock(mutex_);
  return over_ || finished_;
}

GrpcLink::Take GrpcLink::take(std::string& message, Status& status, GrpcMetadata& metadata) {
  const MutexLock lock(mutex_);
  if (!messages_.empty()) {
    message = std::move(messages_.front());
    messages_.pop_front();
    bytes_ -= message.size();
    return Take::kMessage;
  }
  if (!finished_ || over_) return Take::kNothing;
  over_ = true;
  status = std::move(status_);
  metadata = std::move(metadata_);
  return Take::kFinish;
}

bool GrpcLink::take_resume() {
  const MutexLock lock(mutex_);
  return std::exchange(resumed_, false);
}

void GrpcLink::close() {
  std::deque<std::string> dropped;  // destroyed without the lock
  const MutexLock lock(mutex_);
  over_ = true;
  bytes_ = 0;
  dropped.swap(messages_);
}

}  // namespace slipway::transport
