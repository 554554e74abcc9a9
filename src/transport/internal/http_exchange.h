// What HTTP/1.1 and HTTP/2 have in common between a parsed request and the bytes of its answer:
// content codings, handlers that fail, errors of the transport's own. Thread rule: the loop's
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "transport/http.h"
#include "transport/internal/body_stream.h"
#include "transport/internal/loop_context.h"

namespace slipway::transport {

/// A refusal by the transport itself.
struct HttpFailure {
  int status = 400;
  std::string_view reason;  // static storage
};

inline constexpr HttpFailure kTooManyLargeRequests = {
    503, "The server holds too many large requests at the moment: try again later"};

/// Makes `response` an error with this reason in JSON; 415 also says what is accepted.
void set_error(HttpResponse& response, int status, std::string_view reason);

/// Lets the handler answer. What it throws ends in an error of this one request, unless it has
/// deferred; `has_deferred` is what its defer() sets.
void call_handler(HttpHandler& handler, HttpExchange& exchange, const bool& has_deferred);

/// A request body decoded; its memory is charged to the loop's budget.
class DecodedBody {
 public:
  explicit DecodedBody(MemoryBudget& budget) : budget_(budget) {}
  ~DecodedBody() { release(); }
  DecodedBody(const DecodedBody&) = delete;
  DecodedBody& operator=(const DecodedBody&) = delete;

  /// If the body has a Content-Encoding, replaces the view by the decoded bytes, which live until
  /// release().
  std::optional<HttpFailure> decode(LoopContext& loop, std::string_view coding,
                                    std::string_view& body);
  /// Keeps a small buffer for the next body.
  void release();
  void release_memory();

 private:
  MemoryBudget& budget_;
  std::string bytes_;
  uint64_t reserved_ = 0;
};

/// Compresses a whole answer, or one that streams whose first piece is in its body, if that is
/// worthwhile and the client accepts it.
void compress_response(LoopContext& loop, HttpResponse& response, std::string_view accept_encoding);
void compress_stream(BodyStream& stream, HttpResponse& response, std::string_view accept_encoding);

/// An impossible status of a handler becomes 500.
void correct_status(HttpResponse& response);

}  // namespace slipway::transport
