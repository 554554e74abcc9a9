#include "transport/internal/http2_exchange.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/check.h"
#include "transport/internal/ascii.h"
#include "transport/internal/response_head.h"

namespace slipway::transport {
namespace {

constexpr size_t kPieceBytes = 64 * 1024;  // a body source is asked for so much at a time
constexpr size_t kKeptCapacityMax = 64 * 1024;

void release_if_large(std::string& text) {
  if (text.capacity() > kKeptCapacityMax) std::string().swap(text);
}

// Fields that say something of an HTTP/1 connection have no place here (RFC 9113, 8.2.2).
bool is_connection_field(std::string_view name) {
  constexpr std::array<std::string_view, 5> kFields = {
      "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"};
  return std::ranges::any_of(
      kFields, [name](std::string_view field) { return equals_ignoring_case(name, field); });
}

// In lower case, and with nothing that could end it.
void make_field_name(std::string& name) {
  for (char& c : name) c = ascii_lower(c);
}

void make_field_value(std::string& value) {
  for (char& c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7F) c = ' ';
  }
  const std::string_view trimmed = trim_blanks(value);
  if (trimmed.size() != value.size()) value = std::string(trimmed);
}

}  // namespace

Http2Exchange::Http2Exchange(Http2StreamHost& host)
    : host_(host),
      loop_(host.loop()),
      charge_(host),
      decoded_body_(loop_.budget),
      stream_(loop_.budget) {}

void Http2Exchange::on_request(bool ends, SteadyTime now) {
  phase_ = Phase::kReceiving;
  has_deferred_ = false;
  gone_.store(false, std::memory_order_relaxed);
  began_ = progress_ = now;
  body_sent_ = 0;
  body_.clear();
  request_.method = head.method();
  request_.path = head.path();
  request_.query = head.query();
  request_.headers = head.headers();
  request_.remote_address = host_.origin().address;
  request_.listener = host_.origin().listener;
  request_.loop = loop_.index;
  request_.received = now;
  if (place.is_refused) return fail({415, "Only gRPC is served on this address"}, now);
  if (head.too_large()) return fail({431, "The request header is too large"}, now);
  if (!charge_.add(sizeof(*this) + head.memory_bytes())) return fail(kTooManyLargeRequests, now);
  if (ends) return on_end(now);
  if (equals_ignoring_case(head.header("expect"), "100-continue")) host_.answer_continue(*this);
}

void Http2Exchange::on_data(std::string_view bytes, SteadyTime now) {
  // Consumed at once: the limit of the body, not the window, bounds what is gathered.
  host_.consume(*this, bytes.size());
  if (phase_ != Phase::kReceiving) return;  // refused already
  if (bytes.size() > loop_.options.body_bytes_max - body_.size()) {
    return fail({413, "The request body is too large"}, now);
  }
  const size_t needed = body_.size() + bytes.size();
  if (needed > body_.capacity()) {
    const size_t capacity = std::max(needed, body_.capacity() * 2);
    if (!charge_.add(capacity - body_.capacity())) return fail(kTooManyLargeRequests, now);
    body_.reserve(capacity);
  }
  body_.append(bytes);
}

void Http2Exchange::on_end(SteadyTime now) {
  if (phase_ != Phase::kReceiving) return;
  phase_ = Phase::kHandling;
  request_.body = body_;
  const auto failure = decoded_body_.decode(loop_, head.header("content-encoding"), request_.body);
  if (failure) return fail(*failure, now);
  response_.clear();
  call_handler(loop_.handler, *this, has_deferred_);
  if (!has_deferred_) complete(now);
}

std::function<void()> Http2Exchange::defer() {
  CHECK(phase_ == Phase::kHandling && !has_deferred_);
  has_deferred_ = true;
  return host_.connection().make_completion(*this);
}

void Http2Exchange::abandon() {
  set_error(response_, 500, "The request was given up inside the server");
}

void Http2Exchange::on_completed(SteadyTime now) {
  if (gone_) return forget();
  complete(now);
}

void Http2Exchange::fail(const HttpFailure& failure, SteadyTime now) {
  loop_.counters.protocol_errors.add(1);
  set_error(response_, failure.status, failure.reason);
  complete(now);
}

