// Completion: calls back into the loop once, from any thread; if it is dropped uncalled, the
// exchange is abandoned.
//
// Ownership: shared by the copies of the function that a handler keeps. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "transport/internal/mailbox.h"
#include "transport/internal/session.h"

namespace slipway::transport {

class Completion {
 public:
  /// `complete` keeps the exchange alive, and runs on the loop's thread.
  Completion(std::shared_ptr<Mailbox> mailbox, DeferredExchange& exchange,
             std::function<void()> complete)
      : mailbox_(std::move(mailbox)), exchange_(exchange), complete_(std::move(complete)) {}
  ~Completion() {
    if (called_.load()) return;
    exchange_.abandon();
    call();
  }
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  void call() {
    if (!called_.exchange(true)) mailbox_->post(std::move(complete_));
  }

 private:
  const std::shared_ptr<Mailbox> mailbox_;
  DeferredExchange& exchange_;
  std::function<void()> complete_;
  std::atomic<bool> called_{false};
};

}  // namespace slipway::transport
