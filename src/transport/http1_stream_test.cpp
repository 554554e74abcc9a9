// Answers whose bodies come from a BodySource.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "transport/internal/session_driver.h"
#include "transport/server.h"
#include "transport/socket_client_test.h"

namespace slipway::transport {
namespace {

using namespace std::chrono_literals;
using Pull = BodySource::Pull;

/// What a test wants a source to do, and what it saw.
struct Script {
  struct Step {
    std::string bytes;
    Pull result;
  };
  std::vector<Step> steps;
  size_t next = 0;
  bool waits = false;  // has told to wait and was not woken
  int alive = 0;
};

class ScriptedSource final : public BodySource {
 public:
  explicit ScriptedSource(Script& script) : script_(script) { script_.alive++; }
  ~ScriptedSource() override { script_.alive--; }
  Pull pull(std::string& out, size_t bytes_wanted) override {
    EXPECT_GT(bytes_wanted, 0U);
    if (script_.waits) return Pull::kWait;
    const Script::Step& step = script_.steps.at(script_.next++);
    script_.waits = step.result == Pull::kWait;
    if (step.bytes == "throw") throw std::runtime_error("no");
    out += step.bytes;
    return step.result;
  }

 private:
  Script& script_;
};

class ScriptedHandler final : public HttpHandler {
 public:
  void handle(HttpExchange& exchange) override {
    HttpResponse& response = exchange.response();
    response.content_type = content_type;
    if (exchange.request().path == "/plain") {
      response.body = "plain";
      return;
    }
    response.body = body;
    response.status = status;
    wake = exchange.waker();
    response.body_source = std::make_unique<ScriptedSource>(script);
  }

  Script script;
  std::string body;
  std::string_view content_type = "application/octet-stream";
  int status = 200;
  std::function<void()> wake;
};

class Http1StreamTest : public testing::Test {
 protected:
  SessionDriver& receive(std::string_view bytes) {
    driver_ = std::make_unique<SessionDriver>(options_, handler_);
    driver_->receive(bytes);
    return *driver_;
  }
  void wake() {
    handler_.script.waits = false;
    driver_->wake();
  }
  static std::string head(std::string_view framing, std::string_view type = "octet-stream") {
    std::string text =
        "HTTP/1.1 200 OK\r\nServer: slipway\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        "Content-Type: application/";
    return text.append(type).append("\r\n").append(framing).append("\r\n");
  }

