// Mailbox: how other threads reach an event loop that may have ended.
//
// Ownership: shared by the loop and whoever may call it late. Thread-safe.
//
//   mailbox->post([connection] { connection->on_exchange_completed(); });  // on the loop's thread
#pragma once

#include <functional>

#include "base/thread_annotations.h"

namespace boost::asio {
class io_context;
}

namespace slipway::transport {

class Mailbox {
 public:
  explicit Mailbox(boost::asio::io_context& io) : io_(&io) {}

  /// Runs the task on the loop's thread; drops it if the loop has ended.
  void post(std::function<void()> task) EXCLUDES(mutex_);
  void close() EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  boost::asio::io_context* io_ GUARDED_BY(mutex_);
};

}  // namespace slipway::transport
