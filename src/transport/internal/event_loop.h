// One event loop: its listeners, its connections, their timers; run by one thread.
//
// Ownership: owned by the Server. Thread rule: run() on one thread; post(), begin_close(),
// stop_listening(), quit() and the const functions from any; construction and destruction while
// run() is not running.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "transport/http.h"
#include "transport/internal/connection_count.h"
#include "transport/internal/unique_fd.h"
#include "transport/server.h"

namespace slipway::transport {

/// What a loop accepts from.
struct LoopListener {
  UniqueFd socket;
  size_t index = 0;          // among ServerOptions::listeners
  bool is_shared = false;    // its connections are handed to all loops in turn
  bool is_filtered = false;  // at the end, the kernel ignores who begins to connect
};

class EventLoop {
 public:
  /// `count` is of all loops of a server.
  EventLoop(uint32_t index, const ServerOptions& options, HttpHandler& handler, GrpcHandler* grpc,
            const Clock& clock, ConnectionCount& count, std::vector<LoopListener> listeners);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// All loops of the server, itself among them; before run().
  void set_loops(std::vector<EventLoop*> loops);
  /// Until quit().
  void run();
  /// Dropped when the loop has quit.
  void post(std::function<void()> task);
  void begin_close();
  /// Takes the connections that have begun by now, then closes the listeners.
  void stop_listening();
  /// Cuts what is still open and ends run().
  void quit();
  /// After run(): requests that had begun to arrive and got no complete answer.
  uint64_t requests_cut() const;
  void add_counters(TransportCounters& sum) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::transport
