// One HTTP/1.x connection as a state machine over bytes and time: requests are parsed, decoded and
// handed to the handler one after the other, answers are queued as bytes. It does not know sockets:
// the connection that owns it moves the bytes and tells the time, a test or a fuzzer does likewise.
//
//   on_read(n) --> advance() --kRead--> read more into read_space()
//                     |------kWrite--> send output(), on_written(n), advance() again
//                     |------kWait---> a deferred exchange is under way: on_completed(); or the
//                     |                source of a body waits: advance() again when it wakes
//                     |------kClose--> nothing is left to do
//                     '------kCut----> the body cannot be completed: reset the connection
//
// Answers to pipelined requests gather in one output. Ownership: one per connection. Thread rule:
// the loop's thread; while an exchange is deferred, its completer alone uses request()/response().
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "transport/http.h"
#include "transport/internal/body_stream.h"
#include "transport/internal/http1_parser.h"
#include "transport/internal/loop_context.h"
#include "transport/internal/response_head.h"

namespace slipway::transport {

/// Makes the functions by which other threads reach the session: one that completes its deferred
/// exchange, one that has advance() called because a body source can go on.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  virtual std::function<void()> make_completion() = 0;
  virtual std::function<void()> make_waker() = 0;
};

class Http1Session final : public HttpExchange {
 public:
  enum class Step { kRead, kWrite, kWait, kClose, kCut };
  using Output = std::array<std::span<const char>, 2>;

  Http1Session(LoopContext& loop, SessionHost& host, std::string remote_address, SteadyTime now);

  std::span<char> read_space() { return parser_.read_space(); }
  void on_read(size_t bytes, SteadyTime now);
  /// The peer sends no more; what it has sent is still answered.
  void on_end_of_input() { input_ended_ = true; }
  /// Bytes that are received and not parsed; decides the connection's protocol.
  std::string_view unread() const { return parser_.unread(); }
  /// Answers with this error instead of parsing, then closes.
  void refuse(int status, std::string_view reason, SteadyTime now);

  /// Goes on as far as the bytes at hand allow.
  Step advance(SteadyTime now);

  /// Bytes to send, in order; both empty when there are none.
  Output output() const;
  void on_written(size_t bytes);

  /// When on_deadline() must be called, unless the session moves on before.
  SteadyTime deadline() const { return deadline_; }
  void on_deadline(SteadyTime now);

  /// The deferred exchange is complete.
  void on_completed(SteadyTime now);

  /// Between requests, everything sent.
  bool idle() const { return phase_ == Phase::kIdle && !has_output(); }
  SteadyTime idle_since() const { return idle_since_; }
  /// A handler keeps the exchange; its memory must stay.
  bool deferred() const { return phase_ == Phase::kHandling; }
  /// An answer is under way whose source has nothing to send at the moment.
  bool waits_for_source() const { return phase_ == Phase::kStreaming && !has_output(); }
  /// The end was the client's wish and all its bytes are read: no need to wait for it.
  bool ends_cleanly() const { return input_ended_ || (client_closes_ && parser_.empty()); }
  /// Gives back what an idle connection, or one whose peer has gone, does not need.
  void release_memory();

  const HttpRequest& request() const override { return request_; }
  HttpResponse& response() override { return response_; }
  std::function<void()> defer() override;
  std::function<void()> waker() override { return host_.make_waker(); }

 private:
  enum class Phase { kIdle, kHeader, kBody, kHandling, kStreaming, kEnding };

  bool has_output() const { return out_sent_ < out_.size() || body_pending_; }
  void on_input_starved(SteadyTime now);
  void enter_body(SteadyTime now);
  void begin_exchange(SteadyTime now);
  bool decode_body(SteadyTime now);
  void call_handler();
  void complete_exchange(SteadyTime now);
  bool prepare_stream();
  Step advance_stream();
  void append_piece();
  void end_exchange();
  bool may_compress();
  void compress_response();
  void compress_stream();
  void write_response(ConnectionHeader connection, SteadyTime now);
  void fail(int status, std::string_view reason, SteadyTime now);
  void release_decoded_body();

  LoopContext& loop_;
  SessionHost& host_;
  const std::string remote_address_;
  Http1Parser parser_;
  HttpRequest request_;
  HttpResponse response_;

  Phase phase_ = Phase::kIdle;
  bool input_ended_ = false;
  bool client_closes_ = false;
  bool closes_ = false;        // the connection ends after the answer under way
  bool has_deferred_ = false;  // defer() was called in this handle()
  SteadyTime deadline_;
  SteadyTime idle_since_;
  SteadyTime last_read_;
  SteadyTime message_began_;

  std::string out_;
  size_t out_sent_ = 0;
  bool body_pending_ = false;  // response_.body follows out_, too large to be copied
  size_t body_sent_ = 0;
  BodyStream stream_;
  BodyFraming framing_ = BodyFraming::kLength;  // of the answer under way
  std::string decoded_body_;
  uint64_t decoded_reserved_ = 0;
};

}  // namespace slipway::transport
