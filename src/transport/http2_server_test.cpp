// HTTP/2 over real sockets: several threads, drain, slow and vanishing peers.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "transport/http2_client_test.h"
#include "transport/server.h"
#include "transport/socket_client_test.h"

namespace slipway::transport {
namespace {

using namespace std::chrono_literals;

/// "[body]"; /later completes from another thread; /large gives 3 MB; /woken a stream from a
/// thread.
class TestHandler final : public HttpHandler {
 public:
  ~TestHandler() override {
    for (std::thread& thread : threads_) thread.join();
  }
  void handle(HttpExchange& exchange) override {
    const HttpRequest& request = exchange.request();
    requests++;
    if (request.path == "/later") {
      const std::lock_guard lock(mutex_);
      threads_.emplace_back([&exchange, done = exchange.defer()] {
        std::this_thread::sleep_for(2ms);
        exchange.response().body = "later " + std::string(exchange.request().body);
        done();
      });
    } else if (request.path == "/hold") {
      const std::lock_guard lock(mutex_);
      held_ = exchange.defer();
    } else if (request.path == "/large") {
      exchange.response().content_type = "application/octet-stream";
      exchange.response().body.assign(3'000'000, 'x');
    } else {
      exchange.response().body = "[" + std::string(request.body) + "]";
    }
  }
  void let_go() {
    std::function<void()> held;
    {
      const std::lock_guard lock(mutex_);
      held = std::move(held_);
    }
    held();
  }

  std::atomic<int> requests{0};

 private:
  std::mutex mutex_;
  std::vector<std::thread> threads_;
  std::function<void()> held_;
};

/// Answers "got MESSAGE" from another thread.
class TestGrpc final : public GrpcHandler {
 public:
  ~TestGrpc() override {
    for (std::thread& thread : threads_) thread.join();
  }
  Method method(std::string_view path, uint32_t) const override {
    return path == "/s/Stream" ? Method::kStreaming : Method::kUnary;
  }
  void handle(GrpcExchange& exchange) override {
    const std::lock_guard lock(mutex_);
    threads_.emplace_back([&exchange, done = exchange.defer()] {
      exchange.answer().message = "got " + std::string(exchange.message());
      done();
    });
  }
  /// Counts to a hundred from another thread.
  std::unique_ptr<GrpcCallHandler> open(std::shared_ptr<GrpcCall> call) override {
    const std::lock_guard lock(mutex_);
    threads_.emplace_back([call = std::move(call)] {
      for (int i = 0; i < 100; i++) call->send(std::to_string(i % 10));
      call->finish(Status(), {});
    });
    return std::make_unique<Quiet>();
  }

 private:
  struct Quiet final : GrpcCallHandler {
    bool on_message(std::string_view) override { return true; }
    void on_end() override {}
    void on_writable() override {}
    void on_cancel() override {}
  };
  std::mutex mutex_;
  std::vector<std::thread> threads_;
};

/// An Http2Client on a socket.
class Peer {
 public:
  explicit Peer(uint16_t port) : socket_(port) {}
  /// Sends what is to be sent, then reads until the condition holds.
  template <typename Condition>
  bool until(Condition condition) {
    for (;;) {
      if (!socket_.send_bytes(client.take_output())) return condition();
      if (condition()) return true;
      if (!socket_.drop_input()) return condition();
      client.receive(socket_.input());
    }
  }
  bool closed(int32_t id) {
    return until([&] { return client.answer(id).closed; });
  }
  /// Until the server ends the connection.
  bool ends() {
    until([] { return false; });
    return socket_.clean_end();
  }
  SocketClient& socket() { return socket_; }

  Http2Client client;

 private:
  SocketClient socket_;
};

class Http2ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.listeners[0].port = 0;
    options_.drain_idle = 50ms;
    options_.linger_timeout = 200ms;
  }
  void start() {
    auto created = Server::create(options_, handler_, &grpc_);
    ASSERT_TRUE(created.ok()) << created.status().to_string();
    server_ = std::move(created).value();
    server_->start();
    port_ = server_->port();
  }
  TestHandler handler_;
  TestGrpc grpc_;
  ServerOptions options_;
  std::unique_ptr<Server> server_;
  uint16_t port_ = 0;
};

TEST_F(Http2ServerTest, ServesBothProtocolsOnOnePort) {
  start();
  Peer peer(port_);
  const int32_t id = peer.client.request("POST", "/", {}, "two");
  ASSERT_TRUE(peer.closed(id));
  EXPECT_EQ(peer.client.answer(id).body, "[two]");
  SocketClient http1(port_);
  http1.send_bytes(kGet);
  EXPECT_EQ(body_of(http1.read_answer()), "[]");
  EXPECT_EQ(server_->counters().requests, 2U);
  EXPECT_EQ(server_->counters().protocol_errors, 0U);
}

