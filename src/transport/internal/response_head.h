// Writes the status line and headers of an HTTP/1.1 answer. The part that all answers of one second
// share (status line, Server, Date) is kept ready.
//
// Ownership: one per event loop. Thread rule: single-sequence.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "transport/http.h"

namespace slipway::transport {

/// "OK", "Not Found", ...; "Unknown" for a status that HTTP does not name.
std::string_view reason_phrase(int status);

/// May an answer with this status carry a body (RFC 9110, 6.4.1)?
constexpr bool status_has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

enum class ConnectionHeader { kNone, kClose, kKeepAlive };

/// How the client finds the end of the body (RFC 9112, 6).
enum class BodyFraming { kLength, kChunked, kUntilClose };

class ResponseHead {
 public:
  explicit ResponseHead(const Clock& clock) : clock_(clock) {}

  /// Appends everything up to and with the empty line. `now` is the loop's time, for the Date.
  /// Control characters in further headers become blanks, so that no answer can be split.
  void append(std::string& out, const HttpResponse& response, BodyFraming framing,
              ConnectionHeader connection, SteadyTime now);

  /// The value of a Date field; valid until the next call.
  std::string_view date(SteadyTime now);

 private:
  void refresh(SteadyTime now);

  const Clock& clock_;
  SteadyTime fresh_until_{};  // the shared part is right before this
  std::string ok_prefix_;     // "HTTP/1.1 200 OK\r\nServer: ...\r\nDate: ...\r\n"
  size_t shared_begin_ = 0;   // where "Server:" begins in it
  size_t date_begin_ = 0;     // where the date begins
};

}  // namespace slipway::transport
