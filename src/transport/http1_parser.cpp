#include "transport/internal/http1_parser.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <limits>
#include <optional>

#define BOOST_ERROR_CODE_HEADER_ONLY
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include "base/check.h"

namespace slipway::transport {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using ErrorCode = beast::error_code;

constexpr size_t kReadBytesMin = 1024;
constexpr size_t kBodyGrowthBytesMin = 64 * 1024;
constexpr size_t kKeptCapacityMax = 1024 * 1024;

// Beast asserts that it sees at least these bytes once it has met the last chunk; every body that
// is still incomplete has at least as many to come, so waiting for them delays nothing.
constexpr size_t kChunkBytesMin = 5;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

HttpMethod method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get: return HttpMethod::kGet;
    case http::verb::head: return HttpMethod::kHead;
    case http::verb::post: return HttpMethod::kPost;
    case http::verb::put: return HttpMethod::kPut;
    case http::verb::delete_: return HttpMethod::kDelete;
    case http::verb::options: return HttpMethod::kOptions;
    case http::verb::patch: return HttpMethod::kPatch;
    default: return HttpMethod::kOther;
  }
}

bool is_token_char(char c) { return http::detail::is_token_char(c); }

// "HTTP/d.d" behind method and target: well-formed, so that the version itself is what is wrong.
bool names_http_version(std::string_view line) {
  const size_t target = line.find(' ');
  const size_t space =
      target == std::string_view::npos ? std::string_view::npos : line.find(' ', target + 1);
  const std::string_view version =
      space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return version.size() == 8 && version.starts_with("HTTP/") && digit(version[5]) &&
         version[6] == '.' && digit(version[7]);
}

// Is there a whole chunk line (for the last chunk: its whole trailer) in `bytes`, which begin with
// a chunk's size or with the CRLF before it? Beast asks for more when a quoted string in an
// extension has no end, although the line has one.
bool has_whole_chunk_header(std::string_view bytes) {
  if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
  const size_t digit = bytes.find_first_not_of('0');
  if (digit == std::string_view::npos) return false;
  const bool last = digit > 0 && std::isxdigit(static_cast<unsigned char>(bytes[digit])) == 0;
  return bytes.find(last ? "\r\n\r\n" : "\r\n") != std::string_view::npos;
}

Http1Failure failure_of(const ErrorCode& code, std::string_view request_line) {
  if (code == http::error::body_limit) return {413, "The request body is too large"};
  if (code == http::error::header_limit) return {431, "The request header is too large"};
  if (code == http::error::bad_version) {
    if (names_http_version(request_line)) {
      return {505, "This HTTP version is not supported: use HTTP/1.1 or HTTP/1.0"};
    }
    return {400, "The request line is malformed"};
  }
  if (code == http::error::bad_method || code == http::error::bad_target) {
    return {400, "The request line is malformed"};
  }
  if (code == http::error::bad_content_length) return {400, "Content-Length is malformed"};
  if (code == http::error::multiple_content_length) {
    return {400, "The Content-Length headers contradict each other"};
  }
  if (code == http::error::bad_transfer_encoding) {
    return {400, "Transfer-Encoding is repeated or stands beside Content-Length"};
  }
  if (code == http::error::bad_chunk || code == http::error::bad_chunk_extension ||
      code == http::error::bad_line_ending) {
    return {400, "The chunked body or a line end is malformed"};
  }
  return {400, "A header field is malformed"};
}

}  // namespace

/// Beast's parser with our collector of what it finds. Constructed anew for each message: Beast's
/// parser cannot be reset.
class Http1Parser::Grammar {
 public:
  class Parser final : public http::basic_parser<true> {
   public:
    Parser(const Http1Limits& limits, Http1Message& message, const char* header_end)
        : message_(message), header_end_(header_end) {
      const uint64_t header_max =
          std::min<uint64_t>(limits.header_bytes_max, std::numeric_limits<uint32_t>::max());
      header_limit(static_cast<uint32_t>(header_max));
      body_limit(limits.body_bytes_max);
    }

    // Where decoded chunk data goes; set before each put() of a chunked body.
    char* body_out = nullptr;
    size_t body_written = 0;

    uint32_t hosts = 0;
    bool met_transfer_encoding = false;
    Http1Failure refusal{0, {}};  // status 0: none

   private:
    void refuse(int status, std::string_view reason, ErrorCode& code) {
      refusal = {status, reason};
      code = http::error::bad_field;
    }

