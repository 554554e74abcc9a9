#include "transport/server.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "transport/internal/unique_fd.h"
#include "transport/socket_client_test.h"

namespace slipway::transport {
namespace {

using namespace std::chrono_literals;

using Client = SocketClient;

/// "[body]"; /large answers 8 MB; /later completes from another thread after the query's ms;
/// /hold keeps its completion; /drop throws its completion away.
class TestHandler final : public HttpHandler {
 public:
  ~TestHandler() override {
    for (std::thread& thread : threads_) thread.join();
  }
  void handle(HttpExchange& exchange) override {
    const HttpRequest& request = exchange.request();
    HttpResponse& response = exchange.response();
    response.content_type = "text/plain";
    if (request.path == "/large") {
      response.content_type = "application/octet-stream";
      response.body.assign(8'000'000, 'x');
    } else if (request.path == "/address") {
      response.body.assign(request.remote_address);
    } else if (request.path == "/later") {
      const int wait_ms = std::stoi(std::string(request.query));
      const std::lock_guard lock(mutex_);
      threads_.emplace_back([&exchange, wait_ms, done = exchange.defer()] {
        std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
        exchange.response().body = "later [" + std::string(exchange.request().body) + "]";
        done();
      });
    } else if (request.path == "/hold") {
      const std::lock_guard lock(mutex_);
      held_exchange_ = &exchange;
      held_ = exchange.defer();
    } else if (request.path == "/drop") {
      exchange.defer();
    } else {
      response.body.append("[").append(request.body).append("]");
    }
    requests++;
  }
  /// Completes what /hold kept.
  void let_go() {
    std::function<void()> held;
    {
      const std::lock_guard lock(mutex_);
      held = std::move(held_);
    }
    held_exchange_->response().body = "held";
    held();
  }

  std::atomic<int> requests{0};

 private:
  std::mutex mutex_;
  std::vector<std::thread> threads_;
  HttpExchange* held_exchange_ = nullptr;
  std::function<void()> held_;
};

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.listeners[0].port = 0;
    options_.drain_idle = 50ms;
    options_.linger_timeout = 200ms;
  }
  void start() {
    auto created = Server::create(options_, handler_);
    ASSERT_TRUE(created.ok()) << created.status().to_string();
    server_ = std::move(created).value();
    server_->start();
    port_ = server_->port();
  }
  /// Destroyed first, so that nothing runs into the handler any more.
  TestHandler handler_;
  ServerOptions options_;
  std::unique_ptr<Server> server_;
  uint16_t port_ = 0;
};

TEST_F(ServerTest, AnswersOverOneConnectionAgainAndAgain) {
  start();
  Client client(port_);
  for (int i = 0; i < 100; i++) {
    const std::string body = std::to_string(i);
    client.send_bytes("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " +
                      std::to_string(body.size()) + "\r\n\r\n" + body);
    EXPECT_EQ(body_of(client.read_answer()), "[" + body + "]");
  }
  const TransportCounters counters = server_->counters();
  EXPECT_EQ(counters.requests, 100U);
  EXPECT_EQ(counters.connections_accepted, 1U);
  EXPECT_EQ(counters.connections_open, 1U);
  EXPECT_EQ(counters.protocol_errors, 0U);
  EXPECT_GT(counters.bytes_received, 4000U);
  EXPECT_GT(counters.bytes_sent, 4000U);
}

