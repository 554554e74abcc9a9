#include "transport/cors.h"

#include <algorithm>
#include <utility>

namespace slipway::transport {
namespace {

constexpr std::string_view kMethods = "GET, HEAD, POST, PUT, PATCH, DELETE";
constexpr std::string_view kExposed =
    "Inference-Header-Content-Length, Retry-After, Server-Timing, X-Request-Id";
constexpr size_t kRequestHeadersMax = 1024;

bool is_field_list(std::string_view text) {
  return text.size() <= kRequestHeadersMax && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == ',' || c == ' ';
         });
}

class CorsHandler final : public HttpHandler {
 public:
  CorsHandler(CorsOptions options, HttpHandler& next)
      : origins_(std::move(options.origins)),
        max_age_(std::to_string(options.max_age.count())),
        allows_all_(std::ranges::find(origins_, "*") != origins_.end()),
        next_(next) {}

  void handle(HttpExchange& exchange) override {
    const HttpRequest& request = exchange.request();
    HttpResponse& response = exchange.response();
    const std::string_view origin = request.header("origin");
    // The answer depends on who asks, whether or not this one is told so.
    if (!allows_all_) response.headers.emplace_back("Vary", "Origin");
    if (origin.data() == nullptr) return next_.handle(exchange);
    const bool is_allowed = allows_all_ || std::ranges::find(origins_, origin) != origins_.end();
    if (is_allowed) {
      response.headers.emplace_back("Access-Control-Allow-Origin", allows_all_ ? "*" : origin);
    }
    const bool is_preflight = request.method == HttpMethod::kOptions &&
                              request.header("access-control-request-method").data() != nullptr;
    if (is_preflight) return answer_preflight(request, response, is_allowed);
    if (is_allowed) response.headers.emplace_back("Access-Control-Expose-Headers", kExposed);
    next_.handle(exchange);
  }

 private:
  void answer_preflight(const HttpRequest& request, HttpResponse& response, bool is_allowed) const {
    response.status = 204;
    response.headers.emplace_back("Vary", "Access-Control-Request-Headers");
    if (!is_allowed) return;
    response.headers.emplace_back("Access-Control-Allow-Methods", kMethods);
    const std::string_view wanted = request.header("access-control-request-headers");
    if (!wanted.empty() && is_field_list(wanted)) {
      response.headers.emplace_back("Access-Control-Allow-Headers", wanted);
    }
    response.headers.emplace_back("Access-Control-Max-Age", max_age_);
  }

  const std::vector<std::string> origins_;
  const std::string max_age_;
  const bool allows_all_;
  HttpHandler& next_;
};

}  // namespace

bool is_cors_origin(std::string_view text) {
  if (text == "*") return true;
  const size_t scheme = text.find("://");
  if (scheme == 0 || scheme == std::string_view::npos) return false;
  const std::string_view host = text.substr(scheme + 3);
  return !host.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7F && !(c >= 'A' && c <= 'Z');
  }) && host.find_first_of("/?#@*") == std::string_view::npos;
}

std::unique_ptr<HttpHandler> make_cors_handler(CorsOptions options, HttpHandler& next) {
  return std::make_unique<CorsHandler>(std::move(options), next);
}

}  // namespace slipway::transport
