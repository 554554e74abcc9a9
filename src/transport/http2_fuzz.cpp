// An HTTP/2 connection on arbitrary bytes: HTTP exchanges and gRPC calls, some of them deferred.
// The first input byte says in how large pieces the rest comes, and whether the preface is given.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "transport/internal/http2_session.h"
#include "transport/internal/session_driver.h"

namespace slipway::transport {
namespace {

class FuzzHost final : public SessionHost {
 public:
  std::function<void()> make_completion(DeferredExchange& exchange) override {
    deferred.push_back(&exchange);
    return [] {};
  }
  std::function<void()> make_waker() override {
    return [] {};
  }
  std::vector<DeferredExchange*> deferred;
};

class FuzzHttp final : public HttpHandler {
 public:
  void handle(HttpExchange& exchange) override {
    const HttpRequest& request = exchange.request();
    exchange.response().body.append(request.path).append(request.body);
    for (const HttpHeader& header : request.headers) {
      exchange.response().headers.emplace_back(header.name, header.value);
    }
    if (request.query == "d") exchange.defer();
  }
};

class EchoCall final : public GrpcCallHandler {
 public:
  explicit EchoCall(std::shared_ptr<GrpcCall> call) : call_(std::move(call)) {}
  bool on_message(std::string_view message) override {
    call_->send(std::string(message));
    return message.size() != 3;
  }
  void on_end() override { call_->finish(Status(), {}); }
  void on_writable() override {}
  void on_cancel() override {}

 private:
  const std::shared_ptr<GrpcCall> call_;
};

class FuzzGrpc final : public GrpcHandler {
 public:
  Method method(std::string_view path, uint32_t) const override {
    if (path.ends_with("s")) return Method::kStreaming;
    return path.ends_with("x") ? Method::kUnknown : Method::kUnary;
  }
  void handle(GrpcExchange& exchange) override {
    exchange.answer().message = exchange.message();
    if (exchange.request().path.ends_with("d")) exchange.defer();
    if (exchange.message().empty()) exchange.answer().status = Status(StatusCode::kNotFound, "%\n");
  }
  std::unique_ptr<GrpcCallHandler> open(std::shared_ptr<GrpcCall> call) override {
    return std::make_unique<EchoCall>(std::move(call));
  }
};

/// Sends what there is; false when the session is over.
bool pump(Http2Session& session, SteadyTime now) {
  for (;;) {
    switch (session.advance(now)) {
      case Session::Step::kRead:
      case Session::Step::kWait: return true;
      case Session::Step::kWrite: session.on_written(session.output()[0].size()); break;
      case Session::Step::kClose:
      case Session::Step::kCut: return false;
    }
  }
}

void fuzz_http2(std::string_view input) {
  if (input.empty()) return;
  const auto first = static_cast<uint8_t>(input.front());
  const size_t step = first % 64 * 7 + 1;
  std::string bytes;
  if (first >= 128) bytes.append("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
  bytes.append(input.substr(1));
  ServerOptions options;
  options.header_bytes_max = 1024;
  options.body_bytes_max = 16 * 1024;
  options.http2_streams_max = 8;
  FuzzHttp http;
  FuzzGrpc grpc;
  FuzzHost host;
  FixedClock clock;
  LoopContext loop(0, options, http, &grpc, clock);
  SteadyTime now = SteadyTime{} + std::chrono::hours(1);
  {
    Http2Session session(loop, host, {}, {"192.0.2.7"}, now);
    std::string_view rest = bytes;
    bool open = pump(session, now);
    while (open && !rest.empty()) {
      const std::span<char> space = session.read_space();
      const size_t size = std::min({rest.size(), step, space.size()});
      std::memcpy(space.data(), rest.data(), size);
      session.on_read(size, now);
      rest.remove_prefix(size);
      open = pump(session, now);
      session.on_wake();
      now += std::chrono::milliseconds(first);
      if (open && now >= session.deadline()) session.on_deadline(now);
    }
    session.on_end_of_input();
    if (open) pump(session, now);
    if ((first & 1) != 0) session.on_peer_gone();
    for (DeferredExchange* exchange : host.deferred) exchange->on_completed(now);
    pump(session, now);
  }
  if (loop.budget.used() != 0) std::abort();
}

}  // namespace
}  // namespace slipway::transport

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  slipway::transport::fuzz_http2({reinterpret_cast<const char*>(data), size});
  return 0;
}
