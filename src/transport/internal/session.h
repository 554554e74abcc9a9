// Session: one connection's protocol as a state machine over bytes and time. It does not know
// sockets: the connection that owns it moves the bytes and tells the time, a test or a fuzzer does
// likewise.
//
//   on_read(n) --> advance() --kRead--> read more into read_space()
//                     |------kWrite--> send output(), on_written(n), advance() again
//                     |------kWait---> nothing to do before a SessionHost's function has been
//                     called
//                     |------kClose--> nothing is left to do
//                     '------kCut----> what was promised cannot be sent: reset the connection
//
// Ownership: one per connection. Thread rule: the loop's thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/clock.h"

namespace slipway::transport {

/// Where a connection comes from: its peer, and the listener that it came to.
struct Origin {
  std::string address;
  uint32_t listener = 0;  // its index among ServerOptions::listeners
};

/// An exchange whose handler completes it later, from any thread.
class DeferredExchange {
 public:
  virtual ~DeferredExchange() = default;
  /// The handler has thrown its completion away: put an error into the answer. On its thread.
  virtual void abandon() = 0;
  /// On the loop's thread, even if the peer has gone meanwhile; the session is advanced afterwards.
  virtual void on_completed(SteadyTime now) = 0;
};

/// Makes the functions by which other threads reach a session.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  /// Completes the exchange, which stays alive until then; a function that is dropped uncalled
  /// abandons it.
  virtual std::function<void()> make_completion(DeferredExchange& exchange) = 0;
  /// Has the session's on_wake() and advance() called.
  virtual std::function<void()> make_waker() = 0;
};

class Session {
 public:
  enum class Step { kRead, kWrite, kWait, kClose, kCut };
  using Output = std::array<std::span<const char>, 2>;

  virtual ~Session() = default;

  /// Where to put received bytes; empty if there is no memory, then advance() says how it goes on.
  virtual std::span<char> read_space() = 0;
  virtual void on_read(size_t bytes, SteadyTime now) = 0;
  /// The peer sends no more; what it has sent is still answered.
  virtual void on_end_of_input() = 0;
  /// Goes on as far as the bytes at hand allow.
  virtual Step advance(SteadyTime now) = 0;
  /// A function of make_waker() has been called; advance() follows.
  virtual void on_wake() = 0;
  /// Also reads while its output waits for the peer to take it.
  virtual bool is_duplex() const = 0;

  /// Bytes to send, in order; both empty when there are none.
  virtual Output output() const = 0;
  virtual void on_written(size_t bytes) = 0;

  /// When on_deadline() must be called, unless the session moves on before.
  virtual SteadyTime deadline() const = 0;
  virtual void on_deadline(SteadyTime now) = 0;

  /// Nothing is under way, everything is sent: the connection may be parked, or ended by a drain.
  virtual bool idle() const = 0;
  virtual SteadyTime idle_since() const = 0;
  /// A request has begun to arrive or is not answered in full.
  virtual bool busy() const = 0;
  /// Neither reads nor writes are pending, though an answer is under way: a peer that is gone shows
  /// in nothing but the socket's state.
  virtual bool is_blind() const = 0;
  /// The end was the client's wish and all its bytes are read: no need to wait for it.
  virtual bool ends_cleanly() const = 0;
  /// Ends an idle session: advance() says goodbye, if the protocol has a word for it, then closes.
  virtual void end_idle() = 0;
  /// Gives back what an idle connection does not need.
  virtual void release_memory() = 0;
  /// The socket is closed: drops everything that no deferred handler still uses.
  virtual void on_peer_gone() = 0;
};

}  // namespace slipway::transport
