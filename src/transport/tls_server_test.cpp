// Servers that speak TLS, with a client by OpenSSL: what is agreed on, what is refused, how
// connections end.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "transport/http2_client_test.h"
#include "transport/server.h"
#include "transport/tls_files_test.h"

namespace slipway::transport {
namespace {

using namespace std::chrono_literals;

/// "[body]"; /large answers 8 MB; /later answers from another thread.
class EchoHandler final : public HttpHandler {
 public:
  ~EchoHandler() override {
    for (std::thread& thread : threads_) thread.join();
  }
  void handle(HttpExchange& exchange) override {
    HttpResponse& response = exchange.response();
    if (exchange.request().path == "/large") {
      response.content_type = "application/octet-stream";
      response.body.assign(8'000'000, 'x');
    } else if (exchange.request().path == "/later") {
      threads_.emplace_back([&exchange, done = exchange.defer()] {
        exchange.response().body = "later";
        done();
      });
    } else {
      response.body.append("[").append(exchange.request().body).append("]");
    }
  }

 private:
  std::vector<std::thread> threads_;  // of one loop
};

class TlsServerTest : public testing::Test {
 protected:
  void SetUp() override {
    tls_.certificates = {folder_.make("server", "a.example")};
    options_.listeners[0].port = 0;
    options_.drain_idle = 50ms;
    options_.linger_timeout = 200ms;
  }
  void start() {
    auto context = TlsContext::create(tls_);
    ASSERT_TRUE(context.ok()) << context.status().message();
    context_ = options_.listeners[0].tls = std::move(context).value();
    auto created = Server::create(options_, handler_);
    ASSERT_TRUE(created.ok()) << created.status().to_string();
    server_ = std::move(created).value();
    server_->start();
    port_ = server_->port();
  }
  static std::string ask(TlsClient& client) {
    client.send_bytes(kGet);
    return body_of(client.read_answer());
  }
  bool all_closed() {
    return eventually([&] { return server_->counters().connections_open == 0; });
  }

  const TlsFolder folder_;
  EchoHandler handler_;
  TlsOptions tls_;
  ServerOptions options_;
  std::shared_ptr<TlsContext> context_;
  std::unique_ptr<Server> server_;
  uint16_t port_ = 0;
};

TEST_F(TlsServerTest, AnswersOverTls12And13) {
  start();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(port_, {.version_max = version});
    ASSERT_TRUE(client.connected());
    EXPECT_EQ(SSL_version(client.ssl()), version);
    EXPECT_EQ(client.alpn(), "");
    for (int i = 0; i < 20; i++) EXPECT_EQ(ask(client), "[]");
    EXPECT_EQ(client.peer_name(), "server");
  }
  EXPECT_EQ(server_->counters().requests, 40U);
  EXPECT_EQ(server_->counters().protocol_errors, 0U);
  EXPECT_EQ(server_->addresses()[0], "https://127.0.0.1:" + std::to_string(port_));
}

TEST_F(TlsServerTest, RefusesOldVersionsAndWeakCiphers) {
  start();
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    EXPECT_FALSE(TlsClient(port_, {.version_max = version}).connected());
  }
  EXPECT_TRUE(all_closed());
  EXPECT_EQ(server_->counters().protocol_errors, 2U);
}

TEST_F(TlsServerTest, AgreesOnHttp2ByAlpn) {
  start();
  TlsClient both(port_, {.alpn = "\x02h2\x08http/1.1"});
  EXPECT_EQ(both.alpn(), "h2");
  TlsClient old(port_, {.alpn = "\x08http/1.1"});
  EXPECT_EQ(old.alpn(), "http/1.1");
  EXPECT_EQ(ask(old), "[]");
  EXPECT_FALSE(TlsClient(port_, {.alpn = "\x08h3-draft"}).connected());
  Http2Client http2;
  const int32_t id = http2.request("POST", "/", {}, "body");
  both.send_bytes(http2.take_output());
  while (!http2.answer(id).closed) {
    const std::string bytes = both.read_some();
    ASSERT_FALSE(bytes.empty());
    http2.receive(bytes);
    both.send_bytes(http2.take_output());
  }
  EXPECT_EQ(http2.answer(id).body, "[body]");
}

