#include "transport/internal/http1_parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

namespace slipway::transport {
namespace {

struct Parsed {
  std::string text;  // "METHOD path?query {name=value;...} [body]" of each message
  int status = 0;    // of the failure; 0: none
  std::string reason;
};

class Http1ParserTest : public testing::Test {
 protected:
  /// The bytes, cut at the given offsets, through a fresh parser.
  Parsed parse(std::string_view bytes, const std::vector<size_t>& cuts = {}) {
    MemoryBudget budget(budget_bytes_);
    Http1Parser parser(limits_, budget);
    Parsed parsed;
    size_t begin = 0;
    for (size_t i = 0; i <= cuts.size() && parsed.status == 0; i++) {
      const size_t end = i < cuts.size() ? cuts[i] : bytes.size();
      feed(parser, bytes.substr(begin, end - begin), parsed);
      begin = end;
    }
    return parsed;
  }
  void expect_request(std::string_view bytes, std::string_view text) {
    const Parsed parsed = parse(bytes);
    EXPECT_EQ(parsed.status, 0) << parsed.reason << "\n" << bytes;
    EXPECT_EQ(parsed.text, text) << bytes;
  }
  void expect_failure(std::string_view bytes, int status, std::string_view reason) {
    const Parsed parsed = parse(bytes);
    EXPECT_EQ(parsed.status, status) << bytes;
    EXPECT_EQ(parsed.reason, reason) << bytes;
    EXPECT_EQ(parsed.text, "") << "nothing may be taken from: " << bytes;
  }
  /// A request with these further header lines and this body.
  static std::string post(std::string_view headers, std::string_view body = "") {
    std::string text = "POST / HTTP/1.1\r\nHost: h\r\n";
    return text.append(headers).append("\r\n").append(body);
  }
  static std::string chunked(std::string_view body) {
    return post("Transfer-Encoding: chunked\r\n", body);
  }

  Http1Limits limits_{8192, 1 << 20};
  uint64_t budget_bytes_ = 1 << 20;

