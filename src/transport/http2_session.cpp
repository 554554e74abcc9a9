#include "transport/internal/http2_session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "transport/internal/grpc_stream.h"
#include "transport/internal/http2_exchange.h"
#include "transport/internal/http2_fields.h"

namespace slipway::transport {
namespace {

constexpr size_t kInputBytes = 16 * 1024;
constexpr size_t kOutputBytes = 64 * 1024;  // gathered before they are sent
constexpr size_t kKeptCapacityMax = 256 * 1024;
constexpr int32_t kConnectionWindowBytes = 4 << 20;
// Answers to frames of a peer that sends and does not read.
constexpr size_t kQueuedFramesMax = 2000;
// Frames that ask for no more than an answer of the protocol (PING, SETTINGS, resets, empty DATA,
// ...): so many at once, so many a second, and some for each real request.
constexpr double kControlFramesBurst = 1000;
constexpr double kControlFramesPerSecond = 20;
constexpr double kControlFramesPerRequest = 20;
// The loop's budget is asked in such steps; the first bytes are free.
constexpr uint64_t kFreeBytes = 16 * 1024;
constexpr uint64_t kReserveStepBytes = 256 * 1024;
constexpr std::chrono::milliseconds kCheckPeriod{250};
constexpr size_t kSpareStreamsMax = 16;

}  // namespace

Http2Session::Http2Session(LoopContext& loop, SessionHost& host, const Protocols& spoken,
                           Origin origin, SteadyTime now)
    : loop_(loop),
      host_(host),
      spoken_(spoken),
      origin_(std::move(origin)),
      session_(make_nghttp2_session()),
      now_(now),
      idle_since_(now),
      next_check_(now + kCheckPeriod),
      last_read_(now),
      control_credit_(kControlFramesBurst),
      control_credit_at_(now) {
  start();
}

Http2Session::~Http2Session() {
  nghttp2_session_del(session_);
  streams_.clear();
  for (auto& spare : spare_) spare.clear();
  loop_.budget.release(reserved_bytes_);
}

void Http2Session::start() {
  const ServerOptions& options = loop_.options;
  const auto header_bytes =
      static_cast<uint32_t>(std::min<uint64_t>(options.header_bytes_max, UINT32_MAX));
  const std::array<nghttp2_settings_entry, 3> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.http2_streams_max},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kHttp2StreamWindowBytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, header_bytes},
  }};
  CHECK(nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) ==
        0);
  CHECK(nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                              kConnectionWindowBytes) == 0);
}

std::span<char> Http2Session::read_space() {
  if (!input_) input_ = std::make_unique_for_overwrite<char[]>(kInputBytes);
  return {input_.get(), kInputBytes};
}

void Http2Session::on_read(size_t bytes, SteadyTime now) {
  now_ = last_read_ = now;
  if (failed_ || session_ == nullptr) return;
  const auto* const input = reinterpret_cast<const uint8_t*>(input_.get());
  const ssize_t used = nghttp2_session_mem_recv(session_, input, bytes);
  // Most errors of the peer nghttp2 answers itself, by GOAWAY; then it takes no more. The others
  // leave nothing to be said.
  if (used < 0 || nghttp2_session_get_outbound_queue_size(session_) > kQueuedFramesMax) fail();
  recycle_done_streams();
}

// What has been asked in full is still answered; the rest can no longer become complete.
void Http2Session::on_end_of_input() {
  input_ended_ = true;
  for (const auto& stream : streams_) {
    if (!stream->place.end_seen) reset(*stream, Http2Error::kCancel);
  }
}

void Http2Session::fail() {
  if (!std::exchange(failed_, true)) loop_.counters.protocol_errors.add(1);
}

Session::Step Http2Session::advance(SteadyTime now) {
  now_ = now;
  if (session_ == nullptr) return Step::kClose;
  if (!failed_) {
    if (loop_.draining) advance_drain();
    fill_output();
    recycle_done_streams();
  }
  if (out_sent_ < out_.size()) return Step::kWrite;
  if (failed_ || nghttp2_session_want_read(session_) == 0) return Step::kClose;
  if (input_ended_) return open_streams_ == 0 ? Step::kClose : Step::kWait;
  return Step::kRead;
}

