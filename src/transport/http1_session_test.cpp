#include <gtest/gtest.h>
#include <zlib.h>

#include <new>
#include <stdexcept>

#include "transport/internal/session_driver.h"

namespace slipway::transport {
namespace {

/// Answers "METHOD path?query [body]", or as the path asks.
class EchoHandler final : public HttpHandler {
 public:
  void handle(HttpExchange& exchange) override {
    const HttpRequest& request = exchange.request();
    HttpResponse& response = exchange.response();
    if (request.path == "/throw") throw std::runtime_error("no");
    if (request.path == "/memory") throw std::bad_alloc();
    if (request.path == "/defer") completion = exchange.defer();
    if (request.path == "/none") response.status = 204;
    if (request.path == "/impossible") response.status = 99;
    if (request.path == "/split") response.headers.emplace_back("X-A", "a\r\nX-B: b");
    if (request.path == "/large") {
      response.body.assign(100'000, 'x');
      return;
    }
    response.content_type = "text/plain";
    response.body.assign(http_method_name(request.method));
    response.body.append(" ").append(request.path);
    if (!request.query.empty()) response.body.append("?").append(request.query);
    response.body.append(" [").append(request.body).append("]");
    requests++;
  }

  int requests = 0;
  std::function<void()> completion;
};

constexpr std::string_view kHead =
    "Server: slipway\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: ";

std::string answer(std::string_view body, std::string_view connection = "") {
  std::string text = "HTTP/1.1 200 OK\r\n";
  text.append(kHead).append("text/plain\r\nContent-Length: ");
  text.append(std::to_string(body.size())).append("\r\n").append(connection).append("\r\n");
  return text.append(body);
}

std::string error_answer(std::string_view line, std::string_view reason,
                         std::string_view further = "") {
  const std::string body = "{\"error\":\"" + std::string(reason) + "\"}";
  std::string text = "HTTP/1.1 " + std::string(line) + "\r\n";
  text.append(kHead).append("application/json\r\nContent-Length: ");
  text.append(std::to_string(body.size())).append("\r\n").append(further);
  return text.append("Connection: close\r\n\r\n").append(body);
}

std::string gzip_bytes(std::string_view text, int window = 31) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  std::string copy(text);
  stream.next_in = reinterpret_cast<Bytef*>(copy.data());
  stream.avail_in = static_cast<uInt>(copy.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

class Http1SessionTest : public testing::Test {
 protected:
  /// A fresh connection's whole answer to these bytes.
  std::string reply(std::string_view bytes, size_t step = static_cast<size_t>(-1)) {
    SessionDriver driver(options_, handler_);
    driver.receive(bytes, step);
    closed_ = driver.closed();
    return driver.take_sent();
  }
  void expect_error(std::string_view bytes, std::string_view line, std::string_view reason) {
    EXPECT_EQ(reply(bytes), error_answer(line, reason)) << bytes;
    EXPECT_TRUE(closed_) << bytes;
    EXPECT_EQ(reply(bytes, 1), error_answer(line, reason)) << "byte by byte: " << bytes;
  }
  std::string post(std::string_view headers, std::string_view body) {
    std::string text = "POST /p HTTP/1.1\r\nHost: h\r\n";
    text.append(headers).append("Content-Length: ").append(std::to_string(body.size()));
    return text.append("\r\n\r\n").append(body);
  }

  ServerOptions options_;
  EchoHandler handler_;
  bool closed_ = false;
};

TEST_F(Http1SessionTest, AnswersAGetAndKeepsTheConnection) {
  EXPECT_EQ(reply("GET /a/b?c=d HTTP/1.1\r\nHost: h\r\n\r\n"), answer("GET /a/b?c=d []"));
  EXPECT_FALSE(closed_);
}

TEST_F(Http1SessionTest, AnswersTheSameWhereverTheBytesAreSplit) {
  const std::string bytes =
      "\r\nGET /1 HTTP/1.1\r\nHost: h\r\n\r\n" + post("", "hello") +
      "PUT /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;name=\"v\"\r\nhello\r\n1\r\n \r\n00005\r\nworld\r\n0\r\nTrailer: x\r\n\r\n"
      "DELETE /3 HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string expected = answer("GET /1 []") + answer("POST /p [hello]") +
                               answer("PUT /2 [hello world]") + answer("DELETE /3 []");
  for (size_t step = 1; step < bytes.size(); step++) {
    EXPECT_EQ(reply(bytes, step), expected) << step;
  }
}

TEST_F(Http1SessionTest, GathersPipelinedAnswersInOneWrite) {
  SessionDriver driver(options_, handler_);
  std::string bytes;
  std::string expected;
  for (int i = 0; i < 100; i++) {
    bytes += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
    expected += answer("GET /" + std::to_string(i) + " []");
  }
  driver.receive(bytes);
  EXPECT_EQ(driver.take_sent(), expected);
  EXPECT_EQ(driver.writes(), 1U);
}

TEST_F(Http1SessionTest, PassesEveryMethodToTheHandler) {
  EXPECT_EQ(reply("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), answer("OPTIONS * []"));
  EXPECT_EQ(reply("PATCH / HTTP/1.1\r\nHost: h\r\n\r\n"), answer("PATCH / []"));
  EXPECT_EQ(reply("BREW /pot HTTP/1.1\r\nHost: h\r\n\r\n"), answer("OTHER /pot []"));
  EXPECT_EQ(reply("CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n"), answer("OTHER h:80 []"));
}

TEST_F(Http1SessionTest, TakesTheAbsoluteFormOfATarget) {
  EXPECT_EQ(reply("GET http://h:1/a?b HTTP/1.1\r\nHost: h\r\n\r\n"), answer("GET /a?b []"));
  EXPECT_EQ(reply("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n"), answer("GET / []"));
  EXPECT_EQ(reply("GET http://h?x HTTP/1.1\r\nHost: h\r\n\r\n"), answer("GET /?x []"));
  expect_error("GET a/b HTTP/1.1\r\nHost: h\r\n\r\n", "400 Bad Request",
               "The request target is malformed: expected a path that starts with '/'");
}

TEST_F(Http1SessionTest, AnswersHeadWithTheLengthAndNoBody) {
  const std::string full = answer("HEAD / []");
  EXPECT_EQ(reply("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"), full.substr(0, full.size() - 9));
}

TEST_F(Http1SessionTest, SendsNoBodyAndNoLengthWith204) {
  EXPECT_EQ(reply("GET /none HTTP/1.1\r\nHost: h\r\n\r\n"),
            "HTTP/1.1 204 No Content\r\nServer: slipway\r\nDate: Sun, 06 Nov 1994 08:49:37 "
            "GMT\r\n\r\n");
}

TEST_F(Http1SessionTest, ClosesWhenTheClientAsksForIt) {
  EXPECT_EQ(reply("GET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n"),
            answer("GET / []", "Connection: close\r\n"));
  EXPECT_TRUE(closed_);
}

TEST_F(Http1SessionTest, KeepsAnHttp10ConnectionOnlyIfAsked) {
  EXPECT_EQ(reply("GET / HTTP/1.0\r\n\r\n"), answer("GET / []", "Connection: close\r\n"));
  EXPECT_TRUE(closed_);
  EXPECT_EQ(reply("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
            answer("GET / []", "Connection: keep-alive\r\n"));
  EXPECT_FALSE(closed_);
}

TEST_F(Http1SessionTest, SaysContinueOnlyWhenTheBodyIsAwaited) {
  SessionDriver driver(options_, handler_);
  driver.receive(
      "POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(driver.take_sent(), "HTTP/1.1 100 Continue\r\n\r\n");
  driver.receive("ok");
  EXPECT_EQ(driver.take_sent(), answer("POST /p [ok]"));
  driver.receive(post("Expect: 100-continue\r\n", "here"));
  EXPECT_EQ(driver.take_sent(), answer("POST /p [here]"));
}

TEST_F(Http1SessionTest, RefusesOtherExpectations) {
  expect_error(post("Expect: the-moon\r\n", "x"), "417 Expectation Failed",
               "This Expect is not supported: only 100-continue is");
}

TEST_F(Http1SessionTest, RefusesAnOversizeBodyBeforeItIsSent) {
  options_.body_bytes_max = 10;
  expect_error("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n",
               "413 Content Too Large", "The request body is too large");
  expect_error(
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n5\r\n",
      "413 Content Too Large", "The request body is too large");
  EXPECT_EQ(reply(post("", "0123456789")), answer("POST /p [0123456789]"));
}

TEST_F(Http1SessionTest, RefusesOversizeHeaders) {
  options_.header_bytes_max = 200;
  expect_error("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(200, 'x') + "\r\n\r\n",
               "431 Request Header Fields Too Large", "The request header is too large");
  expect_error("GET /" + std::string(200, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", "414 URI Too Long",
               "The request line is too long");
  expect_error("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;e=" +
                   std::string(300, 'x') + "\r\n",
               "431 Request Header Fields Too Large",
               "A chunk's extension or the trailer is too large");
}

TEST_F(Http1SessionTest, RefusesWhatIsNotHttp) {
  constexpr std::string_view kLine = "The request line is malformed";
  expect_error("\x01\x02\x03", "400 Bad Request", kLine);
  expect_error("hello\r\n", "400 Bad Request", kLine);
  expect_error("GET /\r\n", "400 Bad Request", kLine);
  expect_error("GET / FTP/1.1\r\n", "400 Bad Request", kLine);
  expect_error("GET / HTTP/1.1\rHTTP/1.1\r\nHost: h\r\n\r\n", "400 Bad Request", kLine);
  expect_error("GET / HTTP/1.1\n", "400 Bad Request", "A line ends in LF alone: expected CRLF");
  expect_error("GET / HTTP/1.1\r\nHost: h\n\n", "400 Bad Request",
               "A line ends in LF alone: expected CRLF");
  expect_error("GET / HTTP/1.1\r\nHost : h\r\n\r\n", "400 Bad Request",
               "A header field is malformed");
  expect_error("GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", "400 Bad Request",
               "A header field is folded over several lines, which is obsolete");
  expect_error("GET / HTTP/1.1\r\nHost: h\r\nX:\r\n b\r\n\r\n", "400 Bad Request",
               "A header field is folded over several lines, which is obsolete");
}

TEST_F(Http1SessionTest, RefusesOtherVersions) {
  constexpr std::string_view kReason =
      "This HTTP version is not supported: use HTTP/1.1 or HTTP/1.0";
  expect_error("GET / HTTP/2.0\r\n", "505 HTTP Version Not Supported", kReason);
  expect_error("GET / HTTP/1.2\r\nHost: h\r\n\r\n", "505 HTTP Version Not Supported", kReason);
}

TEST_F(Http1SessionTest, NeedsExactlyOneHost) {
  constexpr std::string_view kReason = "An HTTP/1.1 request needs exactly one Host header";
  expect_error("GET / HTTP/1.1\r\n\r\n", "400 Bad Request", kReason);
  expect_error("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400 Bad Request", kReason);
}

TEST_F(Http1SessionTest, RefusesWhatCouldSmuggleARequest) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\n";
  expect_error(head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "400 Bad Request",
               "Transfer-Encoding is repeated or stands beside Content-Length");
  expect_error(head + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", "400 Bad Request",
               "Content-Length is malformed");
  expect_error(head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
               "400 Bad Request", "Transfer-Encoding is repeated or stands beside Content-Length");
  expect_error(head + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", "400 Bad Request",
               "The Content-Length headers contradict each other");
  expect_error(head + "Content-Length: +3\r\n\r\n", "400 Bad Request",
               "Content-Length is malformed");
  expect_error(head + "Content-Length: 99999999999999999999\r\n\r\n", "400 Bad Request",
               "Content-Length is malformed");
  for (const std::string coding : {"gzip", "gzip, chunked", "chunked, gzip", "xchunked"}) {
    expect_error(head + "Transfer-Encoding: " + coding + "\r\n\r\n", "501 Not Implemented",
                 "This Transfer-Encoding is not supported: only chunked is");
  }
  expect_error("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400 Bad Request",
               "HTTP/1.0 knows no Transfer-Encoding");
}

TEST_F(Http1SessionTest, RefusesMalformedChunks) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  constexpr std::string_view kReason = "The chunked body or a line end is malformed";
  expect_error(head + "x\r\nabc\r\n", "400 Bad Request", kReason);
  expect_error(head + "3\r\nabcd\r\n\r\n", "400 Bad Request", kReason);
  expect_error(head + "FFFFFFFFFFFFFFFFF\r\nabc", "400 Bad Request", kReason);
  expect_error(head + "3;a=\"b\r\nabc\r\n", "400 Bad Request", kReason);
}

TEST_F(Http1SessionTest, DecompressesRequests) {
  const std::string text(5000, 'z');
  EXPECT_EQ(reply(post("Content-Encoding: gzip\r\n", gzip_bytes("hello"))),
            answer("POST /p [hello]"));
  EXPECT_EQ(reply(post("Content-Encoding: GZIP\r\n", gzip_bytes(text.substr(0, 900)))),
            answer("POST /p [" + text.substr(0, 900) + "]"));
  EXPECT_EQ(reply(post("Content-Encoding: deflate\r\n", gzip_bytes("hello", 15))),
            answer("POST /p [hello]"));
  EXPECT_EQ(reply(post("Content-Encoding: deflate\r\n", gzip_bytes("hello", -15))),
            answer("POST /p [hello]"));
  EXPECT_EQ(reply(post("Content-Encoding: identity\r\n", "hello")), answer("POST /p [hello]"));
  EXPECT_EQ(reply(post("Content-Encoding: gzip\r\n", gzip_bytes("hel") + gzip_bytes("lo"))),
            answer("POST /p [hello]"));
}

TEST_F(Http1SessionTest, RefusesDamagedOrUnknownCompression) {
  const std::string good = gzip_bytes("hello hello hello");
  constexpr std::string_view kReason =
      "The request body does not decompress: it is damaged or cut off";
  const std::string gzip = "Content-Encoding: gzip\r\n";
  expect_error(post(gzip, good.substr(0, good.size() - 1)), "400 Bad Request", kReason);
  expect_error(post(gzip, good + "x"), "400 Bad Request", kReason);
  expect_error(post(gzip, "hello"), "400 Bad Request", kReason);
  EXPECT_EQ(reply(post("Content-Encoding: br\r\n", "x")),
            error_answer("415 Unsupported Media Type",
                         "This Content-Encoding is not supported: use gzip, deflate or none",
                         "Accept-Encoding: gzip, deflate\r\n"));
  EXPECT_EQ(reply(post(gzip + gzip, good)),
            error_answer("415 Unsupported Media Type",
                         "Content-Encoding is repeated: at most one coding is supported",
                         "Accept-Encoding: gzip, deflate\r\n"));
}

TEST_F(Http1SessionTest, StopsADecompressionBomb) {
  options_.body_bytes_max = 100'000;
  const std::string bomb = gzip_bytes(std::string(10'000'000, '\0'));
  ASSERT_LT(bomb.size(), options_.body_bytes_max);
  expect_error(post("Content-Encoding: gzip\r\n", bomb), "413 Content Too Large",
               "The request body is too large when decompressed");
  EXPECT_NE(reply(post("Content-Encoding: gzip\r\n", gzip_bytes(std::string(100'000, 'a'))))
                .find("200 OK"),
            std::string::npos);
  // Very many empty members cost their bytes and no more.
  std::string members = gzip_bytes(std::string(90'000, 'a'));
  const std::string empty = gzip_bytes("");
  while (members.size() + empty.size() <= options_.body_bytes_max) members += empty;
  EXPECT_NE(reply(post("Content-Encoding: gzip\r\n", members)).find("200 OK"), std::string::npos);
}

TEST_F(Http1SessionTest, CompressesAnswersWhenAskedAndWorthwhile) {
  const std::string sent =
      reply("GET /large HTTP/1.1\r\nHost: h\r\nAccept-Encoding: br, gzip;q=0.5\r\n\r\n");
  EXPECT_NE(sent.find("Content-Encoding: gzip\r\n"), std::string::npos);
  EXPECT_NE(sent.find("Vary: Accept-Encoding\r\n"), std::string::npos);
  const std::string body = sent.substr(sent.find("\r\n\r\n") + 4);
  EXPECT_NE(sent.find("Content-Length: " + std::to_string(body.size()) + "\r\n"),
            std::string::npos);
  ContentCoder coder;
  std::string plain;
  ASSERT_EQ(coder.decode("gzip", body, 1 << 20, plain), DecodeResult::kOk);
  EXPECT_EQ(plain, std::string(100'000, 'x'));
  const std::string refused =
      reply("GET /large HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip;q=0\r\n\r\n");
  EXPECT_EQ(refused.find("Content-Encoding"), std::string::npos);
  EXPECT_TRUE(refused.ends_with(std::string(100'000, 'x')));
  const std::string small = reply("GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n");
  EXPECT_EQ(small, answer("GET / []"));
}

TEST_F(Http1SessionTest, CompletesADeferredExchangeInOrder) {
  SessionDriver driver(options_, handler_);
  driver.receive(
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /defer HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(driver.waiting());
  EXPECT_EQ(driver.take_sent(), answer("GET /1 []"));
  handler_.completion();
  EXPECT_EQ(driver.completions(), 1);
  driver.complete();
  EXPECT_EQ(driver.take_sent(), answer("GET /defer []") + answer("GET /3 []"));
}

TEST_F(Http1SessionTest, SurvivesAHandlerThatThrows) {
  SessionDriver driver(options_, handler_);
  driver.receive(
      "GET /throw HTTP/1.1\r\nHost: h\r\n\r\nGET /memory HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /impossible HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string sent = driver.take_sent();
  EXPECT_NE(sent.find("HTTP/1.1 500 Internal Server Error"), std::string::npos);
  EXPECT_NE(sent.find("HTTP/1.1 503 Service Unavailable"), std::string::npos);
  EXPECT_TRUE(sent.ends_with(answer("GET / []")));
}

TEST_F(Http1SessionTest, CannotBeMadeToSplitAnAnswer) {
  EXPECT_NE(reply("GET /split HTTP/1.1\r\nHost: h\r\n\r\n").find("X-A: a  X-B: b\r\n"),
            std::string::npos);
}

TEST_F(Http1SessionTest, TimesSlowSendersFromTheirFirstByte) {
  options_.header_timeout = std::chrono::milliseconds(1000);
  options_.body_timeout = std::chrono::milliseconds(2000);
  options_.idle_timeout = std::chrono::milliseconds(5000);
  SessionDriver driver(options_, handler_);
  driver.receive("GET /");
  driver.pass(std::chrono::milliseconds(900));
  driver.receive(" HT");
  EXPECT_FALSE(driver.closed());
  driver.pass(std::chrono::milliseconds(100));
  EXPECT_EQ(driver.take_sent(),
            error_answer("408 Request Timeout", "The request header did not arrive in time"));
  EXPECT_TRUE(driver.closed());

  SessionDriver body(options_, handler_);
  body.receive("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n1");
  body.pass(std::chrono::milliseconds(1999));
  body.receive("2");
  EXPECT_FALSE(body.closed());
  body.pass(std::chrono::milliseconds(1));
  EXPECT_EQ(body.take_sent(),
            error_answer("408 Request Timeout", "The request body did not arrive in time"));

  SessionDriver idle(options_, handler_);
  idle.receive("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(idle.take_sent(), answer("GET / []"));
  idle.pass(std::chrono::milliseconds(4999));
  EXPECT_FALSE(idle.closed());
  idle.pass(std::chrono::milliseconds(1));
  EXPECT_TRUE(idle.closed());
  EXPECT_EQ(idle.take_sent(), "");
}

TEST_F(Http1SessionTest, AnswersWhatAHalfClosedPeerHasSent) {
  SessionDriver driver(options_, handler_);
  driver.receive("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /cut");
  driver.end_input();
  EXPECT_EQ(driver.take_sent(), answer("GET / []"));
  EXPECT_TRUE(driver.closed());
  EXPECT_EQ(driver.loop().counters.protocol_errors.value(), 1U);
  EXPECT_EQ(driver.loop().counters.requests.value(), 1U);
}

TEST_F(Http1SessionTest, AnswersWithCloseWhileDraining) {
  SessionDriver driver(options_, handler_);
  driver.loop().draining = true;
  driver.receive("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(driver.take_sent(), answer("GET / []", "Connection: close\r\n"));
  EXPECT_TRUE(driver.closed());
}

TEST_F(Http1SessionTest, KeepsWithinTheMemoryBudget) {
  options_.buffered_bytes_max = 100'000;
  SessionDriver driver(options_, handler_);
  driver.receive("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" +
                 std::string(300'000, 'a'));
  EXPECT_EQ(
      driver.take_sent(),
      error_answer("503 Service Unavailable",
                   "The server holds too many large requests at the moment: try again later"));
  EXPECT_TRUE(driver.closed());
}

TEST_F(Http1SessionTest, GivesMemoryBackAfterALargeRequest) {
  SessionDriver driver(options_, handler_);
  const std::string body(3'000'000, 'a');
  driver.receive(post("", body), 100'000);
  EXPECT_EQ(driver.take_sent(), answer("POST /p [" + body + "]"));
  EXPECT_EQ(driver.loop().budget.used(), 0U);
  driver.session().release_memory();
  driver.receive(post("", "again"));
  EXPECT_EQ(driver.take_sent(), answer("POST /p [again]"));
}

TEST_F(Http1SessionTest, KeepsViewsRightWhenTheBufferMoves) {
  options_.compress_bytes_max = 0;
  const std::string body(200'000, 'b');
  const std::string bytes =
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /long/path?and=query HTTP/1.1\r\n"
      "Host: h\r\nContent-Length: 200000\r\n\r\n" +
      body;
  const std::string expected =
      answer("GET /1 []") + answer("POST /long/path?and=query [" + body + "]");
  for (const size_t step : {999U, 4096U, 70'000U})
    EXPECT_TRUE(reply(bytes, step) == expected) << step;
}

}  // namespace
}  // namespace slipway::transport
