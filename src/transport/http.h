// What a protocol handler sees of HTTP: requests and answers, never sockets.
//
//   socket --transport--> HttpRequest --HttpHandler--> HttpResponse --transport--> socket
//
// The same types serve HTTP/1.1 now and HTTP/2 later. A connection is owned by one event loop
// (one thread); handle() is called on that thread and must not block. A handler either completes
// the exchange before it returns, or keeps a Completion (exchange.defer()) and calls it once, from
// any thread. Requests on one HTTP/1.1 connection are handled strictly in order.
//
//   void handle(HttpExchange& exchange) override {
//     HttpResponse& response = exchange.response();
//     response.status = 200;
//     response.content_type = "application/json";
//     response.body = R"({"ready":true})";
//   }
//
// An answer that is large, or that is not known at once, leaves a BodySource in the response: the
// transport pulls pieces from it as fast as the peer takes them.
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

namespace slipway::transport {

enum class HttpMethod : uint8_t { kGet, kHead, kPost, kPut, kDelete, kOptions, kPatch, kOther };

std::string_view http_method_name(HttpMethod method);

struct HttpHeader {
  std::string_view name;  // as sent; compare without regard to case
  std::string_view value;
};

/// Views are valid until the exchange completes.
struct HttpRequest {
  HttpMethod method = HttpMethod::kGet;
  std::string_view path;   // before '?', percent-encoded as sent
  std::string_view query;  // after '?', without it; may be empty
  std::span<const HttpHeader> headers;
  std::string_view body;  // whole, de-chunked, decompressed
  std::string_view remote_address;
  uint32_t loop = 0;      // index of the event loop, for per-loop state and metric shards
  uint32_t listener = 0;  // index among ServerOptions::listeners
  SteadyTime received;    // when the first byte of the request was read

  /// The first header of that name (ASCII case-insensitive); empty view with null data if absent.
  std::string_view header(std::string_view name) const;
  /// A query parameter as sent ("" if present without value); null data if absent.
  std::string_view query_parameter(std::string_view name) const;
};

/// Makes the rest of an answer's body while it is being sent, so that memory stays bounded and a
/// slow reader slows its source down. Pulled and destroyed on the connection's loop; must not
/// block, and must not use the request, which may be gone.
class BodySource {
 public:
  enum class Pull {
    kMore,    // something was appended, and there is more
    kWait,    // nothing more at the moment: the exchange's waker tells when to pull again, which
              // may also happen sooner
    kEnd,     // the body is complete
    kFailed,  // the body cannot be completed: cut it, so that the client can tell
  };

  virtual ~BodySource() = default;
  /// Appends to `out` about `bytes_wanted` bytes.
  virtual Pull pull(std::string& out, size_t bytes_wanted) = 0;
};

/// Reused between requests of a connection, so that steady state allocates nothing.
struct HttpResponse {
  int status = 200;
  std::string_view content_type = "application/json";  // must point to static storage
  /// Further headers; names must not be Content-Length, Content-Type, Connection or
  /// Transfer-Encoding.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::unique_ptr<BodySource> body_source;  // if set, gives what follows `body`

  void clear();
};

class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  virtual const HttpRequest& request() const = 0;
  virtual HttpResponse& response() = 0;
  /// The client is known to have gone: nobody waits for the answer. False does not mean that it is
  /// still there. Thread-safe.
  virtual bool cancelled() const = 0;
  /// Call inside handle() to complete later: the transport then waits until the returned function
  /// is called, once, from any thread; the exchange stays valid until then. Afterwards it must not
  /// be touched. It is safe to call even if the peer has gone or the server is stopping.
  virtual std::function<void()> defer() = 0;
  /// Call before the exchange completes, if a body source needs it. The returned function has the
  /// source pulled again; safe from any thread, any number of times, at any time.
  virtual std::function<void()> waker() = 0;
};

/// Implementations must be safe to call from several loops at once.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual void handle(HttpExchange& exchange) = 0;
};

}  // namespace slipway::transport