// As much as is sent at once; nghttp2 makes frames of the answers only when they are asked for
// here.
void Http2Session::fill_output() {
  while (out_.size() - out_sent_ < kOutputBytes) {
    const uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
    if (size < 0) fail();
    if (size <= 0) return;
    out_.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  }
}

Session::Output Http2Session::output() const {
  Output output;
  output[0] = {out_.data() + out_sent_, out_.size() - out_sent_};
  return output;
}

void Http2Session::on_written(size_t bytes) {
  out_sent_ += bytes;
  CHECK(out_sent_ <= out_.size());
  if (out_sent_ < out_.size()) return;
  out_.clear();
  out_sent_ = 0;
  if (out_.capacity() > kKeptCapacityMax) std::string().swap(out_);
}

// Streams.

void Http2Session::take_request(int32_t id, bool ends) {
  if (id != incoming_id_) return;  // refused
  incoming_id_ = 0;
  // Closed streams whose handlers are still at work: what a peer opens and resets costs it too.
  if (streams_.size() >= 2 * static_cast<size_t>(loop_.options.http2_streams_max)) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
    return;
  }
  control_credit_ = std::min(kControlFramesBurst, control_credit_ + kControlFramesPerRequest);
  const bool is_grpc =
      spoken_.grpc && loop_.grpc != nullptr && is_grpc_content_type(incoming_.find("content-type"));
  std::unique_ptr<Http2Stream> made =
      make_stream(is_grpc ? Http2Stream::Kind::kGrpc : Http2Stream::Kind::kHttp);
  Http2Stream& stream = *made;
  stream.head.swap(incoming_);
  stream.head.finish();
  stream.place = {};
  stream.place.id = id;
  stream.place.index = streams_.size();
  stream.place.end_seen = ends;
  stream.place.is_refused = !is_grpc && !spoken_.http2;
  streams_.push_back(std::move(made));
  open_streams_++;
  check_by(now_ + kCheckPeriod);
  nghttp2_session_set_stream_user_data(session_, id, &stream);
  loop_.counters.requests.add(1);
  stream.on_request(ends, now_);
}

std::unique_ptr<Http2Stream> Http2Session::make_stream(Http2Stream::Kind kind) {
  auto& spare = spare_[static_cast<size_t>(kind)];
  if (!spare.empty()) {
    std::unique_ptr<Http2Stream> stream = std::move(spare.back());
    spare.pop_back();
    return stream;
  }
  Http2StreamHost& host = *this;
  if (kind == Http2Stream::Kind::kGrpc) return std::make_unique<GrpcStream>(host);
  return std::make_unique<Http2Exchange>(host);
}

void Http2Session::close_stream(Http2Stream& stream) {
  if (std::exchange(stream.place.id, 0) == 0) return;
  open_streams_--;
  any_closed_ = true;
  stream.on_close();
  if (open_streams_ == 0) idle_since_ = now_;
}

// Not while nghttp2 is at work, whose frames may still name the stream.
void Http2Session::recycle_done_streams() {
  if (!any_closed_) return;
  any_closed_ = false;
  for (size_t i = 0; i < streams_.size();) {
    Http2Stream& stream = *streams_[i];
    if (stream.place.id != 0 || !stream.done()) {
      any_closed_ = any_closed_ || stream.place.id == 0;
      i++;
      continue;
    }
    std::unique_ptr<Http2Stream> done = std::move(streams_[i]);
    if (i + 1 != streams_.size()) streams_[i] = std::move(streams_.back());
    streams_.pop_back();
    done->head.clear();
    auto& spare = spare_[static_cast<size_t>(done->kind())];
    if (spare.size() < kSpareStreamsMax) spare.push_back(std::move(done));
  }
}

void Http2Session::resume(Http2Stream& stream) {
  if (session_ == nullptr || stream.place.id == 0) return;
  if (std::exchange(stream.place.waits, false)) {
    nghttp2_session_resume_data(session_, stream.place.id);
  }
}

void Http2Session::on_wake() {
  for (size_t i = 0; i < streams_.size(); i++) {
    if (streams_[i]->place.id != 0) streams_[i]->on_wake();
  }
}

void Http2Session::reset(Http2Stream& stream, Http2Error error) {
  if (session_ == nullptr || stream.place.id == 0) return;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.place.id,
                            static_cast<uint32_t>(error));
}

void Http2Session::consume(Http2Stream& stream, size_t bytes) {
  if (session_ == nullptr) return;
  if (stream.place.id == 0) {
    nghttp2_session_consume_connection(session_, bytes);
  } else {
    nghttp2_session_consume(session_, stream.place.id, bytes);
  }
}

