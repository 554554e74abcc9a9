#include "protocols/internal/urgency.h"

#include <deque>

#include "protocols/service_harness_test.h"
#include "serving/gated_model_test.h"
#include "serving/inference_pool.h"

namespace slipway::protocols {
namespace {

using std::chrono::milliseconds;

TEST(Urgency, OnlyBringsADeadlineNearer) {
  const SteadyTime now = std::chrono::steady_clock::now();
  serving::InferRequest request;
  apply({}, now, request);
  EXPECT_EQ(request.deadline, SteadyTime::max());
  apply({.timeout_us = 5000, .priority = 3}, now, request);
  EXPECT_EQ(request.deadline, now + milliseconds(5));
  EXPECT_EQ(request.priority, 3U);
  apply({.timeout_us = 9000}, now, request);
  EXPECT_EQ(request.deadline, now + milliseconds(5));
  apply_timeout_header("2", now, request);
  EXPECT_EQ(request.deadline, now + milliseconds(2));
  for (const char* text : {"", "0", "-1", "1s", "1.5", "99999999999999999999", "9999999999999"}) {
    apply_timeout_header(text, now, request);
    EXPECT_EQ(request.deadline, now + milliseconds(2)) << text;
  }
  serving::InferRequest patient;
  apply({.timeout_us = UINT64_MAX}, now, patient);
  EXPECT_EQ(patient.deadline, SteadyTime::max());
}

TEST(Urgency, KnowsTheLevelsOfPriority) {
  EXPECT_EQ(known_priority(1), 1U);
  EXPECT_EQ(known_priority(serving::kPriorityLevels), serving::kPriorityLevels);
  EXPECT_EQ(known_priority(serving::kPriorityLevels + 1), 0U);
  EXPECT_EQ(known_priority(UINT64_MAX), 0U);
}

TEST(Urgency, RetriesInWholeSecondsFromOneOn) {
  serving::InferResponse response;
  EXPECT_EQ(retry_after(response), "");
  response.retry_after_seconds = 0.001;
  EXPECT_EQ(retry_after(response), "1");
  response.retry_after_seconds = 2.1;
  EXPECT_EQ(retry_after(response), "3");
  response.retry_after_seconds = 1e9;
  EXPECT_EQ(retry_after(response), "3600");
}

TEST(Urgency, TellsWhereTheTimeWent) {
  const SteadyTime received{std::chrono::hours(1)};
  serving::InferResponse response;
  EXPECT_EQ(server_timing(received, response, received + milliseconds(2)), "total;dur=2.000");
  response.begun = received + milliseconds(1);
  response.queue_seconds = 0.002;
  response.batch_seconds = 0.003;
  response.compute_seconds = 0.004;
  response.ended = received + milliseconds(10);
  EXPECT_EQ(server_timing(received, response, received + milliseconds(15)),
            "parse;dur=1.000, queue;dur=2.000, batch;dur=3.000, compute;dur=4.000, "
            "serialize;dur=5.000, total;dur=15.000");
}

/// A model that computes when it is told to, behind a pool of one thread.
class UrgencyTest : public ServiceHarness {
 protected:
  void start_with(const serving::AdmissionSettings& settings) {
    ServiceOptions options;
    options.inference.inline_seconds_max = 0;
    serving::InferencePool::Options pool;
    pool.settings = settings;
    start(options, std::make_shared<serving::InferencePool>(pool));
    model_->open();  // it is warmed
    serve({{"gated", model_}});
    model_->close();
  }
  ~UrgencyTest() override {
    model_->open();
    for (FakeExchange& exchange : exchanges_) exchange.wait();
    service_.reset();
  }
  /// Posts so many rows; the answer comes later.
  FakeExchange& begin(size_t rows, const std::string& parameters = "{}",
                      std::span<const transport::HttpHeader> headers = {}) {
    std::string data = "1";
    for (size_t i = 1; i < rows; ++i) data += ",1";
    const std::string count = std::to_string(rows);
    bodies_.push_back(R"({"parameters":)" + parameters +
                      R"(,"inputs":[{"name":"x","datatype":"FP64","shape":[)" + count +
                      R"(,1],"data":[)" + data + "]}]}");
    FakeExchange& exchange = exchanges_.emplace_back();
    exchange.prepare(transport::HttpMethod::kPost, "/v2/models/gated/infer", bodies_.back(),
                     headers);
    service_->handle(exchange);
    return exchange;
  }

