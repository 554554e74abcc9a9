// HTTP/1.x bytes to requests: no sockets, no time, no answers.
//
//   read_space()/commit() --bytes--> next() --kRequest--> message() ... finish() --> next() ...
//
// Wraps Beast's basic_parser (RFC 9112 grammar) and adds what a server must decide itself: limits,
// exactly one Host, obs-fold and bare LF refused, request smuggling defences (Content-Length beside
// Transfer-Encoding, codings other than "chunked"). The header is parsed once it is complete, in
// place; a chunked body is decoded in place, so a message's views point into the input buffer.
//
// Ownership: one per connection; the views in message() are valid until finish(), and are kept
// right when the buffer moves. Thread rule: single-sequence.
//
//   auto space = parser.read_space();
//   parser.commit(receive(space));
//   while (parser.next() == Http1Event::kRequest) { answer(parser.message()); parser.finish(); }
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "transport/http.h"
#include "transport/internal/input_buffer.h"

namespace slipway::transport {

enum class Http1Event {
  kNeedMore,  // give it more bytes
  kHeaders,   // once per message, only if its body has not arrived yet; then call next() again
  kRequest,   // message() is complete; call finish() when it has been answered
  kError,     // failure() says what; the connection cannot go on
};

enum class Http1Expectation { kNone, kContinue, kOther };

struct Http1Limits {
  uint64_t header_bytes_max = 0;
  uint64_t body_bytes_max = 0;
};

struct Http1Message {
  HttpMethod method = HttpMethod::kOther;
  std::string_view path;
  std::string_view query;
  std::vector<HttpHeader> headers;
  std::string_view body;
  bool http11 = true;
  bool keep_alive = false;
  Http1Expectation expectation = Http1Expectation::kNone;
  std::string_view accept_encoding;
  std::string_view content_encoding;
};

struct Http1Failure {
  int status = 400;
  std::string_view reason;  // static storage
};

class Http1Parser {
 public:
  Http1Parser(const Http1Limits& limits, MemoryBudget& budget);
  ~Http1Parser();

  /// Where to put received bytes; at least one byte, or empty when the memory budget is spent
  /// (next() then gives kError, 503).
  std::span<char> read_space();
  void commit(size_t bytes) { buffer_.commit(bytes); }

  Http1Event next();
  const Http1Message& message() const { return message_; }
  const Http1Failure& failure() const { return failure_; }
  /// The message has been answered: forget it and begin the next one.
  void finish();

  /// Nothing of a next message has arrived.
  bool empty() const { return state_ == State::kHeader && buffer_.unread_size() == 0; }
  /// Received and not yet parsed into a message (what decides a connection's protocol).
  std::string_view unread() const { return buffer_.unread(); }
  /// Drops bytes that stand before the first message; before the first next().
  void skip(size_t bytes) { buffer_.consume(bytes); }
  /// Gives back the buffer's memory if empty().
  void release_memory();

 private:
  enum class State { kHeader, kFixedBody, kChunkedBody, kComplete, kFailed };
  class Grammar;

  Http1Event next_header();
  Http1Event next_fixed_body();
  Http1Event next_chunked_body();
  Http1Event parse_header(size_t header_size);
  bool accept_header();
  bool request_line_is_good();
  Http1Event fail(int status, std::string_view reason);
  Http1Event fail_scan(int status, std::string_view reason);
  void move_views(const char* from, const char* to);
  size_t wanted_space() const;

  const Http1Limits limits_;
  InputBuffer buffer_;
  std::unique_ptr<Grammar> grammar_;
  State state_ = State::kHeader;
  Http1Message message_;
  Http1Failure failure_;

  // Offsets from the first unread byte, which is the message's first.
  size_t scanned_ = 0;     // no line end before this
  size_t line_begin_ = 0;  // of the line being scanned
  size_t line_size_ = 0;   // of the request line with its end; 0 while unknown
  bool line_checked_ = false;
  size_t body_begin_ = 0;
  uint64_t body_size_ = 0;  // fixed: expected; chunked: decoded so far
  size_t raw_begin_ = 0;    // chunked: the first byte that is not decoded
};

}  // namespace slipway::transport
