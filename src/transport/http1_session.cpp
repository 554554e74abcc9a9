#include "transport/internal/http1_session.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/check.h"

namespace slipway::transport {
namespace {

// Bodies up to this are copied behind their head: cheaper than a second piece in the system call.
constexpr size_t kCopiedBodyBytesMax = 16 * 1024;
// Pipelined answers gather up to this before they are sent.
constexpr size_t kGatheredBytesMax = 64 * 1024;
// A body source is asked for so much at a time.
constexpr size_t kPieceBytes = 64 * 1024;
constexpr size_t kKeptCapacityMax = 1024 * 1024;
constexpr std::string_view kContinueLine = "HTTP/1.1 100 Continue\r\n\r\n";

void release_if_large(std::string& text) {
  if (text.capacity() > kKeptCapacityMax) std::string().swap(text);
}

}  // namespace

Http1Session::Http1Session(LoopContext& loop, SessionHost& host, Origin origin, SteadyTime now)
    : loop_(loop),
      host_(host),
      origin_(std::move(origin)),
      parser_({loop.options.header_bytes_max, loop.options.body_bytes_max}, loop.budget),
      deadline_(now + loop.options.idle_timeout),
      idle_since_(now),
      stream_(loop.budget),
      decoded_body_(loop.budget) {}

void Http1Session::on_read(size_t bytes, SteadyTime now) {
  parser_.commit(bytes);
  last_read_ = now;
  if (phase_ == Phase::kIdle) {
    phase_ = Phase::kHeader;
    message_began_ = now;
    deadline_ = now + loop_.options.header_timeout;
  }
}

Http1Session::Step Http1Session::advance(SteadyTime now) {
  for (;;) {
    if (body_pending_ || out_.size() - out_sent_ >= kGatheredBytesMax) return Step::kWrite;
    if (phase_ == Phase::kHandling) return has_output() ? Step::kWrite : Step::kWait;
    if (phase_ == Phase::kEnding) return has_output() ? Step::kWrite : Step::kClose;
    if (phase_ == Phase::kStreaming) {
      const Step step = advance_stream();
      if (phase_ == Phase::kStreaming) return step;
      continue;
    }
    switch (parser_.next()) {
      case Http1Event::kNeedMore:
        if (has_output()) return Step::kWrite;
        on_input_starved(now);
        return input_ended_ ? Step::kClose : Step::kRead;
      case Http1Event::kHeaders: enter_body(now); break;
      case Http1Event::kRequest: begin_exchange(now); break;
      case Http1Event::kError: fail(parser_.failure().status, parser_.failure().reason, now); break;
    }
  }
}

void Http1Session::on_input_starved(SteadyTime now) {
  if (input_ended_) {
    if (!parser_.empty()) loop_.counters.protocol_errors.add(1);  // cut off inside a request
    return;
  }
  if (phase_ != Phase::kHeader) return;
  if (parser_.empty()) {
    phase_ = Phase::kIdle;
    idle_since_ = now;
    deadline_ = now + loop_.options.idle_timeout;
  } else if (deadline_ == SteadyTime::max()) {
    deadline_ = now + loop_.options.header_timeout;
  }
}

void Http1Session::enter_body(SteadyTime now) {
  const Http1Message& message = parser_.message();
  phase_ = Phase::kBody;
  deadline_ = now + loop_.options.body_timeout;
  if (message.http11 && message.expectation == Http1Expectation::kContinue) out_ += kContinueLine;
}

void Http1Session::begin_exchange(SteadyTime now) {
  const Http1Message& message = parser_.message();
  phase_ = Phase::kHandling;
  deadline_ = SteadyTime::max();
  loop_.counters.requests.add(1);
  request_.method = message.method;
  request_.path = message.path;
  request_.query = message.query;
  request_.headers = message.headers;
  request_.body = message.body;
  request_.remote_address = origin_.address;
  request_.listener = origin_.listener;
  request_.loop = loop_.index;
  request_.received = message_began_;
  const auto failure = decoded_body_.decode(loop_, message.content_encoding, request_.body);
  if (failure) return fail(failure->status, failure->reason, now);
  response_.clear();
  has_deferred_ = false;
  call_handler(loop_.handler, *this, has_deferred_);
  if (!has_deferred_) complete_exchange(now);
}

std::function<void()> Http1Session::defer() {
  CHECK(phase_ == Phase::kHandling && !has_deferred_);
  has_deferred_ = true;
  return host_.make_completion(*this);
}

void Http1Session::abandon() {
  set_error(response_, 500, "The request was given up inside the server");
}

void Http1Session::on_completed(SteadyTime now) {
  if (phase_ == Phase::kHandling) complete_exchange(now);
  if (peer_gone_) on_peer_gone();
}

void Http1Session::complete_exchange(SteadyTime now) {
  const Http1Message& message = parser_.message();
  correct_status(response_);
  client_closes_ = !message.keep_alive;
  closes_ = client_closes_ || loop_.draining;
  framing_ = BodyFraming::kLength;
  const bool streams = response_.body_source && prepare_stream();
  if (streams && framing_ == BodyFraming::kUntilClose) closes_ = true;
  ConnectionHeader connection = ConnectionHeader::kNone;
  if (closes_) connection = ConnectionHeader::kClose;
  if (!closes_ && !message.http11) connection = ConnectionHeader::kKeepAlive;
  if (streams) {
    compress_stream(stream_, response_, message.accept_encoding);
    loop_.response_head.append(out_, response_, framing_, connection, now);
    append_piece();
  } else {
    if (framing_ == BodyFraming::kLength) {
      compress_response(loop_, response_, message.accept_encoding);
    }
    write_response(connection, now);
  }
  decoded_body_.release();
  parser_.finish();
  if (streams) {
    phase_ = Phase::kStreaming;
    deadline_ = SteadyTime::max();
  } else {
    end_exchange();
  }
}

void Http1Session::end_exchange() {
  // Bytes of the next request may be here already. Its clock starts when they are looked at, since
  // until then it is the answer, not the client, that holds it up.
  phase_ = closes_ ? Phase::kEnding : Phase::kHeader;
  message_began_ = last_read_;
  deadline_ = SteadyTime::max();
}

// Pulls the first piece. False if there is nothing to stream: HEAD, or a source that gave all it
// has (then the answer is like any other) or failed (then the client can still be told).
bool Http1Session::prepare_stream() {
  framing_ = parser_.message().http11 ? BodyFraming::kChunked : BodyFraming::kUntilClose;
  if (request_.method == HttpMethod::kHead || !status_has_body(response_.status)) {
    response_.body_source.reset();
    return false;
  }
  stream_.begin(std::move(response_.body_source));
  const size_t have = std::min(response_.body.size(), kPieceBytes - 1);
  switch (stream_.pull(response_.body, kPieceBytes - have)) {
    case BodySource::Pull::kMore:
    case BodySource::Pull::kWait: return true;
    case BodySource::Pull::kEnd: break;
    case BodySource::Pull::kFailed:
      set_error(response_, 500, "The request failed inside the server");
      break;
  }
  stream_.end();
  framing_ = BodyFraming::kLength;
  return false;
}

// One piece is on its way at a time: memory stays bounded however slow the peer is.
Http1Session::Step Http1Session::advance_stream() {
  if (has_output()) return Step::kWrite;
  switch (stream_.pull(response_.body, kPieceBytes)) {
    case BodySource::Pull::kMore: append_piece(); return Step::kWrite;
    case BodySource::Pull::kWait: append_piece(); return has_output() ? Step::kWrite : Step::kWait;
    case BodySource::Pull::kEnd: break;
    case BodySource::Pull::kFailed: return Step::kCut;
  }
  append_piece();
  if (framing_ == BodyFraming::kChunked) out_ += "0\r\n\r\n";
  stream_.end();
  release_if_large(response_.body);
  end_exchange();
  return Step::kWrite;
}

void Http1Session::append_piece() {
  std::string& piece = response_.body;
  if (piece.empty()) return;  // an empty chunk would be the last one
  if (framing_ == BodyFraming::kChunked) {
    std::array<char, 16> digits;
    const auto [end, code] =
        std::to_chars(digits.data(), digits.data() + digits.size(), piece.size(), 16);
    out_.append(digits.data(), end).append("\r\n");
  }
  out_ += piece;
  if (framing_ == BodyFraming::kChunked) out_ += "\r\n";
  piece.clear();
}

void Http1Session::write_response(ConnectionHeader connection, SteadyTime now) {
  loop_.response_head.append(out_, response_, framing_, connection, now);
  if (request_.method == HttpMethod::kHead || !status_has_body(response_.status)) return;
  if (response_.body.size() <= kCopiedBodyBytesMax) {
    out_ += response_.body;
    return;
  }
  body_pending_ = true;
  body_sent_ = 0;
}

// An answer of the transport itself, after which the connection cannot go on.
void Http1Session::fail(int status, std::string_view reason, SteadyTime now) {
  loop_.counters.protocol_errors.add(1);
  decoded_body_.release();
  set_error(response_, status, reason);
  framing_ = BodyFraming::kLength;
  request_.method = HttpMethod::kOther;  // not HEAD: what was asked may not be known
  write_response(ConnectionHeader::kClose, now);
  phase_ = Phase::kEnding;
  deadline_ = SteadyTime::max();
}

void Http1Session::skip(size_t bytes, std::string client_address, SteadyTime now) {
  parser_.skip(bytes);
  origin_.address = std::move(client_address);
  message_began_ = now;
  deadline_ = now + loop_.options.header_timeout;
  if (parser_.empty()) on_input_starved(now);
}

void Http1Session::refuse(int status, std::string_view reason, SteadyTime now) {
  fail(status, reason, now);
}

Http1Session::Output Http1Session::output() const {
  Output output;
  if (out_sent_ < out_.size()) {
    output[0] = {out_.data() + out_sent_, out_.size() - out_sent_};
  }
  if (body_pending_) {
    output[1] = {response_.body.data() + body_sent_, response_.body.size() - body_sent_};
  }
  return output;
}

void Http1Session::on_written(size_t bytes) {
  const size_t from_out = std::min(bytes, out_.size() - out_sent_);
  out_sent_ += from_out;
  if (out_sent_ < out_.size()) return;
  out_.clear();
  out_sent_ = 0;
  release_if_large(out_);
  if (!body_pending_) return;
  body_sent_ += bytes - from_out;
  CHECK(body_sent_ <= response_.body.size());
  if (body_sent_ < response_.body.size()) return;
  body_pending_ = false;
  release_if_large(response_.body);
}

void Http1Session::on_deadline(SteadyTime now) {
  switch (phase_) {
    case Phase::kIdle: phase_ = Phase::kEnding; break;
    case Phase::kHeader:
      loop_.counters.timeouts.add(1);
      fail(408, "The request header did not arrive in time", now);
      break;
    case Phase::kBody:
      loop_.counters.timeouts.add(1);
      fail(408, "The request body did not arrive in time", now);
      break;
    case Phase::kHandling:
    case Phase::kStreaming:
    case Phase::kEnding: break;
  }
  deadline_ = SteadyTime::max();
}

void Http1Session::release_memory() {
  parser_.release_memory();
  decoded_body_.release_memory();
  if (has_output()) return;
  std::string().swap(out_);
  std::string().swap(response_.body);
}

void Http1Session::on_peer_gone() {
  peer_gone_ = true;
  if (phase_ == Phase::kHandling) return;  // the handler still uses request and answer
  phase_ = Phase::kEnding;
  stream_.end();
  release_memory();
}

}  // namespace slipway::transport