  std::shared_ptr<serving::GatedModel> model_ = std::make_shared<serving::GatedModel>();
  std::deque<std::string> bodies_;
  std::deque<FakeExchange> exchanges_;
};

TEST_F(UrgencyTest, AFullQueueSaysWhenToTryAgain) {
  serving::AdmissionSettings settings;
  settings.queue.requests_max = 1;
  start_with(settings);
  FakeExchange& running = begin(1);
  model_->wait_entered();
  FakeExchange& waiting = begin(1);
  FakeExchange& refused = begin(1);
  refused.wait();
  EXPECT_EQ(refused.response().status, 429);
  EXPECT_EQ(refused.answered_header("Retry-After"), "1");
  EXPECT_EQ(refused.response().body, R"({"error":"the inference queue is full; try again later"})");
  model_->open();
  running.wait();
  waiting.wait();
  EXPECT_EQ(waiting.response().status, 200);
  EXPECT_EQ(waiting.answered_header("Retry-After"), "");
}

TEST_F(UrgencyTest, AnUrgentRequestIsRunFirst) {
  serving::AdmissionSettings settings;
  settings.batch.rows_max = 1;
  start_with(settings);
  begin(1);
  model_->wait_entered();
  begin(2, R"({"priority":9})");
  begin(3);
  begin(4, R"({"priority":1})");
  model_->open();
  for (FakeExchange& exchange : exchanges_) exchange.wait();
  EXPECT_EQ(model_->rows(), (std::vector<size_t>{1, 4, 3, 2}));
}

TEST_F(UrgencyTest, WhatTimesOutIsAnsweredWithoutBeingRun) {
  start_with({});
  begin(1);
  model_->wait_entered();
  FakeExchange& late = begin(2, R"({"timeout":1})");
  late.wait();
  EXPECT_EQ(late.response().status, 504);
  const transport::HttpHeader header{"X-Envoy-Expected-Rq-Timeout-Ms", "1"};
  FakeExchange& proxied = begin(3, "{}", {&header, 1});
  proxied.wait();
  EXPECT_EQ(proxied.response().status, 504);
  model_->open();
  exchanges_[0].wait();
  EXPECT_EQ(model_->rows(), (std::vector<size_t>{1}));
}

TEST_F(UrgencyTest, WhatNobodyWaitsForIsNotRun) {
  start_with({});
  begin(1);
  model_->wait_entered();
  FakeExchange& left = begin(2);
  left.cancel();
  FakeExchange& stays = begin(3);
  model_->open();
  left.wait();
  stays.wait();
  EXPECT_EQ(left.response().status, 499);
  EXPECT_EQ(stays.response().status, 200);
  exchanges_[0].wait();
  EXPECT_EQ(model_->rows(), (std::vector<size_t>{1, 3}));
}

TEST_F(UrgencyTest, RefusesParametersThatAreNoNumbers) {
  serve_iris();
  const std::string inputs =
      R"("inputs":[{"name":"x","datatype":"FP64","shape":[1,4],"data":[1,2,3,4]}]})";
  for (const char* value : {"-1", "1.5", "\"5\"", "true", "null", "[1]", "1e30"}) {
    for (const char* name : {"timeout", "priority"}) {
      post("/v2/models/iris/infer",
           std::string("{\"parameters\":{\"") + name + "\":" + value + "}," + inputs);
      EXPECT_EQ(status(), 400) << name << value;
      EXPECT_NE(exchange_.response().body.find("expected a whole number"), std::string::npos)
          << exchange_.response().body;
    }
  }
  post("/v2/models/iris/infer",
       R"({"parameters":{"timeout":1,"priority":99,"other":-1},)" + inputs);
  EXPECT_EQ(status(), 200);  // what runs on the loop does not wait
}

TEST_F(UrgencyTest, TheTimingIsToldToThoseWhoAsk) {
  serve_iris();
  post("/predict", "[1,2,3,4]");
  EXPECT_EQ(exchange_.answered_header("Server-Timing"), "");
  transport::HttpHeader header{"X-Slipway-Timing", "0"};
  post("/predict", "[1,2,3,4]", {&header, 1});
  EXPECT_EQ(exchange_.answered_header("Server-Timing"), "");
  header.value = "1";
  post("/predict", "[1,2,3,4]", {&header, 1});
  const std::string_view timing = exchange_.answered_header("Server-Timing");
  for (const char* part :
       {"parse;dur=", "queue;dur=", "batch;dur=", "compute;dur=", "serialize;dur=", "total;dur="}) {
    EXPECT_NE(timing.find(part), std::string_view::npos) << timing;
  }
  post("/predict", "nonsense", {&header, 1});
  EXPECT_TRUE(exchange_.answered_header("Server-Timing").starts_with("total;dur="));
  start_with({});
  model_->open();
  FakeExchange& deferred = begin(1, "{}", {&header, 1});
  deferred.wait();
  EXPECT_TRUE(deferred.answered_header("Server-Timing").starts_with("parse;dur="));
}

}  // namespace
}  // namespace slipway::protocols