    void on_request_impl(http::verb verb, beast::string_view, beast::string_view target,
                         int version, ErrorCode& code) override {
      message_.method = method_of(verb);
      message_.http11 = version >= 11;
      if (!set_target(view(target), verb)) {
        refuse(400, "The request target is malformed: expected a path that starts with '/'", code);
      }
    }

    // Origin form, absolute form (its authority is dropped), "*", or a CONNECT's authority.
    bool set_target(std::string_view target, http::verb verb) {
      if (target.front() != '/' && target != "*" && verb != http::verb::connect) {
        const size_t scheme_end = target.find("://");
        if (scheme_end == std::string_view::npos) return false;
        const std::string_view slash = target.substr(scheme_end + 1, 1);
        const size_t path = target.find_first_of("/?", scheme_end + 3);
        target = path == std::string_view::npos ? slash : target.substr(path);
        if (target.front() == '?') {
          message_.path = slash;
          message_.query = target.substr(1);
          return true;
        }
      }
      const size_t question = target.find('?');
      message_.path = target.substr(0, question);
      message_.query =
          question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
      return true;
    }

    void on_response_impl(int, beast::string_view, int, ErrorCode&) override {}

    void on_field_impl(http::field field, beast::string_view name_text,
                       beast::string_view value_text, ErrorCode& code) override {
      if (is_header_done()) return;  // a trailer
      const std::string_view name = view(name_text);
      const std::string_view value = view(value_text);
      if (is_folded(name, value)) {
        refuse(400, "A header field is folded over several lines, which is obsolete", code);
        return;
      }
      message_.headers.push_back({name, value});
      switch (field) {
        case http::field::host: hosts++; break;
        case http::field::transfer_encoding:
          met_transfer_encoding = true;
          if (!beast::iequals(value_text, "chunked")) {
            refuse(501, "This Transfer-Encoding is not supported: only chunked is", code);
          }
          break;
        case http::field::expect:
          message_.expectation = beast::iequals(value_text, "100-continue")
                                     ? Http1Expectation::kContinue
                                     : Http1Expectation::kOther;
          break;
        case http::field::accept_encoding: message_.accept_encoding = value; break;
        case http::field::content_encoding:
          if (message_.content_encoding.data() != nullptr) {
            refuse(415, "Content-Encoding is repeated: at most one coding is supported", code);
          }
          message_.content_encoding = value;
          break;
        default: break;
      }
    }

    // Beast unfolds a value into a buffer of its own (or skips line ends before it). An unfolded
    // value lies in the header, behind its name, with nothing but blanks between.
    bool is_folded(std::string_view name, std::string_view value) const {
      const char* const name_end = name.data() + name.size();
      const auto address = [](const char* p) { return reinterpret_cast<uintptr_t>(p); };
      if (address(value.data()) < address(name_end) ||
          address(value.data()) > address(header_end_)) {
        return true;
      }
      return std::memchr(name_end, '\r', static_cast<size_t>(value.data() - name_end)) != nullptr;
    }

    void on_header_impl(ErrorCode&) override {}
    void on_body_init_impl(const boost::optional<uint64_t>&, ErrorCode&) override {}
    size_t on_body_impl(beast::string_view body, ErrorCode&) override { return body.size(); }
    void on_chunk_header_impl(uint64_t, beast::string_view, ErrorCode&) override {}
    size_t on_chunk_body_impl(uint64_t, beast::string_view body, ErrorCode&) override {
      // The decoded body never overtakes the encoded one, so this only moves bytes down.
      std::memmove(body_out + body_written, body.data(), body.size());
      body_written += body.size();
      return body.size();
    }
    void on_finish_impl(ErrorCode&) override {}

    Http1Message& message_;
    const char* const header_end_;
  };

  std::optional<Parser> parser;
};

Http1Parser::Http1Parser(const Http1Limits& limits, MemoryBudget& budget)
    : limits_(limits), buffer_(budget), grammar_(std::make_unique<Grammar>()) {}

Http1Parser::~Http1Parser() = default;

size_t Http1Parser::wanted_space() const {
  switch (state_) {
    case State::kFixedBody: {
      // Up to what has been announced, but memory follows what has really arrived.
      const uint64_t missing = body_begin_ + body_size_ + 1 - buffer_.unread_size();
      const uint64_t growth = std::max<uint64_t>(kBodyGrowthBytesMin, buffer_.unread_size());
      return static_cast<size_t>(std::min(missing, growth));
    }
    case State::kChunkedBody: return std::max(kReadBytesMin, buffer_.unread_size() / 2);
    default: return kReadBytesMin;
  }
}