void Http2Exchange::complete(SteadyTime now) {
  correct_status(response_);
  if (!charge_.add(response_.body.size())) {
    set_error(response_, kTooManyLargeRequests.status, kTooManyLargeRequests.reason);
  }
  const bool streams = response_.body_source && prepare_stream();
  const std::string_view accept_encoding = head.header("accept-encoding");
  if (streams) {
    compress_stream(stream_, response_, accept_encoding);
  } else {
    compress_response(loop_, response_, accept_encoding);
  }
  phase_ = Phase::kAnswering;
  progress_ = now;
  send_answer(!streams, now);
  decoded_body_.release();
  request_.body = {};
  release_if_large(body_);
}

// Pulls the first piece. False if there is nothing to stream: HEAD, or a source that gave all it
// has or failed at once.
bool Http2Exchange::prepare_stream() {
  if (request_.method == HttpMethod::kHead || !status_has_body(response_.status)) {
    response_.body_source.reset();
    return false;
  }
  stream_.begin(std::move(response_.body_source));
  switch (stream_.pull(response_.body, kPieceBytes)) {
    case BodySource::Pull::kMore:
    case BodySource::Pull::kWait: return true;
    case BodySource::Pull::kEnd: break;
    case BodySource::Pull::kFailed:
      set_error(response_, 500, "The request failed inside the server");
      break;
  }
  stream_.end();
  return false;
}

void Http2Exchange::send_answer(bool has_length, SteadyTime now) {
  std::vector<HttpHeader>& fields = fields_;
  fields.clear();
  const bool has_body = status_has_body(response_.status);
  std::array<char, 20> digits;
  if (has_body && !response_.content_type.empty()) {
    fields.push_back({"content-type", response_.content_type});
  }
  if (has_body && has_length) {
    const auto [end, code] =
        std::to_chars(digits.data(), digits.data() + digits.size(), response_.body.size());
    fields.push_back({"content-length", {digits.data(), static_cast<size_t>(end - digits.data())}});
  }
  fields.push_back({"server", "slipway"});
  fields.push_back({"date", loop_.response_head.date(now)});
  for (auto& [name, value] : response_.headers) {
    if (is_connection_field(name)) continue;
    make_field_name(name);
    make_field_value(value);
    fields.push_back({name, value});
  }
  const bool sends_body = has_body && request_.method != HttpMethod::kHead &&
                          (stream_.active() || !response_.body.empty());
  host_.answer(*this, response_.status, fields, !sends_body);
}

Http2Stream::Read Http2Exchange::read(std::span<char> out, size_t& size) {
  size = 0;
  if (body_sent_ == response_.body.size() && stream_.active()) {
    response_.body.clear();
    body_sent_ = 0;
    switch (stream_.pull(response_.body, out.size())) {
      case BodySource::Pull::kMore: break;
      case BodySource::Pull::kWait:
        if (response_.body.empty()) return Read::kWait;
        break;
      case BodySource::Pull::kEnd: stream_.end(); break;
      case BodySource::Pull::kFailed: stream_.end(); return Read::kFailed;
    }
  }
  size = std::min(out.size(), response_.body.size() - body_sent_);
  if (size > 0) std::memcpy(out.data(), response_.body.data() + body_sent_, size);
  body_sent_ += size;
  progress_ = host_.now();
  return body_sent_ == response_.body.size() && !stream_.active() ? Read::kEnd : Read::kMore;
}

void Http2Exchange::on_tick(SteadyTime now) {
  if (phase_ == Phase::kReceiving && now - began_ >= loop_.options.body_timeout) {
    loop_.counters.timeouts.add(1);
    fail({408, "The request body did not arrive in time"}, now);
  } else if (phase_ == Phase::kAnswering && !place.waits &&
             now - progress_ >= loop_.options.write_timeout) {
    loop_.counters.timeouts.add(1);
    host_.reset(*this, Http2Error::kCancel);
  }
}

void Http2Exchange::on_close() {
  if (phase_ == Phase::kHandling && has_deferred_) {
    gone_ = true;
    return;
  }
  forget();
}

void Http2Exchange::forget() {
  phase_ = Phase::kClosed;
  stream_.end();
  response_.clear();
  decoded_body_.release();
  release_if_large(response_.body);
  release_if_large(body_);
  charge_.release();
}

}  // namespace slipway::transport
