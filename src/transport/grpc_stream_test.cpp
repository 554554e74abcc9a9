#include "transport/internal/grpc_stream.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "transport/http2_driver_test.h"

namespace slipway::transport {
namespace {

using std::chrono::milliseconds;
using Fields = Http2Client::Fields;

std::string frame(std::string_view message, char flag = 0) {
  std::string bytes(1, flag);
  for (const size_t shift : {24U, 16U, 8U, 0U}) bytes += static_cast<char>(message.size() >> shift);
  return bytes.append(message);
}

/// What a streaming call has seen.
struct Seen {
  std::vector<std::string> events;
  std::shared_ptr<GrpcCall> call;
  bool echoes = false;
  bool holds = false;
  int writable = 0;  // times that on_writable() came
};

class RecordingCall final : public GrpcCallHandler {
 public:
  explicit RecordingCall(Seen& seen) : seen_(seen) {}
  ~RecordingCall() override { seen_.events.emplace_back("destroyed"); }
  bool on_message(std::string_view message) override {
    if (message == "throw") throw std::runtime_error("no");
    seen_.events.emplace_back(message.substr(0, 20));
    if (seen_.echoes) seen_.call->send("echo " + std::string(message));
    return !seen_.holds;
  }
  void on_end() override {
    seen_.events.emplace_back("end");
    if (seen_.echoes) seen_.call->finish(Status(), {{"total", "all"}});
  }
  void on_writable() override { seen_.writable++; }
  void on_cancel() override { seen_.events.emplace_back("cancel"); }

 private:
  Seen& seen_;
};

class Service final : public GrpcHandler {
 public:
  Method method(std::string_view path, uint32_t) const override {
    if (path.starts_with("/s/Stream")) return Method::kStreaming;
    return path.starts_with("/s/") ? Method::kUnary : Method::kUnknown;
  }
  void handle(GrpcExchange& exchange) override {
    calls++;
    deadline = exchange.request().deadline;
    GrpcAnswer& answer = exchange.answer();
    const std::string_view path = exchange.request().path;
    if (path == "/s/Throw") throw std::runtime_error("no");
    if (path == "/s/Fail") {
      answer.message = "must not be seen";
      answer.status = Status(StatusCode::kInvalidArgument, "50% \xC3\xBC\nx");
      answer.trailing_metadata = {{"Detail-BIN", "AAE="}};
    } else if (path == "/s/Defer") {
      deferred = &exchange;
      done = exchange.defer();
    } else if (path == "/s/Meta") {
      answer.message = exchange.request().field("X-Ask");
      answer.initial_metadata = {{"first", " a\r\n"}};
      answer.trailing_metadata = {{"last", "z"}};
    } else if (path == "/s/Large") {
      answer.message.assign(3'000'000, 'l');
    } else {
      answer.message = "got " + std::string(exchange.message());
    }
  }
  std::unique_ptr<GrpcCallHandler> open(std::shared_ptr<GrpcCall> call) override {
    if (call->request().path == "/s/StreamThrow") throw std::runtime_error("no");
    seen.call = std::move(call);
    return std::make_unique<RecordingCall>(seen);
  }

