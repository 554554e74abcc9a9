// The server: listeners, event loops, connections, limits, drain.
//
// One event loop per thread. Each has its own SO_REUSEPORT socket of every TCP listener; a Unix
// socket, or one that came from the service manager, is accepted from by one loop, which gives the
// loops a connection each in turn. A connection decides its protocol from its first bytes.
//
// Errors that the transport itself answers are JSON {"error": "..."} with "Connection: close": 400
// malformed, 408 too slow, 413/414/431 too large, 415/417/501/505 not supported, 503 over a budget.
//
// Drain without lost requests. HTTP/1.1 has no way to announce that an idle connection will close:
// a request that crosses the close on the wire is lost. So begin_close() closes nothing that is in
// use: listeners stay open, every answer from then on says "Connection: close" (the client then
// opens a new connection for its next request), and a connection that sends nothing is closed only
// after drain_idle without a byte, and not if one is waiting in its socket. It is closed for
// writing first, so that the client sees an end of file and not a reset. What remains is a client
// that wakes an idle connection in the very microseconds of its closing; clients retry that by
// themselves (RFC 9112, 9.3.1). stop() then takes what the listeners still hold, closes them, and
// waits for the answers. So: fail the readiness probe, wait until the balancer has seen it,
// begin_close(), wait a moment more than drain_idle, stop().
//
// Thread rule: create, start, stop from one thread; everything inside is owned by the loops.
//
//   auto server = TRY(Server::create(options, handler));
//   server->start();
//   ...
//   server->begin_close();
//   const bool all_answered = server->stop(std::chrono::seconds(10));
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "transport/grpc.h"
#include "transport/http.h"
#include "transport/listen.h"

namespace slipway::transport {

struct ServerOptions {
  std::vector<ListenerOptions> listeners = {ListenerOptions()};
  uint32_t loops = 1;
  bool pin_loops = false;  // pin each loop to one CPU of the affinity mask

  uint64_t header_bytes_max = 32 * 1024;  // request line and headers; 431
  uint64_t body_bytes_max = 64ULL << 20;  // as received and as decompressed; 413
  uint32_t connections_max = 10'000;  // over all loops; further ones are answered 503 and closed
  std::chrono::milliseconds tls_handshake_timeout{10'000};  // its first byte to its end; closed
  std::chrono::milliseconds idle_timeout{75'000};           // keep-alive, between requests
  std::chrono::milliseconds header_timeout{10'000};         // first byte to end of headers; 408
  std::chrono::milliseconds body_timeout{60'000};           // whole body; 408
  std::chrono::milliseconds write_timeout{60'000};  // the peer takes no byte for so long; closed
  std::chrono::milliseconds linger_timeout{2'000};  // wait for the peer to close after our end
  std::chrono::milliseconds drain_idle{250};  // begin_close() ends connections idle for so long
  uint64_t compress_bytes_min = 1024;  // gzip smaller answers never; only if the client accepts it
  uint64_t compress_bytes_max = 1ULL << 20;  // nor larger ones, which would hold up the loop
  /// Per loop, for request bodies that are being received or handled; 503 beyond it.
  uint64_t buffered_bytes_max = 512ULL << 20;

  uint32_t http2_streams_max = 128;  // open at once on one connection
  /// For all streams of one connection; 503 beyond it. At least three bodies of the largest size
  /// are allowed in any case: one that is gathered, its buffer's growth, its answer.
  uint64_t http2_bytes_max = 192ULL << 20;
  std::chrono::milliseconds ping_interval{60'000};  // HTTP/2: silence before the peer is asked
  std::chrono::milliseconds ping_timeout{20'000};   // HTTP/2: time for it to answer; then closed
};

/// Counted by the transport, read on scrape. Each loop writes its own.
struct TransportCounters {
  uint64_t connections_accepted = 0;
  uint64_t connections_open = 0;
  uint64_t connections_refused = 0;  // over connections_max
  uint64_t requests = 0;
  uint64_t protocol_errors = 0;  // answered 4xx by the transport itself, or cut
  uint64_t timeouts = 0;
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
};

class Server {
 public:
  /// Binds and listens. UNAVAILABLE names address, port and reason ("port 8080 is in use ...").
  /// A Unix socket's file that a dead server has left is replaced; that of a live one is an error.
  /// Without `grpc`, requests of gRPC clients go to `handler` like any other.
  static Result<std::unique_ptr<Server>> create(const ServerOptions& options, HttpHandler& handler,
                                                GrpcHandler* grpc = nullptr);
  virtual ~Server() = default;

  /// Starts the loops' threads and returns.
  virtual void start() = 0;
  /// The port that was bound, of the listener with this index; 0 of a Unix socket.
  virtual uint16_t port(size_t listener = 0) const = 0;
  /// Of each listener, as a client writes it: "http://127.0.0.1:8080", "unix:/run/slipway.sock".
  virtual std::vector<std::string> addresses() const = 0;
  /// Begins the drain: new connections and requests are still answered, but every answer from now
  /// on carries "Connection: close" and idle keep-alive connections are closed (see
  /// docs/architecture.md).
  virtual void begin_close() = 0;
  /// Waits until all connections are done or `grace` is over, then stops the loops and joins.
  /// True if every accepted request had been answered.
  virtual bool stop(std::chrono::milliseconds grace) = 0;
  /// Runs `task` on the given loop's thread (to hand it a new snapshot). Thread-safe.
  virtual void post(uint32_t loop, std::function<void()> task) = 0;
  /// Sum over loops. Thread-safe.
  virtual TransportCounters counters() const = 0;
};

}  // namespace slipway::transport