  ServerOptions options_;
  ScriptedHandler handler_;
  std::unique_ptr<SessionDriver> driver_;
};

constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kPlain = "GET /plain HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kChunked = "Transfer-Encoding: chunked\r\n";

TEST_F(Http1StreamTest, SendsPiecesAsChunksAndKeepsTheConnection) {
  handler_.body = "begin ";
  handler_.script.steps = {
      {"one", Pull::kWait}, {"", Pull::kWait}, {"two", Pull::kWait}, {"three", Pull::kEnd}};
  SessionDriver& driver = receive(std::string(kRequest) + std::string(kPlain));
  EXPECT_EQ(driver.take_sent(), head(kChunked) + "9\r\nbegin one\r\n");
  EXPECT_TRUE(driver.waiting());
  EXPECT_TRUE(driver.session().is_blind());
  wake();
  EXPECT_EQ(driver.take_sent(), "") << "it had nothing after all";
  wake();
  EXPECT_EQ(driver.take_sent(), "3\r\ntwo\r\n");
  wake();
  EXPECT_EQ(driver.take_sent(),
            "5\r\nthree\r\n0\r\n\r\n" + head("Content-Length: 5\r\n") + "plain");
  EXPECT_FALSE(driver.closed());
  EXPECT_EQ(handler_.script.alive, 0);
  EXPECT_TRUE(driver.session().idle());
}

TEST_F(Http1StreamTest, SendsNoEmptyChunkBeforeTheLast) {
  handler_.script.steps = {{"", Pull::kWait}, {"", Pull::kWait}, {"", Pull::kEnd}};
  SessionDriver& driver = receive(kRequest);
  EXPECT_EQ(driver.take_sent(), head(kChunked));
  wake();
  EXPECT_EQ(driver.take_sent(), "");
  wake();
  EXPECT_EQ(driver.take_sent(), "0\r\n\r\n");
}

TEST_F(Http1StreamTest, TellsTheLengthOfASourceThatGivesAllAtOnce) {
  handler_.body = "a";
  handler_.script.steps = {{"b", Pull::kMore}, {"c", Pull::kEnd}};
  EXPECT_EQ(receive(kRequest).take_sent(), head("Content-Length: 3\r\n") + "abc");
  EXPECT_EQ(handler_.script.alive, 0);
}

TEST_F(Http1StreamTest, EndsAnAnswerTo10WithTheConnection) {
  handler_.script.steps = {{"one", Pull::kWait}, {"two", Pull::kEnd}};
  SessionDriver& driver = receive("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(driver.take_sent(), head("Connection: close\r\n") + "one");
  wake();
  EXPECT_EQ(driver.take_sent(), "two");
  EXPECT_TRUE(driver.closed());
}

TEST_F(Http1StreamTest, PullsNothingForHeadAndForAnswersWithoutABody) {
  EXPECT_EQ(receive("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n").take_sent(), head(kChunked));
  EXPECT_TRUE(driver_->session().idle());
  EXPECT_EQ(receive("HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").take_sent(),
            head("Connection: keep-alive\r\n"));
  EXPECT_TRUE(driver_->session().idle());
  handler_.status = 204;
  EXPECT_TRUE(receive(kRequest).take_sent().starts_with("HTTP/1.1 204 No Content\r\n"));
  EXPECT_TRUE(driver_->session().idle());
  EXPECT_EQ(handler_.script.next, 0U);
  EXPECT_EQ(handler_.script.alive, 0);
}

TEST_F(Http1StreamTest, SaysSoIfASourceFailsBeforeAnythingIsSent) {
  for (const std::string bytes : {"some", "throw"}) {
    handler_.script = {.steps = {{"first", Pull::kMore}, {bytes, Pull::kFailed}}};
    const std::string sent = receive(kRequest).take_sent();
    EXPECT_TRUE(sent.starts_with("HTTP/1.1 500 Internal Server Error\r\n")) << sent;
    EXPECT_TRUE(sent.ends_with("{\"error\":\"The request failed inside the server\"}")) << sent;
    EXPECT_FALSE(driver_->closed());
    EXPECT_EQ(handler_.script.alive, 0);
  }
}

TEST_F(Http1StreamTest, CutsABodyThatFailsInTheMiddle) {
  handler_.script.steps = {{"one", Pull::kWait}, {"two", Pull::kFailed}};
  SessionDriver& driver = receive(std::string(kRequest) + std::string(kPlain));
  EXPECT_EQ(driver.take_sent(), head(kChunked) + "3\r\none\r\n");
  wake();
  EXPECT_EQ(driver.take_sent(), "") << "neither a last chunk nor another answer";
  EXPECT_TRUE(driver.cut());
  driver.session().on_peer_gone();
  EXPECT_EQ(handler_.script.alive, 0);
}

TEST_F(Http1StreamTest, AnswersAnImpossibleStatusAsAFailure) {
  handler_.status = 99;
  const std::string sent = receive(kRequest).take_sent();
  EXPECT_TRUE(sent.starts_with("HTTP/1.1 500 Internal Server Error\r\n")) << sent;
  EXPECT_EQ(handler_.script.alive, 0);
}

TEST_F(Http1StreamTest, ToldToCloseWhileItStreamsStaysOpenToTheEnd) {
  handler_.script.steps = {{"one", Pull::kWait}, {"two", Pull::kEnd}};
  SessionDriver& driver = receive(kRequest);
  driver.take_sent();
  driver.loop().draining = true;
  EXPECT_FALSE(driver.session().idle());
  wake();
  EXPECT_EQ(driver.take_sent(), "3\r\ntwo\r\n0\r\n\r\n");
  EXPECT_TRUE(driver.session().idle()) << "the drain ends it when it stays idle";
}

TEST_F(Http1StreamTest, CompressesWhatItStreams) {
  handler_.content_type = "application/json";
  std::string expected = "{";
  handler_.body = "{";
  for (int i = 0; i < 40; i++) {
    const std::string part = "\"" + std::to_string(i) + "\":" + std::string(5000, '1') + ",";
    handler_.script.steps.push_back({part, i % 10 == 5 ? Pull::kWait : Pull::kMore});
    expected += part;
  }
  handler_.script.steps.push_back({"}", Pull::kEnd});
  expected += "}";
  SessionDriver& driver = receive("GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n");
  EXPECT_EQ(driver.loop().budget.used(), GzipStream::kBytes);
  std::string sent = driver.take_sent();
  const std::string expected_head = head(
      "Transfer-Encoding: chunked\r\nVary: Accept-Encoding\r\nContent-Encoding: gzip\r\n", "json");
  ASSERT_EQ(sent.substr(0, expected_head.size()), expected_head);
  ASSERT_GT(sent.size(), expected_head.size()) << "what came before a wait is flushed";
  while (driver.waiting()) wake();
  sent += driver.take_sent();
  EXPECT_EQ(driver.loop().budget.used(), 0U);
  std::string packed;
  for (size_t at = expected_head.size(); at < sent.size();) {
    size_t digits = 0;
    const size_t size = std::stoul(sent.substr(at), &digits, 16);
    packed += sent.substr(at + digits + 2, size);
    at += digits + 2 + size + 2;
  }
  EXPECT_LT(packed.size(), expected.size() / 20);
  std::string plain;
  ContentCoder coder;
  ASSERT_EQ(coder.decode("gzip", packed, expected.size(), plain), DecodeResult::kOk);
  EXPECT_EQ(plain, expected);
}

TEST_F(Http1StreamTest, StreamsUncompressedWhenMemoryIsShort) {
  options_.buffered_bytes_max = GzipStream::kBytes - 1;
  handler_.content_type = "application/json";
  handler_.script.steps = {{"one", Pull::kWait}};
  EXPECT_EQ(
      receive("GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n").take_sent(),
      head("Transfer-Encoding: chunked\r\nVary: Accept-Encoding\r\n", "json") + "3\r\none\r\n");
}

/// As many bytes as asked for, until told to stop; says how many it gave.
class EndlessSource final : public BodySource {
 public:
  explicit EndlessSource(std::atomic<uint64_t>& given, std::atomic<bool>& gone)
      : given_(given), gone_(gone) {}
  ~EndlessSource() override { gone_ = true; }
  Pull pull(std::string& out, size_t bytes_wanted) override {
    out.append(bytes_wanted, 'x');
    given_ += bytes_wanted;
    return Pull::kMore;
  }

 private:
  std::atomic<uint64_t>& given_;
  std::atomic<bool>& gone_;
};

/// A number each time it is woken, ten in all.
class WokenSource final : public BodySource {
 public:
  explicit WokenSource(std::shared_ptr<std::atomic<int>> ready) : ready_(std::move(ready)) {}
  Pull pull(std::string& out, size_t) override {
    while (sent_ < ready_->load()) out += std::to_string(sent_++);
    return sent_ < 10 ? Pull::kWait : Pull::kEnd;
  }

 private:
  const std::shared_ptr<std::atomic<int>> ready_;
  int sent_ = 0;
};

/// /endless, /woken (from another thread), /silent (never woken); else "[]".
class StreamHandler final : public HttpHandler {
 public:
  ~StreamHandler() override {
    for (std::thread& thread : threads_) thread.join();
  }
  void handle(HttpExchange& exchange) override {
    HttpResponse& response = exchange.response();
    const std::string_view path = exchange.request().path;
    if (path == "/endless") {
      response.body_source = std::make_unique<EndlessSource>(given, gone);
    } else if (path == "/woken") {
      auto ready = std::make_shared<std::atomic<int>>(0);
      response.body_source = std::make_unique<WokenSource>(ready);
      threads_.emplace_back([ready, wake = exchange.waker()] {
        for (int i = 1; i <= 10; i++) {
          std::this_thread::sleep_for(1ms);
          *ready = i;
          wake();
          wake();
        }
      });
    } else if (path == "/silent") {
      response.body_source = std::make_unique<WokenSource>(std::make_shared<std::atomic<int>>(0));
    } else {
      response.body = "[]";
    }
  }

  std::atomic<uint64_t> given{0};
  std::atomic<bool> gone{false};

 private:
  std::vector<std::thread> threads_;  // one loop: no lock
};

class ServerStreamTest : public testing::Test {
 protected:
  void start() {
    options_.listeners[0].port = 0;
    auto created = Server::create(options_, handler_);
    ASSERT_TRUE(created.ok()) << created.status().to_string();
    server_ = std::move(created).value();
    server_->start();
  }
  StreamHandler handler_;
  ServerOptions options_;
  std::unique_ptr<Server> server_;
};

constexpr std::string_view kEndless = "GET /endless HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_F(ServerStreamTest, HoldsAFastSourceBackUntilItsSlowReaderTakesMore) {
  start();
  SocketClient slow(server_->port(), 4096);
  slow.send_bytes(kEndless);
  uint64_t before = 0;
  ASSERT_TRUE(eventually([&] {  // until the socket's buffers are full
    const uint64_t now = handler_.given;
    std::this_thread::sleep_for(20ms);
    before = now;
    return now > 0 && handler_.given == now;
  }));
  EXPECT_LT(before, 64U << 20);
  slow.disconnect();
  EXPECT_TRUE(eventually([&] { return handler_.gone.load(); }));
}

TEST_F(ServerStreamTest, ServesOthersBesideAnEndlessAnswer) {
  start();
  SocketClient greedy(server_->port());
  greedy.send_bytes(kEndless);
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop && greedy.drop_input()) {
    }
  });
  SocketClient other(server_->port());
  for (int i = 0; i < 50; i++) {
    other.send_bytes(kGet);
    EXPECT_EQ(body_of(other.read_answer()), "[]");
  }
  EXPECT_FALSE(handler_.gone);
  stop = true;
  reader.join();
  greedy.reset();
  EXPECT_TRUE(eventually([&] { return handler_.gone.load(); }));
}

TEST_F(ServerStreamTest, IsWokenFromAnotherThread) {
  start();
  SocketClient client(server_->port());
  client.send_bytes("GET /woken HTTP/1.0\r\n\r\n");
  EXPECT_EQ(body_of(client.read_to_end()), "0123456789");
  EXPECT_TRUE(client.clean_end());
}

TEST_F(ServerStreamTest, EndsAStreamWhosePeerIsResetWhileItsSourceWaits) {
  start();
  SocketClient client(server_->port());
  client.send_bytes("GET /silent HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(client.has_input(kPatience));
  client.reset();
  EXPECT_TRUE(eventually([&] { return server_->counters().connections_open == 0; }));
}

TEST_F(ServerStreamTest, CutsStreamsThatOutlastTheGraceTime) {
  start();
  SocketClient client(server_->port());
  client.send_bytes("GET /silent HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(client.has_input(kPatience));
  EXPECT_FALSE(server_->stop(50ms));
}

}  // namespace
}  // namespace slipway::transport