TEST_F(Http2ServerTest, TakesAPrefaceThatComesByteByByte) {
  start();
  Peer peer(port_);
  const int32_t id = peer.client.request("GET", "/");
  for (const char c : peer.client.take_output()) peer.socket().send_bytes({&c, 1});
  ASSERT_TRUE(peer.closed(id));
  EXPECT_EQ(peer.client.answer(id).body, "[]");
}

TEST_F(Http2ServerTest, AnswersManyStreamsOfManyConnectionsFromOtherThreads) {
  options_.loops = 2;
  start();
  std::atomic<int> right{0};
  std::vector<std::thread> clients;
  for (int c = 0; c < 4; c++) {
    clients.emplace_back([&] {
      Peer peer(port_);
      std::vector<int32_t> ids;
      for (int i = 0; i < 20; i++) {
        ids.push_back(peer.client.request("POST", "/later", {}, std::to_string(i)));
        ids.push_back(peer.client.request("POST", "/x.Y/Z", {{"content-type", "application/grpc"}},
                                          std::string("\0\0\0\0\1m", 6)));
      }
      for (const int32_t id : ids) {
        ASSERT_TRUE(peer.closed(id));
        const std::string& body = peer.client.answer(id).body;
        right += body.starts_with("later ") || body == std::string("\0\0\0\0\5got m", 10);
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right.load(), 160);
}

TEST_F(Http2ServerTest, StreamsMessagesThatAnotherThreadSends) {
  start();
  Peer peer(port_);
  const int32_t id =
      peer.client.request("POST", "/s/Stream", {{"content-type", "application/grpc"}}, "", true);
  ASSERT_TRUE(peer.closed(id));
  EXPECT_EQ(peer.client.answer(id).body.size(), 600U);
  EXPECT_EQ(peer.client.answer(id).trailer("grpc-status"), "0");
}

TEST_F(Http2ServerTest, MovesLargeBodiesAndCutsWhoTakesNothing) {
  options_.write_timeout = 200ms;
  start();
  Peer peer(port_);
  const int32_t large = peer.client.request("GET", "/large");
  ASSERT_TRUE(peer.closed(large));
  EXPECT_EQ(peer.client.answer(large).body.size(), 3'000'000U);
  SocketClient mute(port_, 4096);
  Http2Client silent({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 100'000'000}});
  silent.open_window(0, 100'000'000);
  for (int i = 0; i < 4; i++) silent.request("GET", "/large");
  mute.send_bytes(silent.take_output());
  EXPECT_TRUE(eventually([&] { return server_->counters().timeouts >= 1; }));
  EXPECT_TRUE(eventually([&] { return server_->counters().connections_open == 1; }));
}

TEST_F(Http2ServerTest, DrainsWithGoaway) {
  start();
  Peer idle(port_);
  const int32_t first = idle.client.request("GET", "/");
  ASSERT_TRUE(idle.closed(first));
  Peer busy(port_);
  const int32_t held = busy.client.request("GET", "/hold");
  busy.socket().send_bytes(busy.client.take_output());
  ASSERT_TRUE(eventually([&] { return handler_.requests.load() == 2; }));
  server_->begin_close();
  EXPECT_TRUE(idle.ends());
  EXPECT_GE(idle.client.goaways, 1);
  handler_.let_go();
  EXPECT_TRUE(busy.ends());
  EXPECT_TRUE(busy.client.answer(held).closed);
  EXPECT_EQ(busy.client.answer(held).field(":status"), "200");
  EXPECT_TRUE(server_->stop(5s));
}

TEST_F(Http2ServerTest, SurvivesPeersThatVanish) {
  start();
  for (const char* path : {"/large", "/later", "/"}) {
    for (const bool reset : {false, true}) {
      Http2Client client;
      SocketClient socket(port_);
      client.request("POST", path, {}, "body", true);
      client.request("GET", path);
      socket.send_bytes(client.take_output());
      std::this_thread::sleep_for(3ms);
      if (reset) {
        socket.reset();
      } else {
        socket.disconnect();
      }
    }
  }
  EXPECT_TRUE(eventually([&] { return server_->counters().connections_open == 0; }));
  Peer peer(port_);
  EXPECT_TRUE(peer.closed(peer.client.request("GET", "/")));
}

TEST_F(Http2ServerTest, StaysSafeWhenAHandlerOutlivesTheServer) {
  start();
  Peer peer(port_);
  peer.client.request("GET", "/hold");
  peer.socket().send_bytes(peer.client.take_output());
  ASSERT_TRUE(eventually([&] { return handler_.requests.load() == 1; }));
  EXPECT_FALSE(server_->stop(20ms));
  server_.reset();
  handler_.let_go();
}

TEST_F(Http2ServerTest, ParksIdleConnectionsAndServesThemAgain) {
  start();
  Peer peer(port_);
  for (int i = 0; i < 2; i++) {
    const int32_t id = peer.client.request("GET", "/");
    ASSERT_TRUE(peer.closed(id));
    std::this_thread::sleep_for(1500ms);
  }
  EXPECT_EQ(server_->counters().connections_open, 1U);
}

}  // namespace
}  // namespace slipway::transport