std::span<char> Http1Parser::read_space() {
  if (buffer_.free_space().size() < kReadBytesMin) {
    const char* const before = buffer_.unread_data();
    const size_t wanted = wanted_space();
    if (wanted > buffer_.free_space().size() && !buffer_.make_room(wanted)) {
      fail(503, "The server holds too many large requests at the moment: try again later");
      return {};
    }
    move_views(before, buffer_.unread_data());
  }
  return buffer_.free_space();
}

void Http1Parser::move_views(const char* from, const char* to) {
  const bool has_views = state_ == State::kFixedBody || state_ == State::kChunkedBody;
  if (from == to || !has_views) return;
  // The old block may be gone, so addresses are compared and moved as numbers.
  const auto move = [from, to](std::string_view& text) {
    const auto offset =
        reinterpret_cast<uintptr_t>(text.data()) - reinterpret_cast<uintptr_t>(from);
    if (text.data() != nullptr) text = {to + offset, text.size()};
  };
  move(message_.path);
  move(message_.query);
  for (HttpHeader& header : message_.headers) {
    move(header.name);
    move(header.value);
  }
  move(message_.accept_encoding);
  move(message_.content_encoding);
}

Http1Event Http1Parser::next() {
  switch (state_) {
    case State::kHeader: return next_header();
    case State::kFixedBody: return next_fixed_body();
    case State::kChunkedBody: return next_chunked_body();
    case State::kComplete: return Http1Event::kRequest;
    case State::kFailed: return Http1Event::kError;
  }
  return Http1Event::kError;
}

Http1Event Http1Parser::next_header() {
  if (scanned_ == 0) {  // RFC 9112, 2.2: ignore empty lines before the request line
    while (buffer_.unread().starts_with("\r\n")) buffer_.consume(2);
  }
  const std::string_view bytes = buffer_.unread();
  if (bytes.empty() || bytes == "\r") return Http1Event::kNeedMore;
  if (!is_token_char(bytes.front())) return fail(400, "The request line is malformed");
  for (;;) {
    const size_t newline = bytes.find('\n', scanned_);
    const size_t size = newline == std::string_view::npos ? bytes.size() : newline + 1;
    if (size > limits_.header_bytes_max) {
      if (line_size_ == 0) return fail(414, "The request line is too long");
      return fail_scan(431, "The request header is too large");
    }
    if (newline == std::string_view::npos) break;
    if (newline == 0 || bytes[newline - 1] != '\r') {
      return fail_scan(400, "A line ends in LF alone: expected CRLF");
    }
    if (newline == line_begin_ + 1) return parse_header(newline + 1);
    scanned_ = line_begin_ = newline + 1;
    if (line_size_ == 0) line_size_ = newline + 1;
  }
  scanned_ = bytes.size();
  if (line_size_ > 0 && !request_line_is_good()) return Http1Event::kError;
  return Http1Event::kNeedMore;
}

// Tells a client that does not speak HTTP at once, without waiting for an end of its header.
bool Http1Parser::request_line_is_good() {
  if (line_checked_) return true;
  line_checked_ = true;
  const char* const line = buffer_.unread_data();
  message_.headers.clear();
  auto& parser = grammar_->parser.emplace(limits_, message_, line + line_size_);
  ErrorCode code;
  parser.put({line, line_size_}, code);
  if (!code || code == http::error::need_more) return true;
  failure_ = parser.refusal.status != 0
                 ? parser.refusal
                 : failure_of(code, {line, line_size_ >= 2 ? line_size_ - 2 : 0});
  state_ = State::kFailed;
  return false;
}

