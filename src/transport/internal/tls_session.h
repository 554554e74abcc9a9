// TLS on one connection: a session between the socket's bytes and those of an HTTP session.
//
//   Connection --records--> TlsSession (OpenSSL) --plain bytes--> Http1Session or Http2Session
//
// OpenSSL sees no socket: it takes records from `in_` and puts records into `out_`. The handshake
// must end within tls_handshake_timeout; ALPN then decides the HTTP session, HTTP/1.1 without it.
// The end is told by close_notify.
//
// Ownership: one per connection, owns the HTTP session. Thread rule: the loop's thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "transport/internal/loop_context.h"
#include "transport/internal/session.h"
#include "transport/tls.h"

namespace slipway::transport {

class TlsSession final : public Session {
 public:
  /// `listener` has TLS and is of `loop`.
  TlsSession(LoopContext& loop, SessionHost& host, const ListenerOptions& listener, Origin origin,
             SteadyTime now);
  ~TlsSession() override;
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  std::span<char> read_space() override;
  void on_read(size_t bytes, SteadyTime now) override;
  void on_end_of_input() override { input_ended_ = true; }
  Step advance(SteadyTime now) override;
  void on_wake() override;
  bool is_duplex() const override { return phase_ == Phase::kOpen && inner_->is_duplex(); }
  Output output() const override;
  void on_written(size_t bytes) override;
  SteadyTime deadline() const override;
  void on_deadline(SteadyTime now) override;
  bool idle() const override;
  SteadyTime idle_since() const override;
  bool busy() const override { return inner_ && inner_->busy(); }
  bool is_blind() const override;
  bool ends_cleanly() const override { return input_ended_; }
  void end_idle() override;
  void release_memory() override;
  void on_peer_gone() override;

 private:
  enum class Phase { kHandshake, kOpen, kClosed };
  struct Io;  // OpenSSL's callbacks, in the .cpp

  bool has_output() const { return out_sent_ < out_.size(); }
  void shake_hands(SteadyTime now);
  void open(SteadyTime now);
  bool receive(SteadyTime now);
  void send();
  void say_goodbye();
  void fail();

  LoopContext& loop_;
  SessionHost& host_;
  const ListenerOptions& listener_;
  const Origin origin_;
  TlsContext::Connection tls_;  // without `ssl` once the peer has gone
  std::unique_ptr<Session> inner_;
  Phase phase_ = Phase::kHandshake;
  bool input_ended_ = false;
  bool end_told_ = false;  // the inner session knows that no more comes
  SteadyTime handshake_deadline_;
  SteadyTime began_;

  std::unique_ptr<char[]> in_;
  size_t in_begin_ = 0;
  size_t in_end_ = 0;
  std::string out_;
  size_t out_sent_ = 0;
};

}  // namespace slipway::transport