 private:
  static void feed(Http1Parser& parser, std::string_view bytes, Parsed& parsed) {
    while (!bytes.empty()) {
      const std::span<char> space = parser.read_space();
      const size_t size = std::min(space.size(), bytes.size());
      if (size > 0) std::memcpy(space.data(), bytes.data(), size);
      parser.commit(size);
      bytes.remove_prefix(size);
      if (!take(parser, parsed)) return;
    }
  }
  /// False when the parser has failed.
  static bool take(Http1Parser& parser, Parsed& parsed) {
    for (;;) {
      switch (parser.next()) {
        case Http1Event::kNeedMore: return true;
        case Http1Event::kHeaders: break;
        case Http1Event::kRequest:
          describe(parser.message(), parsed.text);
          parser.finish();
          break;
        case Http1Event::kError:
          parsed.status = parser.failure().status;
          parsed.reason = parser.failure().reason;
          return false;
      }
    }
  }
  static void describe(const Http1Message& message, std::string& text) {
    text.append(http_method_name(message.method)).append(" ").append(message.path);
    if (!message.query.empty()) text.append("?").append(message.query);
    text.append(" {");
    for (const HttpHeader& header : message.headers) {
      text.append(header.name).append("=").append(header.value).append(";");
    }
    text.append(message.http11 ? "}" : "}1.0").append(message.keep_alive ? "+" : "-");
    text.append(" [").append(message.body).append("] ");
  }
};

constexpr std::string_view kBadLine = "The request line is malformed";
constexpr std::string_view kBadField = "A header field is malformed";
constexpr std::string_view kBareLf = "A line ends in LF alone: expected CRLF";
constexpr std::string_view kFolded =
    "A header field is folded over several lines, which is obsolete";
constexpr std::string_view kBadChunk = "The chunked body or a line end is malformed";
constexpr std::string_view kBadLength = "Content-Length is malformed";
constexpr std::string_view kTwoFramings =
    "Transfer-Encoding is repeated or stands beside Content-Length";

TEST_F(Http1ParserTest, TakesTheFormsOfATarget) {
  const std::string rest = " HTTP/1.1\r\nHost: h\r\n\r\n";
  expect_request("GET /" + rest, "GET / {Host=h;}+ [] ");
  expect_request("GET /a%20b/%FF?x=1&y=?/#" + rest, "GET /a%20b/%FF?x=1&y=?/# {Host=h;}+ [] ");
  expect_request("GET /?" + rest, "GET / {Host=h;}+ [] ");
  expect_request("GET http://other:81/a?b" + rest, "GET /a?b {Host=h;}+ [] ");
  expect_request("GET http://other" + rest, "GET / {Host=h;}+ [] ");
  expect_request("GET http://other?b" + rest, "GET /?b {Host=h;}+ [] ");
  expect_request("OPTIONS *" + rest, "OPTIONS * {Host=h;}+ [] ");
  expect_request("CONNECT other:443" + rest, "OTHER other:443 {Host=h;}+ [] ");
}

TEST_F(Http1ParserTest, RefusesOtherTargets) {
  constexpr std::string_view kReason =
      "The request target is malformed: expected a path that starts with '/'";
  const std::string rest = " HTTP/1.1\r\nHost: h\r\n\r\n";
  expect_failure("GET a" + rest, 400, kReason);
  expect_failure("GET ?a" + rest, 400, kReason);
  expect_failure("GET http:/a" + rest, 400, kReason);
  expect_failure("GET " + rest, 400, kBadLine);
  expect_failure("GET /a b" + rest, 400, kBadLine);
  expect_failure(std::string("GET /\0a", 7) + rest, 400, kBadLine);
  expect_failure("GET /\x7F" + rest, 400, kBadLine);
  expect_failure("GET /\t" + rest, 400, kBadLine);
}

TEST_F(Http1ParserTest, HoldsTheGrammarOfTheRequestLine) {
  const std::string host = "Host: h\r\n\r\n";
  expect_request("brew-3!#$%&'*+.^_`|~ /p HTTP/1.1\r\n" + host, "OTHER /p {Host=h;}+ [] ");
  for (const std::string line :
       {"GET  / HTTP/1.1", " GET / HTTP/1.1", "GET\t/ HTTP/1.1", "GET / HTTP/1.1 ",
        "G(T / HTTP/1.1", "GET / HTTP/1", "GET / HTTP/1.", "GET / HTTP/11", "GET / http/1.1",
        "GET / HTTP /1.1", "GET / HTTP/1.1\rX", "/ HTTP/1.1", "GET"}) {
    expect_failure(line + "\r\n" + host, 400, kBadLine);
  }
  for (const std::string version : {"0.9", "1.2", "2.0", "9.9"}) {
    expect_failure("GET / HTTP/" + version + "\r\n" + host, 505,
                   "This HTTP version is not supported: use HTTP/1.1 or HTTP/1.0");
  }
  expect_request("\r\n\r\nGET / HTTP/1.1\r\n" + host, "GET / {Host=h;}+ [] ");
  expect_failure("\nGET / HTTP/1.1\r\n" + host, 400, kBadLine);
}

TEST_F(Http1ParserTest, HoldsTheGrammarOfHeaderFields) {
  expect_request(post("A:\r\nb: \t x y\t \r\nC!#$%&'*+-.^_`|~9:\"q\"\x80\xFF\r\n"),
                 "POST / {Host=h;A=;b=x y;C!#$%&'*+-.^_`|~9=\"q\"\x80\xFF;}+ [] ");
  for (const std::string line :
       {"A : b", ": b", "A b: c", "A", "A\tb: c", "(A): b", "A\x80: b", "A: b\x01", "A: b\x7F"}) {
    expect_failure(post(line + "\r\n"), 400, kBadField);
  }
  expect_failure(post(std::string("A: b\0c\r\n", 8)), 400, kBadField);
}

TEST_F(Http1ParserTest, RefusesFoldedFieldsAndBareLineEnds) {
  expect_failure(post("A: b\r\n c\r\n"), 400, kFolded);
  expect_failure(post("A: b\r\n\tc\r\n"), 400, kFolded);
  expect_failure(post("A:\r\n b\r\n"), 400, kFolded);
  expect_failure(post("Content-Length: 1\r\n 0\r\n"), 400, kBadLength);
  expect_failure("GET / HTTP/1.1\nHost: h\r\n\r\n", 400, kBareLf);
  expect_failure("GET / HTTP/1.1\r\nHost: h\n\r\n", 400, kBareLf);
  expect_failure("GET / HTTP/1.1\r\nHost: h\r\n\n", 400, kBareLf);
  expect_failure("GET / HTTP/1.1\r\nHost: h\r\nA: b\nC: d\r\n\r\n", 400, kBareLf);
  expect_failure("GET / HTTP/1.1\rHost: h\r\r\n\r\n", 400, kBadLine);
  expect_failure(post("A: b\rC: d\r\n"), 400, kBadChunk);
}

TEST_F(Http1ParserTest, NeedsOneHostIn11AndNoneIn10) {
  constexpr std::string_view kReason = "An HTTP/1.1 request needs exactly one Host header";
  expect_failure("GET / HTTP/1.1\r\n\r\n", 400, kReason);
  expect_failure("GET / HTTP/1.1\r\nHost: a\r\nhOST: a\r\n\r\n", 400, kReason);
  expect_failure("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, kReason);
  expect_request("GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / {Host=;}+ [] ");
  expect_request("GET / HTTP/1.0\r\n\r\n", "GET / {}1.0- [] ");
}

TEST_F(Http1ParserTest, KnowsWhenAConnectionIsKept) {
  expect_request("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
                 "GET / {Connection=Keep-Alive;}1.0+ [] ");
  expect_request("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, CLOSE\r\n\r\n",
                 "GET / {Host=h;Connection=x, CLOSE;}- [] ");
  expect_request("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab",
                 "POST / {Content-Length=2;}1.0- [ab] ");
}

// What one party takes for the end of a message another must not take for its middle.
TEST_F(Http1ParserTest, RefusesTwoFramingsOfOneBody) {
  expect_failure(post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400,
                 kTwoFramings);
  expect_failure(post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"), 400,
                 kBadLength);
  expect_failure(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400,
                 kTwoFramings);
  expect_failure(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), 400,
                 kTwoFramings);
  for (const std::string lengths :
       {"Content-Length: 3\r\nContent-Length: 5\r\n", "Content-Length: 3,5\r\n"}) {
    expect_failure(post(lengths, "abcde"), 400, "The Content-Length headers contradict each other");
  }
  expect_failure("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
                 "HTTP/1.0 knows no Transfer-Encoding");
}

TEST_F(Http1ParserTest, TakesALengthThatIsRepeatedInUnison) {
  expect_request(post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"),
                 "POST / {Host=h;Content-Length=3;Content-Length=3;}+ [abc] ");
}

TEST_F(Http1ParserTest, RefusesLengthsThatAreNoDecimalNumbers) {
  for (const std::string length : {"", "+3", "-3", "0x3", "3 3", "3,", "3;", "1e1", "\"3\"", "三",
                                   "18446744073709551616", "99999999999999999999999"}) {
    expect_failure(post("Content-Length: " + length + "\r\n", "abc"), 400, kBadLength);
  }
  expect_request(post("Content-Length: 0003\r\n", "abc"),
                 "POST / {Host=h;Content-Length=0003;}+ [abc] ");
  expect_failure(post("Content-Length: 18446744073709551615\r\n"), 413,
                 "The request body is too large");
}

TEST_F(Http1ParserTest, RefusesEveryCodingButChunked) {
  constexpr std::string_view kReason = "This Transfer-Encoding is not supported: only chunked is";
  for (const std::string coding :
       {"gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "xchunked", "chunked;q=1",
        "\"chunked\"", "identity", ",chunked", "chunked,", ""}) {
    expect_failure(post("Transfer-Encoding: " + coding + "\r\n", "0\r\n\r\n"), 501, kReason);
  }
  expect_request(post("Transfer-Encoding:\t CHUNKED \r\n", "0\r\n\r\n"),
                 "POST / {Host=h;Transfer-Encoding=CHUNKED;}+ [] ");
  expect_failure(post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400, kBadField);
  expect_failure(post("Transfer-Encoding\x0B: chunked\r\n", "0\r\n\r\n"), 400, kBadField);
}

TEST_F(Http1ParserTest, DecodesChunksExtensionsAndTrailers) {
  const std::string head = "POST / {Host=h;Transfer-Encoding=chunked;}+ ";
  expect_request(chunked("3\r\nabc\r\n0\r\n\r\n"), head + "[abc] ");
  expect_request(chunked("1\r\na\r\n01\r\nb\r\n00000000000000000000A\r\n0123456789\r\n000\r\n\r\n"),
                 head + "[ab0123456789] ");
  expect_request(chunked("a;x=y;z=\"q;\\\"\"\r\n0123456789\r\n0;e\r\n\r\n"),
                 head + "[0123456789] ");
  // A trailer is read over: what it says of identity must not be believed, and framing has no
  // place in it.
  expect_request(chunked("1\r\na\r\n0\r\nHost: evil\r\nX: y\r\n\r\n"), head + "[a] ");
  expect_failure(chunked("1\r\na\r\n0\r\nContent-Length: 9\r\n\r\n"), 400, kBadLength);
  expect_failure(chunked("1\r\na\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400, kTwoFramings);
  expect_request(chunked("0\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n"),
                 head + "[] GET /next {Host=h;}+ [] ");
}

TEST_F(Http1ParserTest, RefusesMalformedChunks) {
  for (const std::string body :
       {"x\r\n", "\r\n\r\n\r\n", " 3\r\nabc\r\n", "-1\r\nabc\r\n", "+3\r\nabc\r\n",
        "0x3\r\nabc\r\n", "3\r\nabcd\r\n0\r\n\r\n", "3\r\nab\r\n0\r\n\r\n", "3\nabc\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n", "3\rabc\r\n0\r\n\r\n", "3;\"\r\nabc\r\n", "3;a=\"b\r\nabc\r\n",
        "3 4\r\nabc\r\n", "3,4\r\nabc\r\n"}) {
    expect_failure(chunked(body + "0\r\n\r\n"), 400, kBadChunk);
  }
}

TEST_F(Http1ParserTest, RefusesChunkSizesThatOverflow) {
  expect_failure(chunked("FFFFFFFFFFFFFFFF\r\nabc"), 413, "The request body is too large");
  expect_failure(chunked("10000000000000000\r\nabc"), 400, kBadChunk);
  expect_failure(chunked("10000000000000003\r\nabc\r\n0\r\n\r\n"), 400, kBadChunk);
  expect_failure(chunked("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\r\nabc"), 400, kBadChunk);
  // The sum overflows, no single size does.
  expect_failure(chunked("1\r\na\r\nFFFFFFFFFFFFFFFF\r\nabc"), 413,
                 "The request body is too large");
}

TEST_F(Http1ParserTest, HoldsTheHeaderLimitAtTheByte) {
  const std::string line = "GET / HTTP/1.1\r\n";
  for (const size_t size : {limits_.header_bytes_max, limits_.header_bytes_max + 1}) {
    std::string header = line + "Host: h\r\nX: ";
    header.append(size - header.size() - 4, 'x').append("\r\n\r\n");
    ASSERT_EQ(header.size(), size);
    const Parsed parsed = parse(header);
    EXPECT_EQ(parsed.status, size > limits_.header_bytes_max ? 431 : 0) << size;
  }
  std::string endless = line + "X: ";
  endless.append(limits_.header_bytes_max - endless.size(), 'x');
  EXPECT_EQ(parse(endless).status, 0) << "the limit itself is not passed";
  EXPECT_EQ(parse(endless + "x").status, 431) << "no need to wait for the end of the header";
}

TEST_F(Http1ParserTest, HoldsTheLineLimitAtTheByte) {
  std::string line = "GET /" + std::string(limits_.header_bytes_max - 5, 'a');
  EXPECT_EQ(parse(line).status, 0);
  EXPECT_EQ(parse(line + "a").status, 414);
}

TEST_F(Http1ParserTest, HoldsTheBodyLimitAtTheByte) {
  limits_.body_bytes_max = 10;
  const std::string ten = "0123456789";
  expect_request(post("Content-Length: 10\r\n", ten),
                 "POST / {Host=h;Content-Length=10;}+ [" + ten + "] ");
  expect_failure(post("Content-Length: 11\r\n"), 413, "The request body is too large");
  expect_request(chunked("4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n"),
                 "POST / {Host=h;Transfer-Encoding=chunked;}+ [" + ten + "] ");
  expect_failure(chunked("4\r\n0123\r\n7\r\n"), 413, "The request body is too large");
}

TEST_F(Http1ParserTest, HoldsTheLimitOfChunkLinesAndTrailersAtTheByte) {
  limits_.header_bytes_max = 100;
  const auto ext = [](size_t line_size) {
    return "1;" + std::string(line_size - 4, 'e') + "\r\na\r\n0\r\n\r\n";
  };
  EXPECT_EQ(parse(chunked(ext(100))).status, 0);
  EXPECT_EQ(parse(chunked(ext(101))).status, 431);
  const auto trailer = [](size_t size) {
    return "0\r\nX: " + std::string(size - 10, 't') + "\r\n\r\n";
  };
  EXPECT_EQ(parse(chunked(trailer(100))).status, 0);
  EXPECT_EQ(parse(chunked(trailer(101))).status, 431);
}

TEST_F(Http1ParserTest, StopsAtTheMemoryBudget) {
  budget_bytes_ = 50'000;
  EXPECT_EQ(parse(post("Content-Length: 40000\r\n", std::string(40'000, 'a'))).status, 0);
  EXPECT_EQ(parse(post("Content-Length: 80000\r\n", std::string(80'000, 'a'))).status, 503);
}

// Every message cut at every pair of places: the outcome may not depend on it.
TEST_F(Http1ParserTest, IsTheSameWhereverTheBytesAreSplit) {
  limits_.header_bytes_max = 120;
  limits_.body_bytes_max = 40;
  const std::vector<std::string> inputs = {
      "\r\nGET http://h/a?b HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.0\r\n\r\n",
      post("Content-Length: 5\r\n", "hello") + post("Content-Length: 0\r\n"),
      chunked("5;a=\"b\"\r\nhello\r\n01\r\n \r\n0\r\nT: x\r\n\r\n") +
          post("Content-Length: 1\r\n", "x"),
      chunked("3\r\nabcd\r\n0\r\n\r\n"),
      chunked("3;a=\"b\r\nabc\r\n0\r\n\r\n"),
      post("A: b\r\n c\r\n"),
      post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      "GET / HTTP/1.1\r\nHost: h\nA: b\r\n\r\n",
      post("Content-Length: 41\r\n", std::string(41, 'x')),
      "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(90, 'x') + "\r\n\r\n",
      chunked("1;" + std::string(125, 'e') + "\r\na\r\n0\r\n\r\n"),
  };
  for (const std::string& bytes : inputs) {
    const Parsed whole = parse(bytes);
    for (size_t first = 1; first < bytes.size(); first++) {
      for (size_t second = first; second < bytes.size(); second++) {
        const Parsed pieces = parse(bytes, {first, second});
        ASSERT_EQ(pieces.text, whole.text) << bytes << "\ncut at " << first << ", " << second;
        ASSERT_EQ(pieces.status, whole.status) << bytes << "\ncut at " << first << ", " << second;
        ASSERT_EQ(pieces.reason, whole.reason) << bytes << "\ncut at " << first << ", " << second;
      }
    }
    std::vector<size_t> everywhere;
    for (size_t i = 1; i < bytes.size(); i++) everywhere.push_back(i);
    const Parsed single = parse(bytes, everywhere);
    EXPECT_EQ(single.text, whole.text) << bytes;
    EXPECT_EQ(single.reason, whole.reason) << bytes;
  }
}

}  // namespace
}  // namespace slipway::transport
