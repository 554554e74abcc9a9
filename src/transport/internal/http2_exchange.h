// Http2Exchange: one HTTP request over HTTP/2 and its answer by the server's HttpHandler, the same
// that serves HTTP/1.1.
//
// Ownership: by its session. Thread rule: the loop's thread; while the exchange is deferred, its
// completer alone uses request()/response().
#pragma once

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "transport/http.h"
#include "transport/internal/body_stream.h"
#include "transport/internal/http2_stream.h"
#include "transport/internal/http_exchange.h"

namespace slipway::transport {

class Http2Exchange final : public Http2Stream, public HttpExchange, public DeferredExchange {
 public:
  explicit Http2Exchange(Http2StreamHost& host);

  Kind kind() const override { return Kind::kHttp; }
  void on_request(bool ends, SteadyTime now) override;
  void on_data(std::string_view bytes, SteadyTime now) override;
  void on_end(SteadyTime now) override;
  Read read(std::span<char> out, size_t& size) override;
  std::span<const HttpHeader> trailers() override { return {}; }
  void on_wake() override { host_.resume(*this); }
  void on_tick(SteadyTime now) override;
  void on_close() override;
  bool done() const override { return phase_ == Phase::kClosed; }

  const HttpRequest& request() const override { return request_; }
  HttpResponse& response() override { return response_; }
  bool cancelled() const override { return gone_.load(std::memory_order_relaxed); }
  std::function<void()> defer() override;
  std::function<void()> waker() override { return host_.connection().make_waker(); }

  void abandon() override;
  void on_completed(SteadyTime now) override;

 private:
  enum class Phase { kReceiving, kHandling, kAnswering, kClosed };

  void fail(const HttpFailure& failure, SteadyTime now);
  void complete(SteadyTime now);
  bool prepare_stream();
  void send_answer(bool has_length, SteadyTime now);
  void forget();

  Http2StreamHost& host_;
  LoopContext& loop_;
  StreamCharge charge_;
  Phase phase_ = Phase::kClosed;
  bool has_deferred_ = false;
  std::atomic<bool> gone_{false};  // closed while a handler had it
  SteadyTime began_;
  SteadyTime progress_;  // the peer took something last
  HttpRequest request_;
  HttpResponse response_;
  std::vector<HttpHeader> fields_;  // of the answer's head
  std::string body_;
  DecodedBody decoded_body_;
  BodyStream stream_;
  size_t body_sent_ = 0;
};

}  // namespace slipway::transport