  Seen seen;
  int calls = 0;
  SteadyTime deadline;
  GrpcExchange* deferred = nullptr;
  std::function<void()> done;
};

class NoHttp final : public HttpHandler {
 public:
  void handle(HttpExchange& exchange) override { exchange.response().status = 404; }
};

class GrpcStreamTest : public testing::Test {
 protected:
  Http2Driver& driver() {
    if (!driver_) driver_ = std::make_unique<Http2Driver>(options_, http_, &service_);
    return *driver_;
  }
  void exchange() { driver().exchange(client_); }
  static Fields fields(const Fields& further = {}) {
    Fields all = {{"content-type", "application/grpc+proto"}, {"te", "trailers"}};
    all.insert(all.end(), further.begin(), further.end());
    return all;
  }
  const Http2Client::Answer& call(std::string_view path, std::string_view body,
                                  const Fields& further = {}) {
    const int32_t id = client_.request("POST", path, fields(further), body);
    exchange();
    return client_.answer(id);
  }
  int32_t open(std::string_view path, const Fields& further = {}) {
    const int32_t id = client_.request("POST", path, fields(further), "", true);
    exchange();
    return id;
  }
  /// A failure before any message: one block of headers, no body.
  static void expect_failure(const Http2Client::Answer& answer, std::string_view code,
                             std::string_view message) {
    EXPECT_EQ(answer.field(":status"), "200");
    EXPECT_EQ(answer.field("content-type"), "application/grpc");
    EXPECT_EQ(answer.field("grpc-status"), code);
    EXPECT_EQ(answer.field("grpc-message"), message);
    EXPECT_EQ(answer.body, "");
    EXPECT_TRUE(answer.trailers.empty());
    EXPECT_TRUE(answer.closed);
  }

