// A server of the transport alone, for tests with real clients: HTTP and gRPC on one port.
//
//   transport_echo_server [LOOPS]     prints "listening on http://127.0.0.1:PORT"; ends on SIGTERM
//
// HTTP: answers "METHOD path [body]"; /large gives 5 MB, /stream as many in pieces.
// gRPC, messages of any bytes: /echo.Echo/Unary, /echo.Echo/Stream, /echo.Echo/Fail (its message is
// the error), /echo.Echo/Wait (until it is cancelled; the deadline seen is in the trailer
// "saw-ms"), and /echo.Echo/Cancelled (how many of those were).
#include <charconv>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "transport/server.h"

namespace slipway::transport {
namespace {

class Pieces final : public BodySource {
 public:
  Pull pull(std::string& out, size_t bytes_wanted) override {
    const size_t take = std::min(left_, bytes_wanted);
    out.append(take, 's');
    left_ -= take;
    return left_ == 0 ? Pull::kEnd : Pull::kMore;
  }

 private:
  size_t left_ = 5'000'000;
};

class EchoHttp final : public HttpHandler {
 public:
  void handle(HttpExchange& exchange) override {
    const HttpRequest& request = exchange.request();
    HttpResponse& response = exchange.response();
    response.content_type = "text/plain";
    if (request.path == "/large") {
      response.body.assign(5'000'000, 'x');
    } else if (request.path == "/stream") {
      response.body_source = std::make_unique<Pieces>();
    } else {
      response.body.append(http_method_name(request.method)).append(" ").append(request.path);
      response.body.append(" [").append(request.body).append("]");
    }
  }
};

class EchoCall final : public GrpcCallHandler {
 public:
  explicit EchoCall(std::shared_ptr<GrpcCall> call) : call_(std::move(call)) {}
  bool on_message(std::string_view message) override {
    call_->send(std::string(message));
    held_ = call_->queued_bytes() > 1'000'000;
    return !held_;
  }
  void on_end() override { call_->finish(Status(), {{"echoed", "all"}}); }
  void on_writable() override {
    if (std::exchange(held_, false)) call_->resume();
  }
  void on_cancel() override {}

 private:
  const std::shared_ptr<GrpcCall> call_;
  bool held_ = false;
};

class EchoGrpc final : public GrpcHandler {
 public:
  ~EchoGrpc() override {
    for (std::thread& thread : threads_) thread.join();
  }
  Method method(std::string_view path, uint32_t) const override {
    if (path == "/echo.Echo/Stream") return Method::kStreaming;
    for (const std::string_view known :
         {"/echo.Echo/Unary", "/echo.Echo/Fail", "/echo.Echo/Wait", "/echo.Echo/Cancelled"}) {
      if (path == known) return Method::kUnary;
    }
    return Method::kUnknown;
  }
  void handle(GrpcExchange& exchange) override {
    const std::string_view path = exchange.request().path;
    GrpcAnswer& answer = exchange.answer();
    const std::string_view ask = exchange.request().field("x-ask");
    if (ask.data() != nullptr) answer.trailing_metadata.emplace_back("x-answer", ask);
    if (path == "/echo.Echo/Fail") {
      answer.status = Status(StatusCode::kFailedPrecondition, std::string(exchange.message()));
    } else if (path == "/echo.Echo/Cancelled") {
      answer.message = std::to_string(cancelled_.load());
    } else if (path == "/echo.Echo/Wait") {
      const std::lock_guard lock(mutex_);
      threads_.emplace_back([this, &exchange, done = exchange.defer()] {
        std::unique_lock wait(wait_mutex_);
        for (int i = 0; i < 3000 && !exchange.cancelled(); i++) {
          never_.wait_for(wait, std::chrono::milliseconds(10));
        }
        wait.unlock();
        if (exchange.cancelled()) cancelled_++;
        done();
      });
    } else {
      answer.message = exchange.message();
    }
  }
  std::unique_ptr<GrpcCallHandler> open(std::shared_ptr<GrpcCall> call) override {
    return std::make_unique<EchoCall>(std::move(call));
  }

 private:
  std::atomic<int> cancelled_{0};
  std::mutex mutex_;
  std::mutex wait_mutex_;
  std::condition_variable never_;
  std::vector<std::thread> threads_;
};

int serve(uint32_t loops) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ServerOptions options;
  options.listeners[0].port = 0;
  options.loops = loops;
  EchoHttp http;
  EchoGrpc grpc;
  auto server = Server::create(options, http, &grpc);
  if (!server.ok()) {
    std::fprintf(stderr, "%s\n", server.status().to_string().c_str());
    return 1;
  }
  server.value()->start();
  std::printf("listening on http://127.0.0.1:%u\n", unsigned{server.value()->port()});
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  return server.value()->stop(std::chrono::seconds(10)) ? 0 : 1;
}

}  // namespace
}  // namespace slipway::transport

int main(int argc, char** argv) {
  uint32_t loops = 1;
  if (argc > 1) std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), loops);
  return slipway::transport::serve(loops);
}
