#include "transport/internal/http_exchange.h"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "base/json_escape.h"
#include "base/log.h"
#include "transport/internal/ascii.h"
#include "transport/internal/content_coding.h"
#include "transport/internal/response_head.h"

namespace slipway::transport {
namespace {

constexpr size_t kKeptCapacityMax = 1024 * 1024;

bool may_compress(const HttpResponse& response) {
  if (!status_has_body(response.status) || !is_compressible(response.content_type)) return false;
  return std::ranges::none_of(response.headers, [](const auto& field) {
    return equals_ignoring_case(field.first, "Content-Encoding");
  });
}

}  // namespace

void set_error(HttpResponse& response, int status, std::string_view reason) {
  response.clear();
  response.status = status;
  response.body = "{\"error\":";
  append_json_string(response.body, reason);
  response.body += "}";
  if (status == 415) response.headers.emplace_back("Accept-Encoding", "gzip, deflate");
}

// Handlers report errors in their answer. What still throws is caught here, so that it ends one
// request and not the server.
void call_handler(HttpHandler& handler, HttpExchange& exchange, const bool& has_deferred) {
  try {
    handler.handle(exchange);
    return;
  } catch (const std::bad_alloc&) {
    if (!has_deferred) {
      set_error(exchange.response(), 503, "Not enough memory for this request");
    }
  } catch (const std::exception& error) {
    log_error("a request handler threw: {}", error.what());
    if (!has_deferred) {
      set_error(exchange.response(), 500, "The request failed inside the server");
    }
  }
}

std::optional<HttpFailure> DecodedBody::decode(LoopContext& loop, std::string_view coding,
                                               std::string_view& body) {
  if (ContentCoder::is_identity(coding) || body.empty()) return std::nullopt;
  switch (loop.coder.decode(coding, body, loop.options.body_bytes_max, bytes_)) {
    case DecodeResult::kOk: break;
    case DecodeResult::kUnknownCoding:
      return HttpFailure{415, "This Content-Encoding is not supported: use gzip, deflate or none"};
    case DecodeResult::kMalformed:
      return HttpFailure{400, "The request body does not decompress: it is damaged or cut off"};
    case DecodeResult::kTooLarge:
      return HttpFailure{413, "The request body is too large when decompressed"};
  }
  if (!budget_.reserve(bytes_.capacity())) return kTooManyLargeRequests;
  reserved_ = bytes_.capacity();
  body = bytes_;
  return std::nullopt;
}

void DecodedBody::release() {
  budget_.release(std::exchange(reserved_, 0));
  if (bytes_.capacity() > kKeptCapacityMax) std::string().swap(bytes_);
}

void DecodedBody::release_memory() {
  release();
  std::string().swap(bytes_);
}

void compress_response(LoopContext& loop, HttpResponse& response,
                       std::string_view accept_encoding) {
  const auto& options = loop.options;
  if (response.body.size() < options.compress_bytes_min ||
      response.body.size() > options.compress_bytes_max || !may_compress(response)) {
    return;
  }
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (accepts_gzip(accept_encoding) && loop.coder.gzip(response.body)) {
    response.headers.emplace_back("Content-Encoding", "gzip");
  }
}

// Piece by piece, so that even a large body does not hold up the loop.
void compress_stream(BodyStream& stream, HttpResponse& response, std::string_view accept_encoding) {
  if (!may_compress(response)) return;
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (accepts_gzip(accept_encoding) && stream.compress(response.body)) {
    response.headers.emplace_back("Content-Encoding", "gzip");
  }
}

void correct_status(HttpResponse& response) {
  if (response.status >= 200 && response.status <= 999) return;
  log_error("a request handler gave an impossible status: {}", response.status);
  set_error(response, 500, "The request failed inside the server");
}

}  // namespace slipway::transport