Http1Event Http1Parser::parse_header(size_t header_size) {
  const char* const header = buffer_.unread_data();
  message_.headers.clear();
  message_.expectation = Http1Expectation::kNone;
  message_.accept_encoding = {};
  message_.content_encoding = {};
  message_.body = {};
  auto& parser = grammar_->parser.emplace(limits_, message_, header + header_size);
  ErrorCode code;
  const size_t used = parser.put({header, header_size}, code);
  if (code) {
    const auto failure =
        parser.refusal.status != 0 ? parser.refusal : failure_of(code, {header, line_size_ - 2});
    return fail(failure.status, failure.reason);
  }
  CHECK(used == header_size);
  if (!accept_header()) return Http1Event::kError;
  body_begin_ = raw_begin_ = header_size;
  body_size_ = 0;
  if (parser.is_done()) {
    state_ = State::kComplete;
    return Http1Event::kRequest;
  }
  state_ = parser.chunked() ? State::kChunkedBody : State::kFixedBody;
  if (!parser.chunked()) body_size_ = parser.content_length().value_or(0);
  const Http1Event event = next();
  return event == Http1Event::kNeedMore ? Http1Event::kHeaders : event;
}

bool Http1Parser::accept_header() {
  const auto& parser = *grammar_->parser;
  if (parser.hosts > 1 || (parser.hosts == 0 && message_.http11)) {
    fail(400, "An HTTP/1.1 request needs exactly one Host header");
    return false;
  }
  if (parser.met_transfer_encoding && !message_.http11) {
    fail(400, "HTTP/1.0 knows no Transfer-Encoding");
    return false;
  }
  if (message_.http11 && message_.expectation == Http1Expectation::kOther) {
    fail(417, "This Expect is not supported: only 100-continue is");
    return false;
  }
  message_.keep_alive = parser.keep_alive();
  return true;
}

Http1Event Http1Parser::next_fixed_body() {
  if (buffer_.unread_size() - body_begin_ < body_size_) return Http1Event::kNeedMore;
  message_.body = {buffer_.unread_data() + body_begin_, static_cast<size_t>(body_size_)};
  raw_begin_ = body_begin_ + message_.body.size();
  state_ = State::kComplete;
  return Http1Event::kRequest;
}

Http1Event Http1Parser::next_chunked_body() {
  auto& parser = *grammar_->parser;
  char* const base = buffer_.unread_data();
  parser.body_out = base + body_begin_;
  while (!parser.is_done()) {
    const size_t available = buffer_.unread_size() - raw_begin_;
    if (available < kChunkBytesMin) break;
    // The parser never sees more of a chunk's line or of the trailer than is allowed, so that how
    // the bytes were split does not change the answer.
    const std::string_view bytes(base + raw_begin_, static_cast<size_t>(std::min<uint64_t>(
                                                        available, limits_.header_bytes_max)));
    ErrorCode code;
    const size_t used = parser.put({bytes.data(), bytes.size()}, code);
    raw_begin_ += used;
    const bool waits = code == http::error::need_more;
    if (code && !waits) {
      const Http1Failure failure = failure_of(code, {});
      return fail(failure.status, failure.reason);
    }
    if (!waits) continue;
    if (has_whole_chunk_header(bytes)) {
      const Http1Failure failure = failure_of(http::error::bad_chunk_extension, {});
      return fail(failure.status, failure.reason);
    }
    if (available > bytes.size()) {
      return fail(431, "A chunk's extension or the trailer is too large");
    }
    break;
  }
  body_size_ = parser.body_written;
  if (parser.is_done()) {
    message_.body = {base + body_begin_, parser.body_written};
    state_ = State::kComplete;
    return Http1Event::kRequest;
  }
  const size_t decoded_end = body_begin_ + parser.body_written;
  buffer_.erase(decoded_end, raw_begin_ - decoded_end);
  raw_begin_ = decoded_end;
  return Http1Event::kNeedMore;
}

void Http1Parser::finish() {
  CHECK(state_ == State::kComplete);
  buffer_.consume(raw_begin_);
  if (buffer_.capacity() > kKeptCapacityMax && buffer_.unread_size() < kKeptCapacityMax / 2) {
    buffer_.shrink();
  }
  state_ = State::kHeader;
  scanned_ = line_begin_ = line_size_ = 0;
  line_checked_ = false;
}

void Http1Parser::release_memory() {
  if (empty()) buffer_.shrink();
}

Http1Event Http1Parser::fail(int status, std::string_view reason) {
  failure_ = {status, reason};
  state_ = State::kFailed;
  return Http1Event::kError;
}

// A later line is wrong: if the request line is too, that is what the client should hear, however
// the bytes were split.
Http1Event Http1Parser::fail_scan(int status, std::string_view reason) {
  if (line_size_ > 0 && !request_line_is_good()) return Http1Event::kError;
  return fail(status, reason);
}

}  // namespace slipway::transport
