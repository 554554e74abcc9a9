// What a gRPC service sees: calls and messages, never frames or sockets. A message is bytes: what
// they mean (protobuf) is the service's affair.
//
//   socket --transport--> GrpcExchange (unary) or GrpcCall (streaming) --GrpcHandler--> messages
//
// The transport does framing, compression, deadlines, percent-encoded status messages, trailers.
// handle() and open() are called on the connection's event loop and must not block.
//
//   void handle(GrpcExchange& exchange) override {
//     exchange.answer().message = echo(exchange.message());
//   }
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "transport/http.h"

namespace slipway::transport {

/// Names in lower case; the value of a name that ends in "-bin" is base64.
using GrpcMetadata = std::vector<std::pair<std::string, std::string>>;

struct GrpcRequest {
  std::string_view path;                 // "/package.Service/Method"
  std::span<const HttpHeader> metadata;  // all header fields, as sent
  std::string_view remote_address;
  uint32_t loop = 0;      // index of the event loop
  uint32_t listener = 0;  // index among ServerOptions::listeners
  SteadyTime received;
  SteadyTime deadline = SteadyTime::max();  // from grpc-timeout

  /// Null data if absent.
  std::string_view field(std::string_view name) const;
};

/// Reused between calls of a connection, so that steady state allocates nothing.
struct GrpcAnswer {
  std::string message;  // sent if the status is OK
  Status status;
  GrpcMetadata initial_metadata;
  GrpcMetadata trailing_metadata;

  void clear();
};

/// One unary call.
class GrpcExchange {
 public:
  virtual ~GrpcExchange() = default;
  /// Views are valid until the exchange completes.
  virtual const GrpcRequest& request() const = 0;
  virtual std::string_view message() const = 0;
  virtual GrpcAnswer& answer() = 0;
  /// The client has gone, or the deadline has passed: nobody waits for the answer. Thread-safe.
  virtual bool cancelled() const = 0;
  /// As HttpExchange::defer(): complete later, once, from any thread.
  virtual std::function<void()> defer() = 0;
};

/// One call with streams of messages. Thread-safe; may outlive the connection.
class GrpcCall {
 public:
  virtual ~GrpcCall() = default;
  /// Views are valid inside open() only.
  virtual const GrpcRequest& request() const = 0;
  /// Queues a message. False if the call is over; it is dropped then.
  virtual bool send(std::string message) = 0;
  /// Bytes that are queued and not yet taken by the peer: when to stop is up to the service.
  virtual uint64_t queued_bytes() const = 0;
  /// Delivers messages again after on_message() has returned false.
  virtual void resume() = 0;
  /// Ends the call behind what is queued.
  virtual void finish(Status status, GrpcMetadata trailing_metadata) = 0;
  virtual bool over() const = 0;
};

/// What a service does with the events of one streaming call. Called on the connection's loop.
class GrpcCallHandler {
 public:
  virtual ~GrpcCallHandler() = default;
  /// True: done with it. False: no further message before resume(); the peer is held back.
  virtual bool on_message(std::string_view message) = 0;
  /// The client sends no more.
  virtual void on_end() = 0;
  /// Nothing is queued any more: all has been taken over to be sent.
  virtual void on_writable() = 0;
  /// The call is over before finish(): reset, deadline, or connection lost. The last event.
  virtual void on_cancel() = 0;
};

/// Implementations must be safe to call from several loops at once.
class GrpcHandler {
 public:
  enum class Method : uint8_t { kUnknown, kUnary, kStreaming };

  virtual ~GrpcHandler() = default;
  /// What is served there, on the listener with this index.
  virtual Method method(std::string_view path, uint32_t listener) const = 0;
  virtual void handle(GrpcExchange& exchange) = 0;
  virtual std::unique_ptr<GrpcCallHandler> open(std::shared_ptr<GrpcCall> call) = 0;
};

}  // namespace slipway::transport