TEST_F(ServerTest, AnswersBytesThatComeOneByOne) {
  start();
  Client client(port_);
  for (const char c : kGet) {
    client.send_bytes({&c, 1});
    if (c == '\n') std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(body_of(client.read_answer()), "[]");
}

TEST_F(ServerTest, AnswersAThousandPipelinedRequestsInOrder) {
  start();
  Client client(port_);
  ASSERT_TRUE(client.send_bytes(thousand_requests()));
  for (int i = 0; i < 1000; i++) {
    ASSERT_EQ(body_of(client.read_answer()), "[" + std::to_string(i) + "]");
  }
}

TEST_F(ServerTest, AnswersAClientThatHasEndedItsOutput) {
  start();
  Client client(port_);
  client.send_bytes(kGet);
  client.end_output();
  EXPECT_EQ(body_of(client.read_to_end()), "[]");
  EXPECT_TRUE(client.clean_end());
}

TEST_F(ServerTest, MovesLargeBodiesBothWays) {
  start();
  Client client(port_);
  const std::string body(6'000'000, 'b');
  std::thread sender([&] {
    client.send_bytes("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6000000\r\n\r\n" + body);
  });
  EXPECT_EQ(body_of(client.read_answer()), "[" + body + "]");
  sender.join();
  client.send_bytes("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(body_of(client.read_answer()), std::string(8'000'000, 'x'));
  client.send_bytes("HEAD /large HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string head = client.read_answer(false);
  EXPECT_NE(head.find("Content-Length: 8000000\r\n"), std::string::npos);
  client.send_bytes(kGet);
  EXPECT_EQ(body_of(client.read_answer()), "[]");
}

TEST_F(ServerTest, DeliversTheRefusalOfAnUploadThatGoesOn) {
  options_.body_bytes_max = 1000;
  start();
  Client client(port_);
  std::thread sender([&] {
    client.send_bytes("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000\r\n\r\n");
    client.send_bytes(std::string(9'000'000, 'x'));
    client.end_output();
  });
  EXPECT_EQ(status_of(client.read_to_end()), "HTTP/1.1 413 Content Too Large");
  EXPECT_TRUE(client.clean_end());
  sender.join();
}

TEST_F(ServerTest, TellsTlsClientsWhatIsSpokenHere) {
  start();
  Client tls(port_);
  tls.send_bytes(std::string("\x16\x03\x01\x02\x00\x01\x00", 7));
  tls.end_output();
  const std::string tls_text = tls.read_to_end();
  EXPECT_EQ(status_of(tls_text), "HTTP/1.1 400 Bad Request");
  EXPECT_NE(tls_text.find("TLS is not supported"), std::string::npos);
  Client propfind(port_);
  propfind.send_bytes("PRO");
  EXPECT_FALSE(propfind.has_input(20ms));
  propfind.send_bytes("PFIND / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(body_of(propfind.read_answer()), "[]");
}

TEST_F(ServerTest, EndsSlowSendersWith408AndIdleOnesInSilence) {
  options_.header_timeout = 150ms;
  options_.body_timeout = 150ms;
  options_.idle_timeout = 100ms;
  start();
  Client slow(port_);
  slow.send_bytes("GET / HT");
  Client slow_body(port_);
  slow_body.send_bytes("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
  Client idle(port_);
  idle.send_bytes(kGet);
  Client mute(port_);
  EXPECT_EQ(status_of(slow.read_to_end()), "HTTP/1.1 408 Request Timeout");
  EXPECT_EQ(status_of(slow_body.read_to_end()), "HTTP/1.1 408 Request Timeout");
  EXPECT_EQ(body_of(idle.read_to_end()), "[]");
  EXPECT_TRUE(idle.clean_end());
  EXPECT_EQ(mute.read_to_end(), "");
  EXPECT_TRUE(mute.clean_end());
  EXPECT_EQ(server_->counters().timeouts, 2U);
}

TEST_F(ServerTest, CutsAReaderThatTakesNothing) {
  options_.write_timeout = 100ms;
  start();
  Client client(port_, 4096);
  client.send_bytes("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return server_->counters().timeouts == 1; }));
  EXPECT_TRUE(eventually([&] { return server_->counters().connections_open == 0; }));
}

TEST_F(ServerTest, WaitsForAReaderThatIsMerelySlow) {
  options_.write_timeout = 400ms;
  options_.header_timeout = 50ms;  // must not strike while an answer is being taken
  start();
  Client client(port_, 4096);
  client.send_bytes("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
  std::this_thread::sleep_for(200ms);
  EXPECT_EQ(body_of(client.read_answer()), std::string(8'000'000, 'x'));
  client.send_bytes(kGet);
  EXPECT_EQ(body_of(client.read_answer()), "[]");
}

TEST_F(ServerTest, RefusesConnectionsOverTheLimit) {
  options_.connections_max = 2;
  start();
  Client first(port_);
  Client second(port_);
  first.send_bytes(kGet);
  second.send_bytes(kGet);
  EXPECT_EQ(body_of(first.read_answer()), "[]");
  EXPECT_EQ(body_of(second.read_answer()), "[]");
  Client third(port_);
  third.send_bytes(kGet);
  third.end_output();
  EXPECT_EQ(status_of(third.read_to_end()), "HTTP/1.1 503 Service Unavailable");
  EXPECT_EQ(server_->counters().connections_refused, 1U);
  first.disconnect();
  EXPECT_TRUE(eventually([&] { return server_->counters().connections_open == 1; }));
  Client fourth(port_);
  fourth.send_bytes(kGet);
  EXPECT_EQ(body_of(fourth.read_answer()), "[]");
}

TEST_F(ServerTest, CompletesDeferredExchangesFromOtherThreads) {
  options_.loops = 2;
  start();
  std::vector<std::thread> clients;
  std::atomic<int> right{0};
  for (int c = 0; c < 8; c++) {
    clients.emplace_back([&, c] {
      Client client(port_);
      for (int i = 0; i < 10; i++) {
        const std::string body = std::to_string(c * 100 + i);
        client.send_bytes("POST /later?" + std::to_string(i % 3) +
                          " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
                          "\r\n\r\n" + body);
        right += body_of(client.read_answer()) == "later [" + body + "]";
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right.load(), 80);
}

TEST_F(ServerTest, SurvivesPeersThatVanishMidRequestOrMidAnswer) {
  start();
  for (const std::string_view bytes :
       {std::string_view("GE"),
        std::string_view("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nab"),
        std::string_view("GET /large HTTP/1.1\r\nHost: h\r\n\r\n"),
        std::string_view("GET /later?20 HTTP/1.1\r\nHost: h\r\n\r\n")}) {
    Client ends(port_);
    ends.send_bytes(bytes);
    ends.disconnect();
    Client resets(port_);
    resets.send_bytes(bytes);
    std::this_thread::sleep_for(2ms);
    resets.reset();
  }
  EXPECT_TRUE(eventually([&] { return server_->counters().connections_open == 0; }));
  Client client(port_);
  client.send_bytes(kGet);
  EXPECT_EQ(body_of(client.read_answer()), "[]");
}

TEST_F(ServerTest, AnswersACompletionThatWasDropped) {
  start();
  Client client(port_);
  client.send_bytes("GET /drop HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(status_of(client.read_answer()), "HTTP/1.1 500 Internal Server Error");
  client.send_bytes(kGet);
  EXPECT_EQ(body_of(client.read_answer()), "[]");
}

TEST_F(ServerTest, StaysSafeWhenACompletionOutlivesTheServer) {
  start();
  Client client(port_);
  client.send_bytes("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return handler_.requests.load() == 1; }));
  EXPECT_FALSE(server_->stop(20ms));
  server_.reset();
  handler_.let_go();
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(ServerTest, GivesBackTheBuffersOfIdleConnectionsAndServesThemAgain) {
  start();
  Client client(port_);
  client.send_bytes(kGet);
  EXPECT_EQ(body_of(client.read_answer()), "[]");
  std::this_thread::sleep_for(1600ms);
  client.send_bytes(kGet);
  EXPECT_EQ(body_of(client.read_answer()), "[]");
  std::this_thread::sleep_for(1600ms);
  client.end_output();
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_TRUE(eventually([&] { return server_->counters().connections_open == 0; }));
}

TEST_F(ServerTest, PausesWhenDescriptorsRunOut) {
  start();
  Client first(port_);
  first.send_bytes(kGet);
  EXPECT_EQ(body_of(first.read_answer()), "[]");
  std::vector<UniqueFd> hoard;
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit tight = before;
  tight.rlim_cur = 200;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  UniqueFd waiting(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  for (;;) {
    UniqueFd fd(dup(waiting.get()));
    if (!fd.valid()) break;
    hoard.push_back(std::move(fd));
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(waiting.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(send(waiting.get(), kGet.data(), kGet.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(kGet.size()));
  timespec cpu_before{};
  timespec cpu_after{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_before);
  std::this_thread::sleep_for(300ms);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_after);
  const double cpu_ms = static_cast<double>(cpu_after.tv_sec - cpu_before.tv_sec) * 1e3 +
                        static_cast<double>(cpu_after.tv_nsec - cpu_before.tv_nsec) / 1e6;
  EXPECT_LT(cpu_ms, 100) << "the loop spins";
  first.send_bytes(kGet);  // others go on
  EXPECT_EQ(body_of(first.read_answer()), "[]");
  hoard.clear();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  pollfd poll_fd{waiting.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&poll_fd, 1, 10'000), 1);
}

TEST_F(ServerTest, RunsTasksOnTheLoopThatIsNamed) {
  options_.loops = 3;
  start();
  std::atomic<int> done{0};
  std::vector<std::thread::id> threads(3);
  for (uint32_t loop = 0; loop < 3; loop++) {
    server_->post(loop, [&, loop] {
      threads[loop] = std::this_thread::get_id();
      done++;
    });
  }
  EXPECT_TRUE(eventually([&] { return done.load() == 3; }));
  EXPECT_NE(threads[0], threads[1]);
  EXPECT_NE(threads[1], threads[2]);
  EXPECT_NE(threads[0], std::this_thread::get_id());
}

TEST_F(ServerTest, RefusesAPortInUse) {
  for (const uint32_t holder_loops : {1U, 2U}) {
    for (const uint32_t loops : {1U, 2U}) {
      ServerOptions options = options_;
      options.loops = holder_loops;
      auto holder = Server::create(options, handler_);
      ASSERT_TRUE(holder.ok());
      options.loops = loops;
      options.listeners[0].port = holder.value()->port();
      auto second = Server::create(options, handler_);
      ASSERT_FALSE(second.ok());
      EXPECT_EQ(second.status().code(), StatusCode::kUnavailable);
      EXPECT_NE(second.status().message().find("port " + std::to_string(options.listeners[0].port) +
                                               " is in use"),
                std::string::npos);
    }
  }
}

TEST_F(ServerTest, ListensOnNamesAndAddresses) {
  for (const char* host : {"localhost", "0.0.0.0", "127.0.0.1", "::", "::1"}) {
    options_.listeners[0].host = host;
    auto server = Server::create(options_, handler_);
    if (!server.ok() && std::string_view(host).starts_with("::")) continue;  // a host without IPv6
    ASSERT_TRUE(server.ok()) << host << ": " << server.status().to_string();
    server.value()->start();
    if (std::string_view(host) == "::1") continue;
    Client client(server.value()->port());
    client.send_bytes("GET /address HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(body_of(client.read_answer()),
              std::string_view(host) == "::" ? "::ffff:127.0.0.1" : "127.0.0.1")
        << host;
  }
  options_.listeners[0].host = "no-such-host.invalid";
  EXPECT_EQ(Server::create(options_, handler_).status().code(), StatusCode::kUnavailable);
  options_.listeners[0].host = "192.0.2.1";  // a documentation address, on no machine
  EXPECT_EQ(Server::create(options_, handler_).status().code(), StatusCode::kUnavailable);
}

TEST_F(ServerTest, DrainsIdleConnectionsWithAnEndOfFile) {
  start();
  Client idle(port_);
  idle.send_bytes(kGet);
  EXPECT_EQ(body_of(idle.read_answer()), "[]");
  Client busy(port_);
  busy.send_bytes("GET /later?300 HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return handler_.requests.load() == 2; }));
  server_->begin_close();
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_TRUE(idle.clean_end());
  idle.disconnect();
  Client fresh(port_);  // still taken
  fresh.send_bytes(kGet);
  const std::string answer = fresh.read_to_end();
  EXPECT_EQ(body_of(answer), "[]");
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  fresh.disconnect();
  const std::string later = busy.read_to_end();
  EXPECT_EQ(body_of(later), "later []");
  EXPECT_NE(later.find("Connection: close\r\n"), std::string::npos);
  busy.disconnect();
  EXPECT_TRUE(server_->stop(5s));
  EXPECT_FALSE(Client(port_).connected());
}

TEST_F(ServerTest, LosesNoRequestOfClientsThatGoOnWhileItDrains) {
  options_.loops = 2;
  start();
  std::atomic<bool> stopping{false};
  std::atomic<int> answered{0};
  std::atomic<int> failed{0};
  std::atomic<int> told_to_close{0};
  std::vector<std::thread> clients;
  for (int c = 0; c < 8; c++) {
    clients.emplace_back([&] {
      while (!stopping) {
        Client client(port_);
        if (!client.connected()) {
          failed++;
          return;
        }
        for (bool open = true; open && !stopping;) {
          client.send_bytes(kGet);
          const std::string answer = client.read_answer();
          if (body_of(answer) != "[]") failed++;
          answered++;
          if (answer.find("Connection: close") != std::string::npos) {
            told_to_close++;
            open = false;
          }
        }
      }
    });
  }
  ASSERT_TRUE(eventually([&] { return answered.load() > 500; }));
  server_->begin_close();
  const int before = answered.load();
  ASSERT_TRUE(eventually([&] { return answered.load() > before + 500; }));
  stopping = true;
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(failed.load(), 0);
  EXPECT_GT(told_to_close.load(), 400);
  EXPECT_TRUE(server_->stop(5s));
}

TEST_F(ServerTest, AnswersWhatItHasAcceptedBeforeItStops) {
  start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; i++) {
    clients.push_back(std::make_unique<Client>(port_));
    clients.back()->send_bytes("GET /later?50 HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  EXPECT_TRUE(server_->stop(5s));
  for (const auto& client : clients) EXPECT_EQ(body_of(client->read_to_end()), "later []");
}

TEST_F(ServerTest, StopsInTimeWhenARequestNeverEnds) {
  start();
  Client client(port_);
  client.send_bytes("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
  ASSERT_TRUE(eventually([&] { return server_->counters().bytes_received > 0; }));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(server_->stop(100ms));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST_F(ServerTest, CanBeDestroyedUnstartedAndStoppedTwice) {
  ASSERT_TRUE(Server::create(options_, handler_).ok());
  start();
  EXPECT_TRUE(server_->stop(1s));
  EXPECT_TRUE(server_->stop(1s));
  server_->post(0, [] { FAIL() << "the loop has ended"; });
}

}  // namespace
}  // namespace slipway::transport
