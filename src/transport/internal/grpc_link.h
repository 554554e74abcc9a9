// GrpcLink: the service's end of a streaming call. What it sends waits here for the loop.
//
// Ownership: shared by the service and the GrpcStream. Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "base/thread_annotations.h"
#include "transport/grpc.h"

namespace slipway::transport {

class GrpcLink final : public GrpcCall {
 public:
  /// `wake` has the loop look at the link.
  GrpcLink(const GrpcRequest& request, std::function<void()> wake)
      : request_(request), wake_(std::move(wake)) {}

  const GrpcRequest& request() const override { return request_; }
  bool send(std::string message) override EXCLUDES(mutex_);
  uint64_t queued_bytes() const override EXCLUDES(mutex_);
  void resume() override EXCLUDES(mutex_);
  void finish(Status status, GrpcMetadata trailing_metadata) override EXCLUDES(mutex_);
  bool over() const override EXCLUDES(mutex_);

  // The loop's side.

  enum class Take { kNothing, kMessage, kFinish };
  /// What is next to be sent; kFinish once and for all, after the last message.
  Take take(std::string& message, Status& status, GrpcMetadata& metadata) EXCLUDES(mutex_);
  /// True once after resume().
  bool take_resume() EXCLUDES(mutex_);
  /// The call is over: send() gives false from now on, nothing wakes the loop.
  void close() EXCLUDES(mutex_);

 private:
  const GrpcRequest request_;
  const std::function<void()> wake_;
  mutable Mutex mutex_;
  std::deque<std::string> messages_ GUARDED_BY(mutex_);
  uint64_t bytes_ GUARDED_BY(mutex_) = 0;
  bool resumed_ GUARDED_BY(mutex_) = false;
  bool finished_ GUARDED_BY(mutex_) = false;
  bool over_ GUARDED_BY(mutex_) = false;
  Status status_ GUARDED_BY(mutex_);
  GrpcMetadata metadata_ GUARDED_BY(mutex_);
};

}  // namespace slipway::transport
