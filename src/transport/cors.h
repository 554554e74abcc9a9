// Cross-origin requests of web pages (Fetch standard, 3.2): which pages' scripts may read answers.
//
//   loop --> CorsHandler: preflights are answered here --> the service
//
// No cookies or other credentials of the browser are ever allowed; a page that has a token sends it
// itself. Answers that the transport makes on its own (a body too large, ...) carry no permission.
//
// Ownership: `next` outlives it. Thread-safe, as every HttpHandler.
//
//   const auto handler = make_cors_handler({.origins = {"https://app.example"}}, service);
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "transport/http.h"

namespace slipway::transport {

struct CorsOptions {
  std::vector<std::string> origins;      // "https://app.example:8443", or "*": every one
  std::chrono::seconds max_age{86'400};  // a browser may remember a preflight's answer for so long
};

/// "*" or scheme://host[:port], as browsers write it.
bool is_cors_origin(std::string_view text);

std::unique_ptr<HttpHandler> make_cors_handler(CorsOptions options, HttpHandler& next);

}  // namespace slipway::transport
