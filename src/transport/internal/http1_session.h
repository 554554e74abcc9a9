// One HTTP/1.x connection: requests are parsed, decoded and handed to the handler one after the
// other, answers are queued as bytes, those to pipelined requests in one output.
//
// Ownership: one per connection. Thread rule: the loop's thread; while an exchange is deferred, its
// completer alone uses request()/response().
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "transport/http.h"
#include "transport/internal/body_stream.h"
#include "transport/internal/http1_parser.h"
#include "transport/internal/http_exchange.h"
#include "transport/internal/loop_context.h"
#include "transport/internal/response_head.h"
#include "transport/internal/session.h"

namespace slipway::transport {

class Http1Session final : public Session, public HttpExchange, public DeferredExchange {
 public:
  Http1Session(LoopContext& loop, SessionHost& host, Origin origin, SteadyTime now);

  std::span<char> read_space() override { return parser_.read_space(); }
  void on_read(size_t bytes, SteadyTime now) override;
  void on_end_of_input() override { input_ended_ = true; }
  /// Bytes that are received and not parsed; decides the connection's protocol.
  std::string_view unread() const { return parser_.unread(); }
  /// What came first, `bytes` of it, was not HTTP: it told that the client is another one.
  void skip(size_t bytes, std::string client_address, SteadyTime now);
  /// Answers with this error instead of parsing, then closes.
  void refuse(int status, std::string_view reason, SteadyTime now);

  Step advance(SteadyTime now) override;
  void on_wake() override {}  // advance() pulls in any case
  bool is_duplex() const override { return false; }
  Output output() const override;
  void on_written(size_t bytes) override;
  SteadyTime deadline() const override { return deadline_; }
  void on_deadline(SteadyTime now) override;
  bool idle() const override { return phase_ == Phase::kIdle && !has_output(); }
  SteadyTime idle_since() const override { return idle_since_; }
  bool busy() const override { return !idle(); }
  bool is_blind() const override { return phase_ == Phase::kStreaming && !has_output(); }
  bool ends_cleanly() const override { return input_ended_ || (client_closes_ && parser_.empty()); }
  void end_idle() override { phase_ = Phase::kEnding; }
  void release_memory() override;
  void on_peer_gone() override;

  const HttpRequest& request() const override { return request_; }
  HttpResponse& response() override { return response_; }
  bool cancelled() const override { return peer_gone_.load(std::memory_order_relaxed); }
  std::function<void()> defer() override;
  std::function<void()> waker() override { return host_.make_waker(); }

  void abandon() override;
  void on_completed(SteadyTime now) override;

 private:
  enum class Phase { kIdle, kHeader, kBody, kHandling, kStreaming, kEnding };

  bool has_output() const { return out_sent_ < out_.size() || body_pending_; }
  void on_input_starved(SteadyTime now);
  void enter_body(SteadyTime now);
  void begin_exchange(SteadyTime now);
  void complete_exchange(SteadyTime now);
  bool prepare_stream();
  Step advance_stream();
  void append_piece();
  void end_exchange();
  void write_response(ConnectionHeader connection, SteadyTime now);
  void fail(int status, std::string_view reason, SteadyTime now);

  LoopContext& loop_;
  SessionHost& host_;
  Origin origin_;
  Http1Parser parser_;
  HttpRequest request_;
  HttpResponse response_;

  Phase phase_ = Phase::kIdle;
  bool input_ended_ = false;
  std::atomic<bool> peer_gone_{false};
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
  DecodedBody decoded_body_;
};

}  // namespace slipway::transport
