// GrpcStream: one gRPC call on an HTTP/2 connection, unary or streaming, as its service's
// GrpcHandler says.
//
// A unary call is gathered and answered in one; a streaming one has two ends: this one on the loop,
// and a GrpcLink, which the service may use from any thread and keep for longer.
//
// Ownership: by its session. Thread rule: the loop's thread; while a unary call is deferred, its
// completer alone uses request()/message()/answer().
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "transport/grpc.h"
#include "transport/internal/grpc_wire.h"
#include "transport/internal/http2_stream.h"

namespace slipway::transport {

class GrpcLink;

class GrpcStream final : public Http2Stream, public GrpcExchange, public DeferredExchange {
 public:
  explicit GrpcStream(Http2StreamHost& host);
  ~GrpcStream() override;

  Kind kind() const override { return Kind::kGrpc; }
  void on_request(bool ends, SteadyTime now) override;
  void on_data(std::string_view bytes, SteadyTime now) override;
  void on_end(SteadyTime now) override;
  Read read(std::span<char> out, size_t& size) override;
  std::span<const HttpHeader> trailers() override { return trailers_; }
  void on_wake() override;
  void on_tick(SteadyTime now) override;
  void on_close() override;
  bool done() const override { return phase_ == Phase::kClosed; }

  const GrpcRequest& request() const override { return request_; }
  std::string_view message() const override { return message_; }
  GrpcAnswer& answer() override { return answer_; }
  bool cancelled() const override { return cancelled_.load(std::memory_order_relaxed); }
  std::function<void()> defer() override;

  void abandon() override;
  void on_completed(SteadyTime now) override;

 private:
  enum class Phase { kReceiving, kHandling, kAnswering, kClosed };

  Status begin();
  Status gather(std::string_view bytes);
  void give_back_window();
  Status take_only_message();
  void complete();
  void fail(const Status& status);
  void finish(const Status& status, const GrpcMetadata& metadata);
  void make_trailers(const Status& status, const GrpcMetadata& metadata);
  void send_head(const GrpcMetadata& metadata);
  void send_trailers_only();
  Status open_call();
  void deliver();
  void deliver_end();
  void flush_link();
  void fill_from_link();
  void notify_writable();
  void cancel_link();
  void forget();
  void release_request();

  Http2StreamHost& host_;
  LoopContext& loop_;
  StreamCharge charge_;
  Phase phase_ = Phase::kClosed;
  GrpcRequest request_;
  GrpcAnswer answer_;
  GrpcMessageReader reader_;
  std::string_view message_;
  bool handler_busy_ = false;  // a unary call is deferred and not completed
  bool gone_ = false;          // closed while the handler was busy
  bool answered_ = false;      // the head of an answer is sent
  bool compresses_ = false;
  std::atomic<bool> cancelled_{false};
  SteadyTime began_;
  SteadyTime progress_;

  std::string out_;  // framed
  size_t out_sent_ = 0;
  bool finished_ = false;  // trailers_ follow what is in out_
  std::string status_text_;
  std::string message_text_;
  GrpcMetadata metadata_;  // what trailers_ looks at
  std::vector<HttpHeader> trailers_;
  std::vector<HttpHeader> head_fields_;

  // Of a streaming call only.
  std::shared_ptr<GrpcLink> link_;
  std::unique_ptr<GrpcCallHandler> call_handler_;
  bool held_ = false;           // the service takes no message at the moment
  bool end_pending_ = false;    // the client's end is to be delivered behind its messages
  bool took_messages_ = false;  // from the link, and on_writable() has not been told
  size_t unconsumed_ = 0;       // of the window, for what is not delivered
};

}  // namespace slipway::transport