TEST_F(TlsServerTest, OffersByAlpnOnlyWhatTheListenerSpeaks) {
  options_.listeners[0].protocols = {true, false, false};
  start();
  EXPECT_EQ(TlsClient(port_, {.alpn = "\x02h2\x08http/1.1"}).alpn(), "http/1.1");
  EXPECT_FALSE(TlsClient(port_, {.alpn = "\x02h2"}).connected());
}

TEST_F(TlsServerTest, MovesLargeBodiesBothWays) {
  start();
  TlsClient client(port_);
  const std::string body(6'000'000, 'b');
  client.send_bytes("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6000000\r\n\r\n" + body);
  EXPECT_EQ(body_of(client.read_answer()), "[" + body + "]");
  client.send_bytes("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(body_of(client.read_answer()), std::string(8'000'000, 'x'));
  client.send_bytes("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(body_of(client.read_answer()), "later");
}

TEST_F(TlsServerTest, AnswersAThousandPipelinedRequestsInOrder) {
  start();
  TlsClient client(port_);
  ASSERT_TRUE(client.send_bytes(thousand_requests()));
  for (int i = 0; i < 1000; i++) {
    ASSERT_EQ(body_of(client.read_answer()), "[" + std::to_string(i) + "]");
  }
}

TEST_F(TlsServerTest, TellsPlainClientsThatTlsIsSpokenHere) {
  start();
  for (const std::string_view sent : {kGet, std::string_view("PRI * HTTP/2.0\r\n")}) {
    SocketClient plain(port_);
    plain.send_bytes(sent);
    const std::string answer = plain.read_to_end();
    EXPECT_EQ(status_of(answer), "HTTP/1.1 400 Bad Request");
    EXPECT_NE(answer.find("A plain HTTP request was sent to an HTTPS port"), std::string::npos);
    EXPECT_TRUE(plain.clean_end());
  }
}

TEST_F(TlsServerTest, SaysGoodbyeHoweverAConnectionEnds) {
  options_.idle_timeout = 100ms;
  start();
  TlsClient asked(port_);
  asked.send_bytes("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(body_of(asked.read_to_end()), "[]");
  EXPECT_TRUE(asked.closed_by_notify());
  TlsClient idle(port_);
  EXPECT_EQ(ask(idle), "[]");
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_TRUE(idle.closed_by_notify());
  TlsClient ends(port_);
  ends.send_bytes(kGet);
  SSL_shutdown(ends.ssl());
  EXPECT_EQ(body_of(ends.read_to_end()), "[]");
  EXPECT_TRUE(ends.closed_by_notify());
}

TEST_F(TlsServerTest, DrainsIdleConnectionsWithAGoodbye) {
  start();
  TlsClient idle(port_);
  EXPECT_EQ(ask(idle), "[]");
  TlsClient busy(port_);
  busy.send_bytes("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na");
  server_->begin_close();
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_TRUE(idle.closed_by_notify());
  busy.send_bytes("b");
  EXPECT_EQ(body_of(busy.read_to_end()), "[ab]");
  EXPECT_TRUE(busy.closed_by_notify());
  EXPECT_TRUE(server_->stop(kPatience));
}

TEST_F(TlsServerTest, EndsHandshakesThatTakeTooLong) {
  options_.tls_handshake_timeout = 100ms;
  start();
  SocketClient half(port_);
  half.send_bytes(std::string("\x16\x03\x01\x02\x00\x01\x00", 7));
  EXPECT_EQ(half.read_to_end(), "");
  EXPECT_TRUE(half.clean_end());
  EXPECT_EQ(server_->counters().timeouts, 1U);
}

TEST_F(TlsServerTest, EndsConnectionsOnBrokenRecords) {
  start();
  SocketClient garbage(port_);
  garbage.send_bytes(std::string("\x16\x03\x01\x00\x05hello", 10));
  const std::string alert = garbage.read_to_end();
  ASSERT_FALSE(alert.empty());
  EXPECT_EQ(alert[0], 0x15);
  TlsClient breaks(port_);
  EXPECT_EQ(ask(breaks), "[]");
  breaks.socket().send_bytes(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
  EXPECT_EQ(breaks.read_to_end(), "");
  EXPECT_TRUE(all_closed());
  EXPECT_EQ(server_->counters().protocol_errors, 2U);
}

TEST_F(TlsServerTest, RefusesToNegotiateAgain) {
  start();
  TlsClient client(port_, {.version_max = TLS1_2_VERSION});
  EXPECT_EQ(ask(client), "[]");
  SSL_renegotiate(client.ssl());
  EXPECT_NE(SSL_do_handshake(client.ssl()), 1);
}

TEST_F(TlsServerTest, GivesBackTheBuffersOfIdleConnectionsAndServesThemAgain) {
  start();
  TlsClient client(port_);
  EXPECT_EQ(ask(client), "[]");
  std::this_thread::sleep_for(1500ms);  // parked after a second
  EXPECT_EQ(ask(client), "[]");
}

TEST_F(TlsServerTest, ResumesSessionsOnEveryLoopAndAfterAReload) {
  options_.loops = 2;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    start();
    TlsClient first(port_, {.version_max = version});
    EXPECT_EQ(ask(first), "[]");
    EXPECT_EQ(SSL_session_reused(first.ssl()), 0);
    SSL_SESSION* const session = SSL_get1_session(first.ssl());
    for (int i = 0; i < 8; i++) {  // the kernel chooses the loop
      if (i == 4) {
        folder_.make("server", "a.example");
        EXPECT_TRUE(context_->reload().ok());
      }
      TlsClient again(port_, {.version_max = version, .session = session});
      EXPECT_EQ(ask(again), "[]");
      EXPECT_EQ(SSL_session_reused(again.ssl()), 1) << i;
    }
    SSL_SESSION_free(session);
  }
}

TEST_F(TlsServerTest, GivesNewConnectionsTheNewCertificateAndLeavesOldOnesAlone) {
  start();
  TlsClient before(port_);
  folder_.make("server", "a.example");
  ASSERT_TRUE(context_->reload().ok());
  TlsClient after(port_);
  EXPECT_EQ(ask(before), "[]");
  EXPECT_EQ(ask(after), "[]");
  EXPECT_NE(
      X509_cmp(SSL_get0_peer_certificate(before.ssl()), SSL_get0_peer_certificate(after.ssl())), 0);
}

TEST_F(TlsServerTest, ChoosesTheCertificateByName) {
  tls_.certificates.push_back(folder_.make("second", "b.example"));
  tls_.certificates.push_back(folder_.make("third", "*.c.example"));
  start();
  const auto name_for = [&](const std::string& host) {
    TlsClient client(port_, {.alpn = "\x08http/1.1", .host = host});
    EXPECT_EQ(ask(client), "[]");
    EXPECT_EQ(client.alpn(), "http/1.1");
    return client.peer_name();
  };
  EXPECT_EQ(name_for("a.example"), "server");
  EXPECT_EQ(name_for("b.example"), "second");
  EXPECT_EQ(name_for("x.c.example"), "third");
  EXPECT_EQ(name_for("unknown.example"), "server");
  EXPECT_EQ(name_for(""), "server");
}

TEST_F(TlsServerTest, AsksForClientCertificates) {
  const TlsFiles ca = folder_.make("ca", "");
  const TlsFiles good = folder_.make("good", "", 30, "ca");
  const TlsFiles expired = folder_.make("expired", "", -1, "ca");
  const TlsFiles stranger = folder_.make("stranger", "");
  tls_.client_ca = ca.certificate;
  for (const auto wanted : {ClientCertificate::kRequired, ClientCertificate::kOptional}) {
    tls_.client_certificate = wanted;
    start();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      const auto answer = [&](const TlsFiles& files) {  // TLS 1.3 tells after the handshake
        TlsClient client(port_, {.version_max = version, .certificate = files});
        return client.connected() ? ask(client) : "refused";
      };
      EXPECT_EQ(answer(good), "[]");
      EXPECT_NE(answer(stranger), "[]");
      EXPECT_NE(answer(expired), "[]");
      EXPECT_EQ(answer({}) == "[]", wanted == ClientCertificate::kOptional);
    }
  }
}

TEST_F(TlsServerTest, ClosesConnectionsOverTheLimitWithoutAHandshake) {
  options_.connections_max = 1;
  start();
  TlsClient first(port_);
  EXPECT_EQ(ask(first), "[]");
  EXPECT_FALSE(TlsClient(port_).connected());
  EXPECT_EQ(server_->counters().connections_refused, 1U);
  EXPECT_EQ(ask(first), "[]");
}

}  // namespace
}  // namespace slipway::transport
