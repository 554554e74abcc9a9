// What the transport does with gRPC calls, without it: for the tests of all services.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "transport/grpc.h"

namespace slipway::protocols {

class FakeGrpcExchange final : public transport::GrpcExchange {
 public:
  void prepare(std::string_view path, std::string message,
               std::vector<transport::HttpHeader> metadata = {}) {
    message_ = std::move(message);
    metadata_ = std::move(metadata);
    request_ = {};
    request_.path = path;
    request_.metadata = metadata_;
    request_.received = std::chrono::steady_clock::now();
    request_.deadline = deadline;
    answer_.clear();
    deferred_ = false;
    completed_ = false;
  }
  const transport::GrpcRequest& request() const override { return request_; }
  std::string_view message() const override { return message_; }
  transport::GrpcAnswer& answer() override { return answer_; }
  bool cancelled() const override { return cancel.load(); }
  std::function<void()> defer() override {
    deferred_ = true;
    return [this] {
      completed_ = true;
      completed_.notify_one();
    };
  }
  void wait() {
    if (deferred_) completed_.wait(false);
  }
  bool deferred() const { return deferred_; }

  std::atomic<bool> cancel{false};
  SteadyTime deadline = SteadyTime::max();

 private:
  std::string message_;
  std::vector<transport::HttpHeader> metadata_;
  transport::GrpcRequest request_;
  transport::GrpcAnswer answer_;
  bool deferred_ = false;
  std::atomic<bool> completed_{false};
};

/// A streaming call; what is sent stays queued until take_all().
class FakeGrpcCall final : public transport::GrpcCall {
 public:
  explicit FakeGrpcCall(std::string_view path = {},
                        std::vector<transport::HttpHeader> metadata = {})
      : metadata_(std::move(metadata)) {
    request_.path = path;
    request_.metadata = metadata_;
    request_.received = std::chrono::steady_clock::now();
  }
  const transport::GrpcRequest& request() const override { return request_; }
  bool send(std::string message) override {
    const std::scoped_lock lock(mutex_);
    sent_.push_back(std::move(message));
    return true;
  }
  uint64_t queued_bytes() const override {
    const std::scoped_lock lock(mutex_);
    uint64_t bytes = 0;
    for (const std::string& message : sent_) bytes += message.size();
    return bytes;
  }
  void resume() override {
    ++resumed;
    resumed.notify_all();
  }
  void finish(Status status, transport::GrpcMetadata metadata) override {
    finished = true;
    final_status = std::move(status);
    trailing_metadata = std::move(metadata);
  }
  bool over() const override { return finished; }

  std::vector<std::string> take_all() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(sent_, {});
  }

  std::atomic<int> resumed{0};
  bool finished = false;
  Status final_status;
  transport::GrpcMetadata trailing_metadata;

 private:
  std::vector<transport::HttpHeader> metadata_;
  transport::GrpcRequest request_;
  mutable std::mutex mutex_;
  std::vector<std::string> sent_;
};

}  // namespace slipway::protocols
