#include "transport/internal/grpc_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "transport/internal/ascii.h"
#include "transport/internal/grpc_guard.h"
#include "transport/internal/grpc_link.h"

namespace slipway::transport {
namespace {

constexpr std::string_view kContentType = "application/grpc";
constexpr std::string_view kAcceptEncoding = "identity,deflate,gzip";
constexpr size_t kKeptCapacityMax = 64 * 1024;

void release_if_large(std::string& text) {
  if (text.capacity() > kKeptCapacityMax) std::string().swap(text);
}

Status deadline_exceeded() {
  return Status(StatusCode::kDeadlineExceeded, "the deadline has passed");
}

Status too_many_large_requests() {
  return Status(StatusCode::kResourceExhausted,
                "the server holds too many large requests at the moment: try again later");
}

// A field of ours with what a handler gave: in lower case, and with nothing that could end it.
std::pair<std::string, std::string> clean_field(const std::pair<std::string, std::string>& field) {
  std::pair<std::string, std::string> clean = field;
  for (char& c : clean.first) c = ascii_lower(c);
  for (char& c : clean.second) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  clean.second = std::string(trim_blanks(clean.second));
  return clean;
}

}  // namespace

std::string_view GrpcRequest::field(std::string_view name) const {
  for (const HttpHeader& header : metadata) {
    if (equals_ignoring_case(header.name, name)) return header.value;
  }
  return {};
}

void GrpcAnswer::clear() {
  message.clear();
  status = Status();
  initial_metadata.clear();
  trailing_metadata.clear();
}

GrpcStream::GrpcStream(Http2StreamHost& host) : host_(host), loop_(host.loop()), charge_(host) {}

GrpcStream::~GrpcStream() { cancel_link(); }

// The request.

void GrpcStream::on_request(bool ends, SteadyTime now) {
  phase_ = Phase::kReceiving;
  handler_busy_ = gone_ = answered_ = finished_ = held_ = end_pending_ = took_messages_ = false;
  cancelled_.store(false, std::memory_order_relaxed);
  began_ = progress_ = now;
  unconsumed_ = 0;
  out_.clear();
  out_sent_ = 0;
  answer_.clear();
  request_ = {};
  request_.path = head.path();
  request_.metadata = head.headers();
  request_.remote_address = host_.origin().address;
  request_.listener = host_.origin().listener;
  request_.loop = loop_.index;
  request_.received = now;
  Status status = begin();
  if (!status.ok()) {
    loop_.counters.protocol_errors.add(1);
    finish(status, {});
  } else if (ends) {
    on_end(now);
  } else if (link_) {
    flush_link();
  }
}

Status GrpcStream::begin() {
  if (head.too_large()) {
    return Status(StatusCode::kResourceExhausted, "the request header is too large");
  }
  if (!charge_.add(sizeof(*this) + head.memory_bytes())) return too_many_large_requests();
  if (head.method() != HttpMethod::kPost) {
    return Status(StatusCode::kUnimplemented, "a gRPC call must be a POST");
  }
  const std::string_view timeout = request_.field("grpc-timeout");
  if (timeout.data() != nullptr) {
    const auto parsed = parse_grpc_timeout(timeout);
    if (!parsed) {
      return Status(StatusCode::kInternal, fmt::format("grpc-timeout is malformed: {}", timeout));
    }
    request_.deadline = request_.received + *parsed;
    host_.check_by(request_.deadline);
  }
  const std::string_view coding = request_.field("grpc-encoding");
  reader_.reset(coding, loop_.options.body_bytes_max);
  compresses_ =
      !ContentCoder::is_identity(coding) && names_gzip(request_.field("grpc-accept-encoding"));
  TRY_STATUS(reader_.check_coding());
  switch (loop_.grpc->method(request_.path, request_.listener)) {
    case GrpcHandler::Method::kUnary: return {};
    case GrpcHandler::Method::kStreaming: return open_call();
    case GrpcHandler::Method::kUnknown: break;
  }
  return Status(StatusCode::kUnimplemented, fmt::format("unknown method: {}", request_.path));
}

void GrpcStream::on_data(std::string_view bytes, SteadyTime) {
  if (phase_ != Phase::kReceiving) {  // answered already
    host_.consume(*this, bytes.size());
    return;
  }
  const Status status = gather(bytes);
  if (!status.ok()) {
    host_.consume(*this, bytes.size());
    fail(status);
    return;
  }
  unconsumed_ += bytes.size();
  if (link_) {
    deliver();
    flush_link();
  } else {
    give_back_window();
  }
}

Status GrpcStream::gather(std::string_view bytes) {
  std::string& buffer = reader_.buffer();
  const size_t needed = buffer.size() + bytes.size();
  // A streaming call may have, beside one message, a window of further ones.
  const uint64_t further = link_ ? kHttp2StreamWindowBytes : 0;
  if (needed > loop_.options.body_bytes_max + kGrpcPrefixBytes + further) {
    return Status(StatusCode::kResourceExhausted,
                  fmt::format("the message is too large: {} bytes are allowed",
                              loop_.options.body_bytes_max));
  }
  if (needed > buffer.capacity()) {
    const size_t capacity = std::max(needed, buffer.capacity() * 2);
    if (!charge_.add(capacity - buffer.capacity())) return too_many_large_requests();
    buffer.reserve(capacity);
  }
  buffer.append(bytes);
  return {};
}

void GrpcStream::give_back_window() {
  if (unconsumed_ > 0) host_.consume(*this, std::exchange(unconsumed_, 0));
}

void GrpcStream::on_end(SteadyTime now) {
  if (phase_ != Phase::kReceiving) return;
  if (link_) {
    end_pending_ = true;
    deliver();
    flush_link();
    return;
  }
  phase_ = Phase::kHandling;
  if (now >= request_.deadline) return finish(deadline_exceeded(), {});
  Status status = take_only_message();
  if (!status.ok()) return fail(status);
  status = grpc_guarded([this] { loop_.grpc->handle(*this); });
  if (!status.ok() && !handler_busy_) answer_.status = std::move(status);
  if (!handler_busy_) complete();
}

Status GrpcStream::take_only_message() {
  switch (reader_.next(loop_.coder, message_)) {
    case GrpcMessageReader::Next::kError: return reader_.error();
    case GrpcMessageReader::Next::kNeedMore:
      if (reader_.empty()) {
        return Status(StatusCode::kUnimplemented, "expected exactly one message, got none");
      }
      return Status(StatusCode::kInternal, "the request ends inside a message");
    case GrpcMessageReader::Next::kMessage: break;
  }
  if (reader_.empty()) return {};
  return Status(StatusCode::kUnimplemented, "expected exactly one message, got more");
}

// Unary calls.

std::function<void()> GrpcStream::defer() {
  CHECK(phase_ == Phase::kHandling && !handler_busy_);
  handler_busy_ = true;
  return host_.connection().make_completion(*this);
}

void GrpcStream::abandon() {
  answer_.clear();
  answer_.status = Status(StatusCode::kInternal, "the request was given up inside the server");
}

void GrpcStream::on_completed(SteadyTime) {
  handler_busy_ = false;
  if (gone_) return forget();
  if (phase_ == Phase::kHandling) complete();  // else the deadline has passed, and was answered
}

void GrpcStream::complete() {
  progress_ = host_.now();
  if (!answer_.status.ok()) return finish(answer_.status, answer_.trailing_metadata);
  append_grpc_frame(out_, answer_.message, compresses_ ? &loop_.coder : nullptr);
  if (!charge_.add(out_.size())) {
    out_.clear();
    return finish(too_many_large_requests(), {});
  }
  phase_ = Phase::kAnswering;
  finished_ = true;
  make_trailers(answer_.status, answer_.trailing_metadata);
  send_head(answer_.initial_metadata);
  release_request();
}

// The answer.

// A call that fails: the transport's own finding.
void GrpcStream::fail(const Status& status) {
  loop_.counters.protocol_errors.add(1);
  finish(status, {});
  cancel_link();
}

void GrpcStream::finish(const Status& status, const GrpcMetadata& metadata) {
  phase_ = Phase::kAnswering;
  finished_ = true;
  progress_ = host_.now();
  make_trailers(status, metadata);
  if (!answered_ && out_.empty()) {
    send_trailers_only();
  } else if (!answered_) {
    send_head({});
  } else {
    host_.resume(*this);
  }
  release_request();
}

void GrpcStream::send_trailers_only() {
  answered_ = true;
  trailers_.insert(trailers_.begin(), {"content-type", kContentType});
  host_.answer(*this, 200, trailers_, true);
}

void GrpcStream::make_trailers(const Status& status, const GrpcMetadata& metadata) {
  status_text_ = std::to_string(static_cast<int>(status.code()));
  message_text_.clear();
  if (!status.ok()) append_grpc_message(message_text_, status.message());
  metadata_.clear();
  for (const auto& field : metadata) metadata_.push_back(clean_field(field));
  trailers_.clear();
  trailers_.push_back({"grpc-status", status_text_});
  if (!message_text_.empty()) trailers_.push_back({"grpc-message", message_text_});
  for (const auto& [name, value] : metadata_) trailers_.push_back({name, value});
}

void GrpcStream::send_head(const GrpcMetadata& metadata) {
  answered_ = true;
  GrpcMetadata clean;
  for (const auto& field : metadata) clean.push_back(clean_field(field));
  std::vector<HttpHeader>& fields = head_fields_;
  fields.clear();
  fields.push_back({"content-type", kContentType});
  fields.push_back({"grpc-accept-encoding", kAcceptEncoding});
  if (compresses_) fields.push_back({"grpc-encoding", "gzip"});
  for (const auto& [name, value] : clean) fields.push_back({name, value});
  host_.answer(*this, 200, fields, false);
}

Http2Stream::Read GrpcStream::read(std::span<char> out, size_t& size) {
  if (out_sent_ == out_.size()) {
    out_.clear();
    out_sent_ = 0;
    fill_from_link();
  }
  size = std::min(out.size(), out_.size() - out_sent_);
  if (size > 0) {
    std::memcpy(out.data(), out_.data() + out_sent_, size);
    out_sent_ += size;
    progress_ = host_.now();
  }
  if (out_sent_ < out_.size()) return Read::kMore;
  if (finished_) return Read::kTrailers;
  return size > 0 ? Read::kMore : Read::kWait;
}

// Time and end.

void GrpcStream::on_tick(SteadyTime now) {
  const bool receives = phase_ == Phase::kReceiving && !link_;
  if (!finished_ && now >= request_.deadline) {
    cancelled_.store(true, std::memory_order_relaxed);
    finish(deadline_exceeded(), {});
    cancel_link();
  } else if (receives && now - began_ >= loop_.options.body_timeout) {
    loop_.counters.timeouts.add(1);
    finish(Status(StatusCode::kDeadlineExceeded, "the request did not arrive in time"), {});
  } else if (answered_ && !place.waits && now - progress_ >= loop_.options.write_timeout) {
    loop_.counters.timeouts.add(1);
    host_.reset(*this, Http2Error::kCancel);
  }
}

void GrpcStream::on_close() {
  cancelled_.store(true, std::memory_order_relaxed);
  give_back_window();  // the connection's, for what was never delivered
  if (finished_) {
    if (link_) link_->close();
    link_.reset();
    call_handler_.reset();
  } else {
    cancel_link();
  }
  if (handler_busy_) {
    gone_ = true;
  } else {
    forget();
  }
}

void GrpcStream::forget() {
  phase_ = Phase::kClosed;
  answer_.clear();
  release_if_large(answer_.message);
  out_.clear();
  out_sent_ = 0;
  release_if_large(out_);
  reader_.release_memory();
  charge_.release();
}

// Its memory, that is; what it says must stay while a handler is at work.
void GrpcStream::release_request() {
  if (handler_busy_) return;
  message_ = {};
  reader_.release_memory();
}

}  // namespace slipway::transport