// Memory.

bool Http2Session::charge(uint64_t bytes) {
  const uint64_t used = used_bytes_ + bytes;
  const ServerOptions& options = loop_.options;
  if (used > std::max(options.http2_bytes_max, 3 * options.body_bytes_max)) return false;
  if (used > reserved_bytes_ + kFreeBytes) {
    const uint64_t step = std::max(kReserveStepBytes, used - reserved_bytes_ - kFreeBytes);
    if (!loop_.budget.reserve(step)) return false;
    reserved_bytes_ += step;
  }
  used_bytes_ = used;
  return true;
}

void Http2Session::release(uint64_t bytes) {
  CHECK(bytes <= used_bytes_);
  used_bytes_ -= bytes;
  if (used_bytes_ == 0 && reserved_bytes_ > kReserveStepBytes) {
    loop_.budget.release(std::exchange(reserved_bytes_, 0));
  }
}

void Http2Session::end_idle() {
  if (session_ != nullptr) nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
}

void Http2Session::release_memory() {
  input_.reset();
  if (out_.empty()) std::string().swap(out_);
  for (auto& spare : spare_) spare.clear();
  if (used_bytes_ == 0) loop_.budget.release(std::exchange(reserved_bytes_, 0));
}

void Http2Session::on_peer_gone() {
  nghttp2_session_del(std::exchange(session_, nullptr));
  for (const auto& stream : streams_) close_stream(*stream);
  recycle_done_streams();
  release_memory();
}

// Time.

bool Http2Session::idle() const {
  return streams_.empty() && out_sent_ == out_.size() && incoming_id_ == 0 &&
         drain_ == Drain::kNone && !loop_.draining;
}

SteadyTime Http2Session::deadline() const {
  if (loop_.draining && drain_ == Drain::kNone) return SteadyTime::min();
  return next_check_;
}

void Http2Session::on_deadline(SteadyTime now) {
  now_ = now;
  if (session_ == nullptr) return;
  // With nothing to watch, only the idle timeout is left.
  const bool watches = !streams_.empty() || !settings_seen_ || loop_.draining;
  next_check_ = watches ? now + kCheckPeriod : idle_since_ + loop_.options.idle_timeout;
  const ServerOptions& options = loop_.options;
  for (size_t i = 0; i < streams_.size(); i++) {
    if (streams_[i]->place.id != 0) streams_[i]->on_tick(now);
  }
  const bool stuck = (incoming_id_ != 0 && now - incoming_since_ >= options.header_timeout) ||
                     (!settings_seen_ && now - idle_since_ >= options.header_timeout);
  const bool dead =
      ping_pending_ && last_read_ < ping_sent_ && now - ping_sent_ >= options.ping_timeout;
  if (stuck || dead) {
    loop_.counters.timeouts.add(1);
    nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
    fill_output();
    failed_ = true;
    return;
  }
  if (streams_.empty()) {
    if (now - idle_since_ >= options.idle_timeout && incoming_id_ == 0) {
      nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
    }
  } else if (!ping_pending_ && now - last_read_ >= options.ping_interval) {
    ping_pending_ = nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr) == 0;
    ping_sent_ = now;
  }
}

void Http2Session::advance_drain() {
  switch (drain_) {
    case Drain::kNone:
      nghttp2_submit_shutdown_notice(session_);
      drain_final_at_ = now_ + loop_.options.drain_idle;
      next_check_ = std::min(next_check_, drain_final_at_);
      drain_ = Drain::kAnnounced;
      break;
    case Drain::kAnnounced:
      if (now_ < drain_final_at_) break;
      nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                            nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                            nullptr, 0);
      drain_ = Drain::kFinal;
      break;
    case Drain::kFinal: break;
  }
}

void Http2Session::count_control_frame() {
  if (control_credit_ < 0) return;  // the end has been announced
  const double seconds = std::chrono::duration<double>(now_ - control_credit_at_).count();
  control_credit_at_ = now_;
  control_credit_ =
      std::min(kControlFramesBurst, control_credit_ + seconds * kControlFramesPerSecond) - 1;
  if (control_credit_ >= 0) return;
  loop_.counters.protocol_errors.add(1);
  nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM);
}

}  // namespace slipway::transport
