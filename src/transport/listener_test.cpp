// Servers with several listeners: TCP, Unix sockets, inherited sockets; what is spoken on each.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "transport/internal/listener.h"
#include "transport/server.h"
#include "transport/socket_client_test.h"

namespace slipway::transport {
namespace {

using namespace std::chrono_literals;

/// Answers the client's address and the loop that took it.
class WhoHandler final : public HttpHandler {
 public:
  void handle(HttpExchange& exchange) override {
    const HttpRequest& request = exchange.request();
    exchange.response().body =
        std::string(request.remote_address) + " " + std::to_string(request.loop);
  }
};

class ListenerTest : public testing::Test {
 protected:
  ListenerTest() : folder_(std::filesystem::temp_directory_path() / unique_name()) {
    std::filesystem::create_directory(folder_);
    options_.listeners[0].port = 0;
    options_.drain_idle = 50ms;
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  static std::string unique_name() {
    static std::atomic<int> made{0};
    return "slipway-listener-" + std::to_string(getpid()) + "-" + std::to_string(made++);
  }
  std::string path(const char* name) const { return (folder_ / name).string(); }
  ListenerOptions unix_socket(const char* name) const {
    ListenerOptions listener;
    listener.unix_path = path(name);
    return listener;
  }
  void start() {
    auto created = Server::create(options_, handler_);
    ASSERT_TRUE(created.ok()) << created.status().to_string();
    server_ = std::move(created).value();
    server_->start();
  }
  static std::string ask(SocketClient& client) {
    client.send_bytes(kGet);
    return body_of(client.read_answer());
  }

  const std::filesystem::path folder_;
  WhoHandler handler_;
  ServerOptions options_;
  std::unique_ptr<Server> server_;
};

TEST_F(ListenerTest, ServesTcpAndUnixSocketsAtOnce) {
  options_.listeners.push_back(options_.listeners[0]);
  options_.listeners.push_back(unix_socket("a.sock"));
  start();
  EXPECT_NE(server_->port(0), server_->port(1));
  const std::vector<std::string> addresses = server_->addresses();
  ASSERT_EQ(addresses.size(), 3U);
  EXPECT_EQ(addresses[0], "http://127.0.0.1:" + std::to_string(server_->port(0)));
  EXPECT_EQ(addresses[2], "unix:" + path("a.sock"));
  for (const size_t listener : {0U, 1U}) {
    SocketClient client(server_->port(listener));
    EXPECT_EQ(ask(client), "127.0.0.1 0");
  }
  SocketClient client(path("a.sock"));
  EXPECT_EQ(ask(client), "unix 0");
}

TEST_F(ListenerTest, GivesTheLoopsAUnixSocketsConnectionsInTurn) {
  options_.listeners = {unix_socket("a.sock")};
  options_.loops = 3;
  start();
  std::vector<int> taken(3, 0);
  std::vector<SocketClient> clients;
  for (int i = 0; i < 12; i++) {
    clients.emplace_back(path("a.sock"));
    const std::string answer = ask(clients.back());
    ASSERT_EQ(answer.size(), 6U);
    taken[static_cast<size_t>(answer.back() - '0')]++;
  }
  EXPECT_EQ(taken, std::vector<int>({4, 4, 4}));
  EXPECT_EQ(server_->counters().connections_open, 12U);
  EXPECT_TRUE(server_->stop(kPatience));
}

TEST_F(ListenerTest, SetsTheModeOfAUnixSocketAndRemovesItAtTheEnd) {
  options_.listeners = {unix_socket("a.sock")};
  options_.listeners[0].unix_mode = 0602;
  start();
  struct stat found {};
  ASSERT_EQ(stat(path("a.sock").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0602U);
  EXPECT_TRUE(server_->stop(kPatience));
  EXPECT_FALSE(std::filesystem::exists(path("a.sock")));
}

TEST_F(ListenerTest, ReplacesADeadServersSocketAndRefusesALiveOnes) {
  SocketFile left;
  ASSERT_TRUE(SocketFile::listen(path("a.sock"), 0600, left).ok());  // closed at once
  options_.listeners = {unix_socket("a.sock")};
  start();
  SocketClient client(path("a.sock"));
  EXPECT_EQ(ask(client), "unix 0");
  const auto second = Server::create(options_, handler_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().message(), "unix:" + path("a.sock") +
                                           " is in use: another program listens there; choose "
                                           "another path");
}

TEST_F(ListenerTest, LeavesTheSocketOfItsSuccessorAlone) {
  SocketFile old_file;
  const auto old_server = SocketFile::listen(path("a.sock"), 0600, old_file);
  ASSERT_TRUE(old_server.ok());
  std::filesystem::remove(path("a.sock"));
  options_.listeners = {unix_socket("a.sock")};
  start();
  old_file.remove();
  SocketClient client(path("a.sock"));
  EXPECT_EQ(ask(client), "unix 0");
}

TEST_F(ListenerTest, RefusesPathsThatCannotBeSockets) {
  options_.listeners = {unix_socket("a.sock")};
  options_.listeners[0].unix_path = path(std::string(120, 'x').c_str());
  EXPECT_EQ(Server::create(options_, handler_).status().code(), StatusCode::kInvalidArgument);
  options_.listeners[0].unix_path = folder_.string();
  EXPECT_EQ(Server::create(options_, handler_).status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(std::filesystem::is_directory(folder_));
  options_.listeners[0].unix_path = path("missing/a.sock");
  EXPECT_EQ(Server::create(options_, handler_).status().code(), StatusCode::kUnavailable);
}

TEST_F(ListenerTest, ServesSocketsThatOthersHaveOpened) {
  ListenerOptions tcp = options_.listeners[0];
  auto opened = open_listener(tcp, 1);
  ASSERT_TRUE(opened.ok());
  const UniqueFd held(dup(opened.value().sockets[0].get()));  // as the service manager does
  SocketFile file;
  auto socket = SocketFile::listen(path("a.sock"), 0600, file);
  ASSERT_TRUE(socket.ok());
  options_.listeners.resize(2);
  options_.listeners[0].fd = opened.value().sockets[0].release();
  options_.listeners[1].fd = socket.value().release();
  options_.loops = 2;
  start();
  EXPECT_EQ(server_->port(0), opened.value().port);
  EXPECT_EQ(server_->addresses()[1], "unix:" + path("a.sock"));
  SocketClient first(server_->port(0));
  SocketClient second(server_->port(0));
  EXPECT_NE(ask(first), ask(second));
  SocketClient third(path("a.sock"));
  EXPECT_EQ(ask(third).substr(0, 4), "unix");
  EXPECT_TRUE(server_->stop(kPatience));
  EXPECT_TRUE(std::filesystem::exists(path("a.sock")));  // not ours to remove
  SocketClient waits(opened.value().port);               // for the next server on that socket
  EXPECT_TRUE(waits.connected());
}

TEST_F(ListenerTest, RefusesADescriptorThatDoesNotListen) {
  options_.listeners[0].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(Server::create(options_, handler_).status().code(), StatusCode::kInvalidArgument);
  int pipes[2];
  ASSERT_EQ(pipe(pipes), 0);
  close(pipes[1]);
  options_.listeners[0].fd = pipes[0];
  EXPECT_EQ(Server::create(options_, handler_).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(ListenerTest, SpeaksOnlyWhatTheListenerIsFor) {
  options_.listeners.resize(2, options_.listeners[0]);
  options_.listeners[0].protocols = {true, false, false};
  options_.listeners[1].protocols = {false, true, false};
  start();
  SocketClient http1(server_->port(0));
  EXPECT_EQ(ask(http1), "127.0.0.1 0");
  SocketClient http2(server_->port(0));
  http2.send_bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  EXPECT_EQ(status_of(http2.read_to_end()), "HTTP/1.1 505 HTTP Version Not Supported");
  SocketClient wrong(server_->port(1));
  wrong.send_bytes(kGet);
  EXPECT_EQ(status_of(wrong.read_to_end()), "HTTP/1.1 505 HTTP Version Not Supported");
}

}  // namespace
}  // namespace slipway::transport
