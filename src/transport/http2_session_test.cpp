#include "transport/internal/http2_session.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "transport/http2_driver_test.h"

namespace slipway::transport {
namespace {

using std::chrono::milliseconds;

/// A body of the given size, and then as the test goes on.
class CountingSource final : public BodySource {
 public:
  CountingSource(size_t bytes, bool fails) : left_(bytes), fails_(fails) {}
  Pull pull(std::string& out, size_t bytes_wanted) override {
    const size_t take = std::min(left_, bytes_wanted);
    out.append(take, 's');
    left_ -= take;
    if (left_ > 0) return Pull::kMore;
    return fails_ ? Pull::kFailed : Pull::kEnd;
  }

 private:
  size_t left_;
  const bool fails_;
};

/// Like the one of HTTP/1.1's tests: "METHOD path?query [body]", or as the path asks.
class EchoHandler final : public HttpHandler {
 public:
  void handle(HttpExchange& exchange) override {
    const HttpRequest& request = exchange.request();
    HttpResponse& response = exchange.response();
    requests++;
    response.content_type = "text/plain";
    if (request.path == "/throw") throw std::runtime_error("no");
    if (request.path == "/defer") {
      completions.push_back(exchange.defer());
      deferred.push_back(&exchange);
      return;
    }
    if (request.path == "/none") response.status = 204;
    if (request.path == "/impossible") response.status = 99;
    if (request.path == "/odd") {
      response.headers = {{"X-Upper", " a\r\nb "}, {"Connection", "close"}, {"Keep-Alive", "1"}};
    }
    if (request.path == "/large") response.body.assign(300'000, 'x');
    if (request.path == "/source") {
      response.body = "begin";
      response.body_source = std::make_unique<CountingSource>(200'000, false);
    }
    if (request.path == "/broken") {
      response.body_source = std::make_unique<CountingSource>(100'000, true);
    }
    if (response.body_source || !response.body.empty()) return;
    response.body.assign(http_method_name(request.method));
    response.body.append(" ").append(request.path);
    if (!request.query.empty()) response.body.append("?").append(request.query);
    response.body.append(" [").append(request.body).append("]");
    if (request.path == "/host") response.body.assign(request.header("Host"));
  }

  int requests = 0;
  std::vector<std::function<void()>> completions;
  std::vector<HttpExchange*> deferred;
};

class Http2SessionTest : public testing::Test {
 protected:
  Http2Driver& driver() {
    if (!driver_) driver_ = std::make_unique<Http2Driver>(options_, handler_);
    return *driver_;
  }
  const Http2Client::Answer& ask(std::string_view method, std::string_view path,
                                 const Http2Client::Fields& fields = {},
                                 std::string_view body = {}) {
    const int32_t id = client_.request(method, path, fields, body);
    driver().exchange(client_);
    return client_.answer(id);
  }
  /// A frame by hand.
  static std::string frame(uint8_t type, uint8_t flags, uint32_t id, std::string_view payload) {
    std::string bytes;
    for (const size_t shift : {16U, 8U, 0U}) bytes += static_cast<char>(payload.size() >> shift);
    bytes += static_cast<char>(type);
    bytes += static_cast<char>(flags);
    for (const size_t shift : {24U, 16U, 8U, 0U}) bytes += static_cast<char>(id >> shift);
    return bytes.append(payload);
  }
  static std::string preface() {
    return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(NGHTTP2_SETTINGS, 0, 0, "");
  }

  ServerOptions options_;
  EchoHandler handler_;
  Http2Client client_;
  std::unique_ptr<Http2Driver> driver_;
};

// :method GET, :scheme http, :path /, from the static table; :authority h.
constexpr std::string_view kGetBlock = "\x82\x86\x84\x41\x01h";

TEST_F(Http2SessionTest, AnswersARequestWithItsHead) {
  const auto& answer = ask("POST", "/a/b?c=d", {{"x", "y"}}, "hello");
  EXPECT_EQ(answer.field(":status"), "200");
  EXPECT_EQ(answer.field("content-type"), "text/plain");
  EXPECT_EQ(answer.field("content-length"), "21");
  EXPECT_EQ(answer.field("server"), "slipway");
  EXPECT_EQ(answer.field("date"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(answer.body, "POST /a/b?c=d [hello]");
  EXPECT_TRUE(answer.closed);
  EXPECT_EQ(answer.error, 0U);
  EXPECT_TRUE(driver().session().idle());
  EXPECT_EQ(driver().loop().counters.requests.value(), 1U);
}

TEST_F(Http2SessionTest, KnowsMethodsHostAndPaths) {
  EXPECT_EQ(ask("GET", "/host").body, "host:1");
  EXPECT_EQ(ask("PUT", "/").body, "PUT / []");
  EXPECT_EQ(ask("BREW", "/").body, "OTHER / []");
  EXPECT_EQ(ask("OPTIONS", "*").body, "OPTIONS * []");
}

TEST_F(Http2SessionTest, AnswersTheSameWhereverTheBytesAreSplit) {
  std::vector<std::string> expected;
  for (const size_t step : {100'000U, 1U, 2U, 7U, 61U}) {
    driver_ = std::make_unique<Http2Driver>(options_, handler_);
    Http2Client client;
    std::vector<int32_t> ids = {client.request("GET", "/1"),
                                client.request("POST", "/2", {}, std::string(3000, 'b')),
                                client.request("GET", "/large"), client.request("HEAD", "/4")};
    driver_->exchange(client, step);
    std::vector<std::string> bodies;
    for (const int32_t id : ids) {
      EXPECT_TRUE(client.answer(id).closed);
      bodies.push_back(client.answer(id).body);
    }
    if (expected.empty()) expected = bodies;
    EXPECT_EQ(bodies, expected) << step;
  }
}

TEST_F(Http2SessionTest, SendsNoBodyForHeadAnd204) {
  const auto& head = ask("HEAD", "/large");
  EXPECT_EQ(head.field("content-length"), "300000");
  EXPECT_EQ(head.body, "");
  const auto& none = ask("GET", "/none");
  EXPECT_EQ(none.field(":status"), "204");
  EXPECT_EQ(none.field("content-length"), "absent");
  EXPECT_EQ(none.body, "");
}

TEST_F(Http2SessionTest, MakesFieldsFitForHttp2) {
  const auto& answer = ask("GET", "/odd");
  EXPECT_EQ(answer.field("x-upper"), "a  b");
  EXPECT_EQ(answer.field("connection"), "absent");
  EXPECT_EQ(answer.field("keep-alive"), "absent");
}

TEST_F(Http2SessionTest, StreamsBodiesThatComeFromASource) {
  const auto& answer = ask("GET", "/source");
  EXPECT_EQ(answer.field("content-length"), "absent");
  EXPECT_EQ(answer.body, "begin" + std::string(200'000, 's'));
  const auto& broken = ask("GET", "/broken");
  EXPECT_EQ(broken.field(":status"), "200");
  EXPECT_TRUE(broken.closed);
  EXPECT_EQ(broken.error, static_cast<uint32_t>(NGHTTP2_INTERNAL_ERROR));
  EXPECT_EQ(ask("GET", "/").body, "GET / []") << "the connection goes on";
}

TEST_F(Http2SessionTest, SaysContinueToWhoWaitsForIt) {
  const int32_t id = client_.request("POST", "/p", {{"expect", "100-continue"}}, "", true);
  driver().exchange(client_);
  EXPECT_EQ(client_.answer(id).field(":status"), "100");
  client_.send(id, "body", true);
  driver().exchange(client_);
  EXPECT_EQ(client_.answer(id).body, "POST /p [body]");
}

TEST_F(Http2SessionTest, CompressesAndDecompresses) {
  const auto& answer = ask("GET", "/large", {{"accept-encoding", "gzip"}});
  EXPECT_EQ(answer.field("content-encoding"), "gzip");
  ContentCoder coder;
  std::string plain;
  ASSERT_EQ(coder.decode("gzip", answer.body, 1 << 20, plain), DecodeResult::kOk);
  EXPECT_EQ(plain, std::string(300'000, 'x'));
  std::string packed(5000, 'p');
  ASSERT_TRUE(coder.gzip(packed));
  EXPECT_EQ(ask("POST", "/p", {{"content-encoding", "gzip"}}, packed).body,
            "POST /p [" + std::string(5000, 'p') + "]");
  EXPECT_EQ(ask("POST", "/p", {{"content-encoding", "br"}}, "x").field(":status"), "415");
}

TEST_F(Http2SessionTest, SurvivesHandlersThatFail) {
  EXPECT_EQ(ask("GET", "/throw").field(":status"), "500");
  EXPECT_EQ(ask("GET", "/impossible").field(":status"), "500");
  EXPECT_EQ(ask("GET", "/").body, "GET / []");
}

TEST_F(Http2SessionTest, CompletesDeferredExchangesInAnyOrder) {
  const int32_t first = client_.request("POST", "/defer", {}, "1");
  const int32_t second = client_.request("GET", "/");
  driver().exchange(client_);
  EXPECT_FALSE(client_.answer(first).closed);
  EXPECT_EQ(client_.answer(second).body, "GET / []");
  handler_.deferred[0]->response().body = "late";
  driver().complete();
  driver().exchange(client_);
  EXPECT_EQ(client_.answer(first).body, "late");
}

TEST_F(Http2SessionTest, KeepsAnExchangeWhoseStreamIsResetUntilItsHandlerIsDone) {
  const int32_t id = client_.request("POST", "/defer", {}, "body");
  driver().exchange(client_);
  client_.reset(id);
  driver().exchange(client_);
  EXPECT_EQ(handler_.deferred[0]->request().body, "body");
  handler_.deferred[0]->response().body = "nobody hears it";
  EXPECT_FALSE(driver().session().busy());
  driver().complete();
  driver().exchange(client_);
  EXPECT_EQ(ask("GET", "/").body, "GET / []");
  EXPECT_TRUE(driver().session().idle());
}

TEST_F(Http2SessionTest, KeepsAnExchangeWhosePeerHasGoneUntilItsHandlerIsDone) {
  client_.request("POST", "/defer", {}, "body");
  driver().exchange(client_);
  driver().session().on_peer_gone();
  EXPECT_EQ(handler_.deferred[0]->request().body, "body");
  driver().complete();
  EXPECT_TRUE(driver().over());
  EXPECT_EQ(driver().loop().budget.used(), 0U);
}

TEST_F(Http2SessionTest, TakesAndGivesLargeBodiesUnderFlowControl) {
  const std::string body(10'000'000, 'b');
  const auto& answer = ask("POST", "/p", {}, body);
  EXPECT_TRUE(answer.body == "POST /p [" + body + "]");
  EXPECT_EQ(driver().loop().budget.used() <= 256 * 1024, true) << "given back";
}

TEST_F(Http2SessionTest, SendsNoMoreThanThePeersWindow) {
  Http2Client client({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1000}}, false);
  const int32_t id = client.request("GET", "/large");
  driver().exchange(client);
  EXPECT_EQ(client.answer(id).body.size(), 1000U);
  client.open_window(id, 500);
  driver().exchange(client);
  EXPECT_EQ(client.answer(id).body.size(), 1500U);
  // Small answers of other streams are not held up.
  const int32_t other = client.request("GET", "/");
  driver().exchange(client);
  EXPECT_EQ(client.answer(other).body, "GET / []");
}

TEST_F(Http2SessionTest, ResetsAReaderThatOpensNoWindow) {
  options_.write_timeout = milliseconds(1000);
  Http2Client client({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 10}}, false);
  const int32_t id = client.request("GET", "/large");
  driver().exchange(client);
  driver().pass(milliseconds(500));
  client.open_window(id, 10);
  driver().exchange(client);
  driver().pass(milliseconds(900));
  driver().exchange(client);
  EXPECT_FALSE(client.answer(id).closed) << "it took something meanwhile";
  driver().pass(milliseconds(300));
  driver().exchange(client);
  EXPECT_TRUE(client.answer(id).closed);
  EXPECT_EQ(client.answer(id).error, static_cast<uint32_t>(NGHTTP2_CANCEL));
  EXPECT_EQ(driver().loop().counters.timeouts.value(), 1U);
}

TEST_F(Http2SessionTest, RefusesBodiesOverTheLimitAndStopsTheUpload) {
  options_.body_bytes_max = 1000;
  const auto& answer = ask("POST", "/p", {}, std::string(100'000, 'x'));
  EXPECT_EQ(answer.field(":status"), "413");
  EXPECT_EQ(answer.body, "{\"error\":\"The request body is too large\"}");
  EXPECT_TRUE(answer.closed);
  EXPECT_EQ(ask("POST", "/p", {}, std::string(1000, 'x')).field(":status"), "200");
  EXPECT_EQ(handler_.requests, 1);
}

TEST_F(Http2SessionTest, RefusesHeaderListsOverTheLimit) {
  options_.header_bytes_max = 1000;
  EXPECT_EQ(ask("GET", "/", {{"x", std::string(900, 'x')}}).field(":status"), "431");
  EXPECT_EQ(ask("GET", "/", {{"x", std::string(700, 'x')}}).field(":status"), "200");
}

TEST_F(Http2SessionTest, IsNotBlownUpByHeadersThatRepeatATableEntry) {
  // One entry of 4,000 bytes in the dynamic table, then one byte for each further occurrence.
  std::string block(kGetBlock);
  block += "\x40\x01x\x7f\xa1\x1e";  // literal with indexing, name "x", a value of 4,000 bytes
  block += std::string(4000, 'v');
  block += std::string(12'000, '\xbe');  // the entry, 12,000 times: 48 MB
  driver().receive(preface() + frame(NGHTTP2_HEADERS,
                                     NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, block));
  Http2Client reader;
  const std::string sent = driver().take_sent();
  EXPECT_NE(sent.find("The request header is too large"), std::string::npos);
  EXPECT_LT(driver().loop().budget.used(), 1U << 20);
}

TEST_F(Http2SessionTest, HoldsThePeerToItsNumberOfStreams) {
  options_.http2_streams_max = 3;
  std::vector<int32_t> ids;
  driver().exchange(client_);  // the client knows the limit now and keeps to it
  for (int i = 0; i < 5; i++) ids.push_back(client_.request("GET", "/defer"));
  driver().exchange(client_);
  EXPECT_EQ(driver().deferred(), 3U);
  while (driver().deferred() > 0) {
    driver().complete();
    driver().exchange(client_);
  }
  for (const int32_t id : ids) EXPECT_TRUE(client_.answer(id).closed);
  EXPECT_EQ(handler_.requests, 5);
}

TEST_F(Http2SessionTest, RefusesStreamsOverTheLimitOfAPeerThatIgnoresIt) {
  options_.http2_streams_max = 3;
  std::string bytes = preface();
  for (uint32_t i = 0; i < 10; i++) {
    bytes += frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 2 * i + 1, kGetBlock);
  }
  driver().receive(bytes);
  EXPECT_EQ(handler_.requests, 0) << "none has ended";
  EXPECT_LE(driver().loop().counters.requests.value(), 3U);
}

TEST_F(Http2SessionTest, BoundsHandlersOfStreamsThatWereReset) {
  options_.http2_streams_max = 4;
  driver().exchange(client_);
  for (int i = 0; i < 100; i++) {
    client_.reset(client_.request("GET", "/defer"));
    driver().exchange(client_);
  }
  EXPECT_LE(driver().deferred(), 8U);
  EXPECT_FALSE(driver().over());
  while (driver().deferred() > 0) driver().complete();
  EXPECT_EQ(ask("GET", "/").body, "GET / []");
}

TEST_F(Http2SessionTest, KeepsWithinTheMemoryOfAConnection) {
  options_.http2_bytes_max = 0;
  options_.body_bytes_max = 1'000'000;
  options_.compress_bytes_max = 0;
  const std::string body(990'000, 'x');
  EXPECT_EQ(ask("POST", "/p", {}, body).body, "POST /p [" + body + "]") << "one always fits";
  std::vector<int32_t> ids;
  for (int i = 0; i < 6; i++) ids.push_back(client_.request("POST", "/p", {}, body, true));
  driver().exchange(client_);
  int refused = 0;
  for (const int32_t id : ids) refused += client_.answer(id).field(":status") == "503";
  EXPECT_GE(refused, 3);
  EXPECT_LT(refused, 6);
  for (const int32_t id : ids) client_.reset(id);
  driver().exchange(client_);
  EXPECT_EQ(ask("POST", "/p", {}, body).field(":status"), "200") << "it is given back";
}

TEST_F(Http2SessionTest, KeepsWithinTheMemoryOfTheLoop) {
  options_.buffered_bytes_max = 1'000'000;
  EXPECT_EQ(ask("POST", "/p", {}, std::string(3'000'000, 'x')).field(":status"), "503");
  EXPECT_EQ(ask("POST", "/p", {}, std::string(300'000, 'x')).field(":status"), "200");
}

TEST_F(Http2SessionTest, EndsAConnectionThatFloodsPings) {
  driver().exchange(client_);
  for (int i = 0; i < 3000; i++) client_.ping();
  driver().exchange(client_);
  EXPECT_EQ(client_.goaway_error, static_cast<uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
  EXPECT_TRUE(driver().over());
}

TEST_F(Http2SessionTest, EndsAConnectionThatFloodsSettingsOrPrioritiesOrEmptyFrames) {
  const std::vector<std::string> floods = {
      frame(NGHTTP2_SETTINGS, 0, 0, ""),
      frame(NGHTTP2_PRIORITY, 0, 5, std::string("\0\0\0\0\1", 5)),
      frame(NGHTTP2_DATA, 0, 1, ""),
  };
  for (const std::string& flood : floods) {
    driver_ = std::make_unique<Http2Driver>(options_, handler_);
    std::string bytes = preface() + frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, kGetBlock);
    for (int i = 0; i < 3000; i++) bytes += flood;
    driver().receive(bytes);
    EXPECT_TRUE(driver().over()) << static_cast<int>(flood[3]);
    EXPECT_EQ(driver().loop().counters.protocol_errors.value(), 1U);
  }
}

TEST_F(Http2SessionTest, AllowsPingsOfAClientThatWorksAndThatStaysLong) {
  for (int i = 0; i < 2000; i++) {
    client_.ping();
    ASSERT_EQ(ask("GET", "/").body, "GET / []");
  }
  for (int i = 0; i < 3000; i++) {
    driver().pass(milliseconds(1000));
    client_.ping();
    driver().exchange(client_);
    if (i % 50 == 0) ask("GET", "/");
  }
  EXPECT_EQ(client_.pings_acked, 5000);
  EXPECT_EQ(client_.goaways, 0);
}

TEST_F(Http2SessionTest, EndsAConnectionThatResetsRapidly) {
  std::string bytes = preface();
  for (uint32_t i = 0; i < 3000; i++) {
    bytes += frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 2 * i + 1, kGetBlock);
    bytes += frame(NGHTTP2_RST_STREAM, 0, 2 * i + 1, std::string("\0\0\0\x8", 4));
  }
  driver().receive(bytes);
  EXPECT_TRUE(driver().over());
  EXPECT_LE(driver().loop().counters.requests.value(), 1100U);
}

TEST_F(Http2SessionTest, EndsAConnectionThatFloodsContinuations) {
  std::string bytes = preface() + frame(NGHTTP2_HEADERS, 0, 1, kGetBlock);
  for (int i = 0; i < 100; i++) bytes += frame(NGHTTP2_CONTINUATION, 0, 1, "");
  driver().receive(bytes);
  EXPECT_TRUE(driver().over());
}

TEST_F(Http2SessionTest, EndsAConnectionThatReadsNothing) {
  // As many answers of the protocol as a peer can cause without reading one.
  std::string bytes = preface();
  for (uint32_t i = 0; i < 20'000; i++) {
    bytes += frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 2 * i + 1, kGetBlock);
  }
  Http2Session& session = driver().session();
  std::string_view rest = bytes;
  const SteadyTime now = SteadyTime{} + std::chrono::hours(1);
  bool closed = false;
  while (!rest.empty() && !closed) {
    const std::span<char> space = session.read_space();
    const size_t size = std::min(space.size(), rest.size());
    std::memcpy(space.data(), rest.data(), size);
    session.on_read(size, now);
    rest.remove_prefix(size);
    closed = session.advance(now) == Session::Step::kClose;
    if (session.output()[0].size() > 1'000'000) break;
  }
  EXPECT_LT(session.output()[0].size(), 200'000U);
  EXPECT_GT(driver().loop().counters.protocol_errors.value(), 0U);
}

TEST_F(Http2SessionTest, ClosesOnBadPrefacesAndMalformedFrames) {
  driver().receive("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n");
  EXPECT_TRUE(driver().over());
  driver_ = std::make_unique<Http2Driver>(options_, handler_);
  driver().receive(preface() + frame(NGHTTP2_DATA, 0, 0, "x"));
  EXPECT_TRUE(driver().over());
  driver_ = std::make_unique<Http2Driver>(options_, handler_);
  driver().receive(preface() + frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, "\xff\xff\xff"));
  EXPECT_TRUE(driver().over());
}

TEST_F(Http2SessionTest, EndsIdleAndStuckConnections) {
  options_.idle_timeout = milliseconds(5000);
  options_.header_timeout = milliseconds(1000);
  EXPECT_EQ(ask("GET", "/").body, "GET / []");
  driver().pass(milliseconds(4999));
  EXPECT_FALSE(driver().over());
  driver().pass(milliseconds(1));
  EXPECT_TRUE(driver().over());
  driver_ = std::make_unique<Http2Driver>(options_, handler_);
  driver().receive("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  driver().pass(milliseconds(1100));
  EXPECT_TRUE(driver().over()) << "no SETTINGS";
  driver_ = std::make_unique<Http2Driver>(options_, handler_);
  driver().receive(preface() + frame(NGHTTP2_HEADERS, 0, 1, kGetBlock));
  driver().pass(milliseconds(1100));
  EXPECT_TRUE(driver().over()) << "a header block without end";
}

TEST_F(Http2SessionTest, AnswersUploadsThatDoNotEndInTime) {
  options_.body_timeout = milliseconds(2000);
  const int32_t id = client_.request("POST", "/p", {}, "some", true);
  driver().exchange(client_);
  driver().pass(milliseconds(1900));
  driver().exchange(client_);
  EXPECT_FALSE(client_.answer(id).closed);
  driver().pass(milliseconds(250));
  driver().exchange(client_);
  EXPECT_EQ(client_.answer(id).field(":status"), "408");
  EXPECT_TRUE(client_.answer(id).closed);
  EXPECT_EQ(ask("GET", "/").body, "GET / []");
}

TEST_F(Http2SessionTest, AsksASilentPeerWhetherItLives) {
  options_.ping_interval = milliseconds(3000);
  options_.ping_timeout = milliseconds(1000);
  client_.request("GET", "/defer");
  driver().exchange(client_);
  driver().pass(milliseconds(3100));
  driver().exchange(client_);
  EXPECT_EQ(client_.pings, 1);
  driver().pass(milliseconds(2900));
  EXPECT_FALSE(driver().over()) << "it has answered";
  driver().pass(milliseconds(300));
  EXPECT_EQ(client_.pings, 1);
  driver().pass(milliseconds(1100));  // the second ping is not answered
  EXPECT_TRUE(driver().over());
  EXPECT_EQ(driver().loop().counters.timeouts.value(), 1U);
  driver().complete();
}

TEST_F(Http2SessionTest, DrainsWithoutLosingARequest) {
  options_.drain_idle = milliseconds(200);
  const int32_t first = client_.request("GET", "/defer");
  driver().exchange(client_);
  driver().loop().draining = true;
  driver().pass(milliseconds(0));
  driver().exchange(client_);
  EXPECT_EQ(client_.goaways, 1);
  EXPECT_EQ(client_.goaway_last, 0x7FFFFFFF);
  EXPECT_FALSE(driver().over());
  // A request that crossed the notice is answered like any other.
  Http2Client late_client;
  driver().pass(milliseconds(250));
  driver().exchange(client_);
  EXPECT_EQ(client_.goaways, 2);
  EXPECT_EQ(client_.goaway_last, first);
  EXPECT_FALSE(driver().over()) << "a request is open";
  handler_.deferred[0]->response().body = "done";
  driver().complete();
  driver().exchange(client_);
  EXPECT_EQ(client_.answer(first).body, "done");
  EXPECT_TRUE(driver().over());
}

TEST_F(Http2SessionTest, DrainsAnIdleConnection) {
  EXPECT_EQ(ask("GET", "/").body, "GET / []");
  driver().loop().draining = true;
  driver().pass(milliseconds(0));
  driver().exchange(client_);
  EXPECT_EQ(client_.goaways, 1);
  EXPECT_FALSE(driver().over());
  driver().pass(options_.drain_idle);
  EXPECT_TRUE(driver().over());
  EXPECT_EQ(driver().take_sent(), frame(NGHTTP2_GOAWAY, 0, 0, std::string("\0\0\0\1\0\0\0\0", 8)));
}

TEST_F(Http2SessionTest, AnswersWhatAHalfClosedPeerHasSent) {
  client_.request("GET", "/defer");
  const int32_t incomplete = client_.request("POST", "/", {}, "some", true);
  driver().exchange(client_);
  driver().end_input();
  driver().exchange(client_);
  EXPECT_TRUE(client_.answer(incomplete).closed);
  EXPECT_FALSE(driver().over());
  driver().complete();
  EXPECT_TRUE(driver().over());
}

TEST_F(Http2SessionTest, GivesMemoryBackWhenIdle) {
  EXPECT_EQ(ask("POST", "/p", {}, std::string(3'000'000, 'a')).field(":status"), "200");
  driver().session().release_memory();
  EXPECT_EQ(driver().loop().budget.used(), 0U);
  EXPECT_EQ(ask("POST", "/p", {}, "again").body, "POST /p [again]");
}

}  // namespace
}  // namespace slipway::transport