  ServerOptions options_;
  Service service_;
  NoHttp http_;
  Http2Client client_;
  std::unique_ptr<Http2Driver> driver_;
};

TEST_F(GrpcStreamTest, AnswersAUnaryCall) {
  const auto& answer = call("/s/Echo", frame("abc"));
  EXPECT_EQ(answer.field(":status"), "200");
  EXPECT_EQ(answer.field("content-type"), "application/grpc");
  EXPECT_EQ(answer.field("grpc-accept-encoding"), "identity,deflate,gzip");
  EXPECT_EQ(answer.field("grpc-encoding"), "absent");
  EXPECT_EQ(answer.body, frame("got abc"));
  EXPECT_EQ(answer.trailer("grpc-status"), "0");
  EXPECT_EQ(answer.trailer("grpc-message"), "absent");
  EXPECT_TRUE(answer.closed);
  EXPECT_EQ(answer.error, 0U);
  EXPECT_EQ(call("/s/Echo", frame("")).body, frame("got "));
  EXPECT_TRUE(driver().session().idle());
}

TEST_F(GrpcStreamTest, PassesMetadataBothWays) {
  const auto& answer = call("/s/Meta", frame(""), {{"x-ask", "value"}});
  EXPECT_EQ(answer.body, frame("value"));
  EXPECT_EQ(answer.field("first"), "a");
  EXPECT_EQ(answer.trailer("last"), "z");
}

TEST_F(GrpcStreamTest, TellsAFailureInTrailersOnly) {
  const auto& answer = call("/s/Fail", frame("abc"));
  expect_failure(answer, "3", "50%25 %C3%BC%0Ax");
  EXPECT_EQ(answer.field("detail-bin"), "AAE=");
  expect_failure(call("/s/Throw", frame("abc")), "13", "the request failed inside the server");
  expect_failure(call("/other/Method", frame("abc")), "12", "unknown method: /other/Method");
}

TEST_F(GrpcStreamTest, RefusesMalformedRequests) {
  expect_failure(call("/s/Echo", ""), "12", "expected exactly one message, got none");
  expect_failure(call("/s/Echo", frame("a") + frame("b")), "12",
                 "expected exactly one message, got more");
  expect_failure(call("/s/Echo", frame("abc").substr(0, 7)), "13",
                 "the request ends inside a message");
  expect_failure(call("/s/Echo", frame("abc", 3)), "13",
                 "a message's compression flag is malformed: 3");
  expect_failure(call("/s/Echo", frame("a"), {{"grpc-timeout", "soon"}}), "13",
                 "grpc-timeout is malformed: soon");
  const auto& coding = call("/s/Echo", frame("a"), {{"grpc-encoding", "snappy"}});
  EXPECT_EQ(coding.field("grpc-status"), "12");
  const int32_t get = client_.request("GET", "/s/Echo", fields());
  exchange();
  EXPECT_EQ(client_.answer(get).field("grpc-status"), "12");
  EXPECT_EQ(service_.calls, 0);
}

TEST_F(GrpcStreamTest, HoldsTheLimitOfAMessage) {
  options_.body_bytes_max = 1000;
  EXPECT_EQ(call("/s/Echo", frame(std::string(1000, 'x'))).trailer("grpc-status"), "0");
  expect_failure(call("/s/Echo", frame(std::string(1001, 'x'))), "8",
                 "the message is too large: 1000 bytes are allowed");
  std::string bomb(500'000, 'x');
  ContentCoder coder;
  ASSERT_TRUE(coder.gzip(bomb));
  bomb.resize(bomb.size());
  options_.body_bytes_max = 1000;
  EXPECT_EQ(call("/s/Echo", frame(bomb, 1), {{"grpc-encoding", "gzip"}}).field("grpc-status"), "8");
}

TEST_F(GrpcStreamTest, SpeaksGzip) {
  std::string packed(5000, 'p');
  ContentCoder coder;
  ASSERT_TRUE(coder.gzip(packed));
  const auto& answer = call("/s/Echo", frame(packed, 1),
                            {{"grpc-encoding", "gzip"}, {"grpc-accept-encoding", "gzip"}});
  EXPECT_EQ(answer.field("grpc-encoding"), "gzip");
  ASSERT_GT(answer.body.size(), 5U);
  EXPECT_EQ(answer.body[0], 1);
  std::string plain;
  ASSERT_EQ(coder.decode("gzip", std::string_view(answer.body).substr(5), 1 << 20, plain),
            DecodeResult::kOk);
  EXPECT_EQ(plain, "got " + std::string(5000, 'p'));
  // A client that names no coding it accepts gets none.
  EXPECT_EQ(call("/s/Echo", frame(packed, 1), {{"grpc-encoding", "gzip"}}).body,
            frame("got " + std::string(5000, 'p')));
}

TEST_F(GrpcStreamTest, MovesLargeMessages) {
  EXPECT_TRUE(call("/s/Large", frame("")).body == frame(std::string(3'000'000, 'l')));
  const std::string message(5'000'000, 'm');
  EXPECT_TRUE(call("/s/Echo", frame(message)).body == frame("got " + message));
}

TEST_F(GrpcStreamTest, PassesTheDeadlineOnAndEnforcesIt) {
  call("/s/Echo", frame("a"));
  EXPECT_EQ(service_.deadline, SteadyTime::max());
  const int32_t id =
      client_.request("POST", "/s/Defer", fields({{"grpc-timeout", "2S"}}), frame(""));
  exchange();
  EXPECT_EQ(service_.deadline - service_.deferred->request().received, std::chrono::seconds(2));
  driver().pass(milliseconds(1900));
  exchange();
  EXPECT_FALSE(client_.answer(id).closed);
  EXPECT_FALSE(service_.deferred->cancelled());
  driver().pass(milliseconds(300));
  exchange();
  expect_failure(client_.answer(id), "4", "the deadline has passed");
  EXPECT_TRUE(service_.deferred->cancelled());
  service_.deferred->answer().message = "too late";
  driver().complete();
  exchange();
  EXPECT_EQ(call("/s/Echo", frame("a")).body, frame("got a"));
  const int calls = service_.calls;
  expect_failure(call("/s/Echo", frame("a"), {{"grpc-timeout", "0n"}}), "4",
                 "the deadline has passed");
  EXPECT_EQ(service_.calls, calls) << "nobody would wait for it";
}

TEST_F(GrpcStreamTest, CompletesDeferredCallsAndTellsCancelledOnes) {
  const int32_t id = client_.request("POST", "/s/Defer", fields(), frame("x"));
  exchange();
  EXPECT_EQ(service_.deferred->message(), "x");
  service_.deferred->answer().message = "late";
  driver().complete();
  exchange();
  EXPECT_EQ(client_.answer(id).body, frame("late"));
  const int32_t cancelled = client_.request("POST", "/s/Defer", fields(), frame("y"));
  exchange();
  client_.reset(cancelled);
  exchange();
  EXPECT_TRUE(service_.deferred->cancelled());
  EXPECT_EQ(service_.deferred->message(), "y");
  driver().complete();
  EXPECT_TRUE(driver().session().idle());
}

TEST_F(GrpcStreamTest, AnswersAnAbandonedCall) {
  const int32_t id = client_.request("POST", "/s/Defer", fields(), frame("x"));
  exchange();
  driver().abandon();
  exchange();
  expect_failure(client_.answer(id), "13", "the request was given up inside the server");
}

TEST_F(GrpcStreamTest, StreamsBothWays) {
  service_.seen.echoes = true;
  const int32_t id = open("/s/Stream");
  EXPECT_TRUE(client_.answer(id).headers.empty()) << "nothing has been said yet";
  client_.send(id, frame("one") + frame("two").substr(0, 4));
  exchange();
  driver().wake();
  exchange();
  EXPECT_EQ(client_.answer(id).body, frame("echo one"));
  client_.send(id, frame("two").substr(4), true);
  exchange();
  driver().wake();
  exchange();
  EXPECT_EQ(client_.answer(id).body, frame("echo one") + frame("echo two"));
  EXPECT_EQ(client_.answer(id).trailer("grpc-status"), "0");
  EXPECT_EQ(client_.answer(id).trailer("total"), "all");
  EXPECT_TRUE(client_.answer(id).closed);
  EXPECT_EQ(service_.seen.events, (std::vector<std::string>{"one", "two", "end", "destroyed"}));
  EXPECT_TRUE(service_.seen.call->over());
  EXPECT_FALSE(service_.seen.call->send("more"));
  EXPECT_TRUE(driver().session().idle());
}

TEST_F(GrpcStreamTest, ServerMaySpeakFirstAndEndFirst) {
  const int32_t id = open("/s/Stream");
  service_.seen.call->send("hello");
  driver().wake();
  exchange();
  EXPECT_EQ(client_.answer(id).body, frame("hello"));
  service_.seen.call->finish(Status(StatusCode::kUnavailable, "closing"), {});
  driver().wake();
  exchange();
  EXPECT_EQ(client_.answer(id).trailer("grpc-status"), "14");
  EXPECT_EQ(client_.answer(id).trailer("grpc-message"), "closing");
  EXPECT_TRUE(client_.answer(id).closed);
  EXPECT_EQ(service_.seen.events, std::vector<std::string>{"destroyed"});
}

TEST_F(GrpcStreamTest, TellsAFailureOfAStreamInTrailersOnlyIfNothingWasSent) {
  const int32_t id = open("/s/Stream");
  service_.seen.call->finish(Status(StatusCode::kNotFound, "no"), {});
  driver().wake();
  exchange();
  expect_failure(client_.answer(id), "5", "no");
  expect_failure(call("/s/StreamThrow", frame("a")), "13", "the request failed inside the server");
}

TEST_F(GrpcStreamTest, TellsAStreamThatItIsCancelled) {
  const int32_t reset = open("/s/Stream");
  client_.reset(reset);
  exchange();
  EXPECT_EQ(service_.seen.events, (std::vector<std::string>{"cancel", "destroyed"}));
  EXPECT_FALSE(service_.seen.call->send("x"));
  service_.seen.events.clear();
  const int32_t late = open("/s/Stream", {{"grpc-timeout", "1S"}});
  driver().pass(milliseconds(1300));
  exchange();
  expect_failure(client_.answer(late), "4", "the deadline has passed");
  EXPECT_EQ(service_.seen.events, (std::vector<std::string>{"cancel", "destroyed"}));
  service_.seen.events.clear();
  open("/s/Stream");
  driver().session().on_peer_gone();
  EXPECT_EQ(service_.seen.events, (std::vector<std::string>{"cancel", "destroyed"}));
  EXPECT_TRUE(service_.seen.call->over());
}

TEST_F(GrpcStreamTest, EndsAStreamWhoseMessagesAreMalformedOrWhoseHandlerThrows) {
  const int32_t bad = open("/s/Stream");
  client_.send(bad, frame("ok") + frame("x", 7));
  exchange();
  EXPECT_EQ(client_.answer(bad).field("grpc-status"), "13");
  EXPECT_EQ(service_.seen.events, (std::vector<std::string>{"ok", "cancel", "destroyed"}));
  const int32_t throws = open("/s/Stream");
  client_.send(throws, frame("throw"));
  exchange();
  expect_failure(client_.answer(throws), "13", "the request failed inside the server");
  const int32_t cut = open("/s/Stream");
  client_.send(cut, frame("abc").substr(0, 6), true);
  exchange();
  EXPECT_EQ(client_.answer(cut).field("grpc-status"), "13");
}

TEST_F(GrpcStreamTest, HoldsAClientBackWhileItsServiceDoes) {
  service_.seen.holds = true;
  const int32_t id = open("/s/Stream");
  const std::string message(100'000, 'm');
  std::string all;
  for (int i = 0; i < 50; i++) all += frame(message);
  client_.send(id, all, true);
  exchange();
  EXPECT_EQ(service_.seen.events.size(), 1U);
  EXPECT_LE(driver().loop().budget.used(), 4U << 20) << "the window bounds what waits";
  for (int i = 1; i < 50; i++) {
    service_.seen.call->resume();
    driver().wake();
    exchange();
    ASSERT_EQ(service_.seen.events.size(), static_cast<size_t>(i + 1));
  }
  service_.seen.call->resume();
  driver().wake();
  exchange();
  EXPECT_EQ(service_.seen.events.back(), "end");
}

TEST_F(GrpcStreamTest, GivesTheConnectionsWindowBackForCallsThatEndUndelivered) {
  service_.seen.holds = true;
  for (int i = 0; i < 10; i++) {
    const int32_t id = open("/s/Stream");
    client_.send(id, frame("first") + frame(std::string(900'000, 'w')));
    exchange();
    client_.reset(id);
    exchange();
  }
  const std::string message(5'000'000, 'm');
  EXPECT_TRUE(call("/s/Echo", frame(message)).body == frame("got " + message));
}

TEST_F(GrpcStreamTest, QueuesWhatAClientDoesNotTake) {
  Http2Client slow({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1000}}, false);
  const int32_t id = slow.request("POST", "/s/Stream", fields(), "", true);
  driver().exchange(slow);
  for (int i = 0; i < 100; i++) service_.seen.call->send(std::string(10'000, 'q'));
  driver().wake();
  driver().exchange(slow);
  EXPECT_EQ(slow.answer(id).body.size(), 1000U);
  EXPECT_GT(service_.seen.call->queued_bytes(), 900'000U);
  slow.open_window(id, 2'000'000);
  driver().exchange(slow);
  EXPECT_EQ(slow.answer(id).body.size(), 100 * 10'005U);
  EXPECT_EQ(service_.seen.call->queued_bytes(), 0U);
}

TEST_F(GrpcStreamTest, TellsThatALargeMessageIsOnItsWay) {
  const int32_t stream = client_.request("POST", "/s/Stream", fields(), "", false);
  exchange();
  for (int i = 1; i <= 3; ++i) {
    service_.seen.call->send(std::string(200'000, 'x'));
    driver().wake();
    exchange();
    EXPECT_EQ(service_.seen.writable, i) << "its end was taken when there was no further message";
  }
  EXPECT_EQ(client_.answer(stream).body.size(), 3 * (200'000 + kGrpcPrefixBytes));
}

TEST_F(GrpcStreamTest, LeavesOtherRequestsToHttp) {
  const int32_t id =
      client_.request("POST", "/s/Echo", {{"content-type", "application/json"}}, "{}");
  exchange();
  EXPECT_EQ(client_.answer(id).field(":status"), "404");
  EXPECT_EQ(service_.calls, 0);
}

TEST_F(GrpcStreamTest, TakesNoGrpcWithoutAService) {
  driver_ = std::make_unique<Http2Driver>(options_, http_);
  EXPECT_EQ(call("/s/Echo", frame("a")).field(":status"), "404");
}

}  // namespace
}  // namespace slipway::transport
