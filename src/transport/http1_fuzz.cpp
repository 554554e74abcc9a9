// The HTTP/1.x state machine on arbitrary bytes. Two connections get the same bytes, one all at
// once and one in pieces (the first input byte says how small): the answers must be the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "transport/internal/session_driver.h"

namespace slipway::transport {
namespace {

class MirrorHandler final : public HttpHandler {
 public:
  void handle(HttpExchange& exchange) override {
    const HttpRequest& request = exchange.request();
    HttpResponse& response = exchange.response();
    response.body.append(http_method_name(request.method)).append(request.path);
    response.body.append("?").append(request.query);
    for (const HttpHeader& header : request.headers) {
      response.body.append(header.name).append("=").append(header.value).append(";");
    }
    response.body.append(request.body);
  }
};

void fuzz_http1(std::string_view bytes) {
  if (bytes.empty()) return;
  const size_t step = static_cast<uint8_t>(bytes.front()) % 64 + 1;
  bytes.remove_prefix(1);
  ServerOptions options;
  options.header_bytes_max = 1024;
  options.body_bytes_max = 16 * 1024;
  MirrorHandler handler;
  SessionDriver whole(options, handler);
  SessionDriver pieces(options, handler);
  whole.receive(bytes);
  pieces.receive(bytes, step);
  whole.end_input();
  pieces.end_input();
  std::string pieces_sent = pieces.take_sent();
  // Only a body that comes in pieces is asked for.
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  std::string whole_sent = whole.take_sent();
  for (std::string* sent : {&pieces_sent, &whole_sent}) {
    for (size_t at = sent->find(kContinue); at != std::string::npos; at = sent->find(kContinue)) {
      sent->erase(at, kContinue.size());
    }
  }
  if (whole_sent != pieces_sent) std::abort();
}

}  // namespace
}  // namespace slipway::transport

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  slipway::transport::fuzz_http1({reinterpret_cast<const char*>(data), size});
  return 0;
}
