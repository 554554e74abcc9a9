// One HTTP/2 connection (RFC 9113): libnghttp2 does frames, HPACK and flow control, this class what
// a server must decide itself: what a stream is, how much a peer may hold, how long it may take,
// how to end.
//
//   bytes --Connection--> Http2Session --nghttp2--> Http2Stream (HTTP exchange or gRPC call)
//
// A peer is held to: streams_max open streams (those whose handler outlives their reset count on),
// header_bytes_max a header list, body_bytes_max a body, http2_bytes_max for all streams of the
// connection, a few control frames beside real requests, a few resets a second.
//
// Drain: a GOAWAY that names no last stream announces the end while requests cross it on the wire;
// after drain_idle a second one names the last stream taken; the connection ends when all streams
// are answered.
//
// Ownership: one per connection, owns its streams. Thread rule: the loop's thread.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "transport/internal/http2_stream.h"
#include "transport/internal/loop_context.h"
#include "transport/internal/session.h"

struct nghttp2_session;

namespace slipway::transport {

struct Http2Fields;

class Http2Session final : public Session, private Http2StreamHost {
 public:
  Http2Session(LoopContext& loop, SessionHost& host, const Protocols& spoken, Origin origin,
               SteadyTime now);
  ~Http2Session() override;
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  std::span<char> read_space() override;
  void on_read(size_t bytes, SteadyTime now) override;
  void on_end_of_input() override;
  Step advance(SteadyTime now) override;
  bool is_duplex() const override { return true; }
  void on_wake() override;
  Output output() const override;
  void on_written(size_t bytes) override;
  SteadyTime deadline() const override;
  void on_deadline(SteadyTime now) override;
  bool idle() const override;
  SteadyTime idle_since() const override { return idle_since_; }
  bool busy() const override { return open_streams_ > 0; }
  bool is_blind() const override { return false; }
  bool ends_cleanly() const override { return input_ended_; }
  void end_idle() override;
  void release_memory() override;
  void on_peer_gone() override;

 private:
  struct Callbacks;  // nghttp2's, in the .cpp
  enum class Drain { kNone, kAnnounced, kFinal };

  LoopContext& loop() override { return loop_; }
  SessionHost& connection() override { return host_; }
  const Origin& origin() const override { return origin_; }
  SteadyTime now() const override { return now_; }
  void answer(Http2Stream& stream, int status, std::span<const HttpHeader> headers,
              bool ends) override;
  void answer_continue(Http2Stream& stream) override;
  void check_by(SteadyTime time) override { next_check_ = std::min(next_check_, time); }
  void resume(Http2Stream& stream) override;
  void reset(Http2Stream& stream, Http2Error error) override;
  void consume(Http2Stream& stream, size_t bytes) override;
  bool charge(uint64_t bytes) override;
  void release(uint64_t bytes) override;

  nghttp2_session* make_nghttp2_session();
  void start();
  void take_request(int32_t id, bool ends);
  std::unique_ptr<Http2Stream> make_stream(Http2Stream::Kind kind);
  void close_stream(Http2Stream& stream);
  void recycle_done_streams();
  void count_control_frame();
  void advance_drain();
  void fill_output();
  void fail();

  LoopContext& loop_;
  SessionHost& host_;
  const Protocols spoken_;
  const Origin origin_;
  std::unique_ptr<Http2Fields> fields_;  // scratch of answer()
  nghttp2_session* session_ = nullptr;   // null once the peer has gone
  SteadyTime now_;                       // of the call from outside that is under way

  std::vector<std::unique_ptr<Http2Stream>> streams_;  // open, or closed with a handler at work
  std::array<std::vector<std::unique_ptr<Http2Stream>>, 2> spare_;  // of each kind, to be reused
  size_t open_streams_ = 0;
  bool any_closed_ = false;  // streams_ holds closed ones
  Http2Head incoming_;
  int32_t incoming_id_ = 0;  // whose header block is under way; 0: none
  SteadyTime incoming_since_;

  std::unique_ptr<char[]> input_;
  std::string out_;
  size_t out_sent_ = 0;
  bool input_ended_ = false;
  bool failed_ = false;
  Drain drain_ = Drain::kNone;
  SteadyTime drain_final_at_;
  SteadyTime idle_since_;
  SteadyTime next_check_;
  SteadyTime last_read_;
  bool settings_seen_ = false;
  bool ping_pending_ = false;
  SteadyTime ping_sent_;

  double control_credit_;  // control frames that are still tolerated
  SteadyTime control_credit_at_;
  uint64_t used_bytes_ = 0;      // by streams
  uint64_t reserved_bytes_ = 0;  // of the loop's budget
};

}  // namespace slipway::transport
