// Http2Stream: one request and its answer on an HTTP/2 connection, as the session sees it. What a
// stream means is up to its kind: an HTTP exchange (http2_exchange.h) or a gRPC call (grpc_call.h).
//
//   Http2Session --on_request, on_data, on_end, on_close--> Http2Stream
//   Http2Stream --answer, resume, reset, consume--> Http2StreamHost (the session)
//
// Ownership: owned by the session, which reuses it when it is closed and done(). Thread rule: the
// loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "transport/http.h"
#include "transport/internal/http2_head.h"
#include "transport/internal/loop_context.h"
#include "transport/internal/session.h"

namespace slipway::transport {

class Http2Stream;

/// How much a peer may send on a stream before it is consumed.
inline constexpr uint32_t kHttp2StreamWindowBytes = 1 << 20;

/// RFC 9113, 7.
enum class Http2Error : uint32_t {
  kNoError = 0x0,
  kInternalError = 0x2,
  kRefusedStream = 0x7,
  kCancel = 0x8,
  kEnhanceYourCalm = 0xB,
};

class Http2StreamHost {
 public:
  virtual ~Http2StreamHost() = default;
  virtual LoopContext& loop() = 0;
  virtual SessionHost& connection() = 0;
  virtual const Origin& origin() const = 0;
  virtual SteadyTime now() const = 0;
  /// Sends the head of an answer; names in lower case, without pseudo-headers. Then the session
  /// reads the body from the stream, unless `ends`.
  virtual void answer(Http2Stream& stream, int status, std::span<const HttpHeader> headers,
                      bool ends) = 0;
  /// "100 Continue": the client waits for it before it sends the body.
  virtual void answer_continue(Http2Stream& stream) = 0;
  /// Have on_tick() called by then.
  virtual void check_by(SteadyTime time) = 0;
  /// The stream can go on after Read::kWait.
  virtual void resume(Http2Stream& stream) = 0;
  virtual void reset(Http2Stream& stream, Http2Error error) = 0;
  /// Bytes of on_data() are done with: the peer may send as many again.
  virtual void consume(Http2Stream& stream, size_t bytes) = 0;
  /// Memory that streams hold. False if the connection's share or the loop's budget is spent.
  virtual bool charge(uint64_t bytes) = 0;
  virtual void release(uint64_t bytes) = 0;
};

/// What a stream holds of its connection's share of memory.
class StreamCharge {
 public:
  explicit StreamCharge(Http2StreamHost& host) : host_(host) {}
  ~StreamCharge() { release(); }
  StreamCharge(const StreamCharge&) = delete;
  StreamCharge& operator=(const StreamCharge&) = delete;

  bool add(uint64_t bytes) {
    if (!host_.charge(bytes)) return false;
    bytes_ += bytes;
    return true;
  }
  void release() {
    if (bytes_ > 0) host_.release(std::exchange(bytes_, 0));
  }

 private:
  Http2StreamHost& host_;
  uint64_t bytes_ = 0;
};

class Http2Stream {
 public:
  /// What read() came to.
  enum class Read {
    kMore,
    kWait,      // nothing at the moment: resume() tells
    kEnd,       // with these bytes the answer is complete
    kTrailers,  // with these bytes the body is complete; trailers() follow
    kFailed,    // the answer cannot be completed
  };

  enum class Kind : uint8_t { kHttp, kGrpc };

  virtual ~Http2Stream() = default;
  virtual Kind kind() const = 0;

  /// The head is complete; `ends`: there is no body.
  virtual void on_request(bool ends, SteadyTime now) = 0;
  virtual void on_data(std::string_view bytes, SteadyTime now) = 0;
  /// The request is complete.
  virtual void on_end(SteadyTime now) = 0;
  /// The next bytes of the answer, at most as many as `out` has; `size` says how many.
  virtual Read read(std::span<char> out, size_t& size) = 0;
  virtual std::span<const HttpHeader> trailers() = 0;
  /// Another thread has something for a stream of this connection.
  virtual void on_wake() = 0;
  /// Looks at the stream's time limits, a few times a second.
  virtual void on_tick(SteadyTime now) = 0;
  /// The session has forgotten the stream: answered, reset or cut off.
  virtual void on_close() = 0;
  /// After on_close(): no handler uses it any more.
  virtual bool done() const = 0;

  /// The session's own notes.
  struct Place {
    int32_t id = 0;           // 0: not open
    size_t index = 0;         // in the session's list
    bool waits = false;       // read() gave kWait
    bool end_seen = false;    // the request is complete
    bool is_refused = false;  // no gRPC, on a listener that speaks nothing else
    bool end_sent = false;    // the answer is complete
  };
  Place place;
  Http2Head head;
};

}  // namespace slipway::transport
