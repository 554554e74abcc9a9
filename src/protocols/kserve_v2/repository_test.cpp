// The repository extension: who may call what, what is asked of the control, what is answered.
#include <gtest/gtest.h>

#include "base/json_escape.h"
#include "protocols/kserve_v2/fake_control_test.h"
#include "protocols/service_harness_test.h"

namespace slipway::protocols {
namespace {

using serving::VersionState;
using transport::HttpHeader;

class KserveRepository : public ServiceHarness {
 protected:
  KserveRepository() {
    ServiceOptions options;
    options.admin_token = "s3cret";
    start(options, nullptr);
    service_->set_control(&control_);
  }
  const std::string& post_as(std::string_view authorization, std::string_view target,
                             std::string_view body = {}) {
    const HttpHeader headers[] = {{"Authorization", authorization}};
    return post(target, body, headers);
  }
  const std::string& post_to_admin(std::string_view target, std::span<const HttpHeader> headers) {
    exchange_.prepare(transport::HttpMethod::kPost, target, {}, headers);
    service_->admin_handler(true).handle(exchange_);
    exchange_.wait();
    return exchange_.response().body;
  }

  FakeControl control_;
};

constexpr std::string_view kLoad = "/v2/repository/models/iris/load";
constexpr std::string_view kUnload = "/v2/repository/models/iris/unload";

TEST_F(KserveRepository, AnswersTheIndexToEverybody) {
  control_.statuses = {
      {"iris", "1", "", {}, VersionState::kAvailable, ""},
      {"iris", "2", "", invalid_argument("cut off"), VersionState::kEnd, "could not be loaded"},
      {"wine", "", "", {}, VersionState::kEnd, "no version of it is there"}};
  EXPECT_EQ(post("/v2/repository/index", ""),
            R"([{"name":"iris","version":"1","state":"READY","reason":""},)"
            R"({"name":"iris","version":"2","state":"UNAVAILABLE","reason":"cut off"},)"
            R"({"name":"wine","state":"UNAVAILABLE","reason":"no version of it is there"}])");
  EXPECT_EQ(post("/v2/repository/index", R"({"ready":true})"),
            R"([{"name":"iris","version":"1","state":"READY","reason":""}])");
  post("/v2/repository/index", R"({"ready":5})");
  EXPECT_EQ(status(), 400);
  post("/v2/repository/index", "[");
  EXPECT_EQ(status(), 400);
}

TEST_F(KserveRepository, ChangesNothingWithoutTheToken) {
  for (const std::string_view target : {kLoad, kUnload}) {
    post(target, "{}");
    EXPECT_EQ(status(), 403);
    for (const std::string_view authorization :
         {"", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3crets", "Basic s3cret", "s3cret"}) {
      post_as(authorization, target);
      EXPECT_EQ(status(), 403) << authorization;
    }
  }
  EXPECT_TRUE(control_.calls.empty());
}

TEST_F(KserveRepository, TakesNoTokenIfNoneIsSet) {
  start({}, nullptr);
  service_->set_control(&control_);
  post_as("Bearer ", kLoad);
  EXPECT_EQ(status(), 403);
}

TEST_F(KserveRepository, LoadsAndUnloadsWithTheToken) {
  EXPECT_EQ(post_as("Bearer s3cret", kLoad, "{}"), "{}");
  EXPECT_EQ(status(), 200);
  EXPECT_TRUE(exchange_.deferred());
  post_as("bearer s3cret", kUnload, R"({"parameters":{"unload_dependents":false}})");
  EXPECT_EQ(status(), 200);
  EXPECT_EQ(control_.calls, (std::vector<std::string>{"load iris", "unload iris"}));
  post_as("Bearer s3cret", "/v2/repository/models/a%20b/load");
  EXPECT_EQ(control_.calls.back(), "load a b");
}

TEST_F(KserveRepository, TellsWhyAModelCouldNotBeLoaded) {
  control_.outcome = invalid_argument("version 2: cut off");
  EXPECT_EQ(post_as("Bearer s3cret", kLoad), R"({"error":"version 2: cut off"})");
  EXPECT_EQ(status(), 400);
  control_.outcome = not_found("no such model");
  post_as("Bearer s3cret", kLoad);
  EXPECT_EQ(status(), 404);
}

TEST_F(KserveRepository, TakesTheFilesOfAModel) {
  post_as("Bearer s3cret", kLoad,
          R"({"parameters":{"file:1/model.pkl":"YWI=","file:1/x":"",)"
          R"("config":"{\"backend\":\"sklearn\",\"input\":[{\"name\":\"x\"}],)"
          R"(\"version_policy\":{\"all\":{}}}"}})");
  EXPECT_EQ(status(), 200) << exchange_.response().body;
  EXPECT_EQ(control_.calls, (std::vector<std::string>{"load_files iris 1/model.pkl=ab 1/x="}));
  ASSERT_TRUE(control_.last_overrides.policy.has_value());
  EXPECT_EQ(control_.last_overrides.policy->kind, serving::VersionPolicy::Kind::kAll);
}

TEST_F(KserveRepository, RefusesFilesThatCannotBeAModel) {
  const std::pair<std::string, std::string> kBad[] = {
      {R"({"file:1/a":"YQ=="})", "Load parameter 'config' must be specified"},
      {R"({"file:1/a":"!","config":"{}"})", "expected the file's bytes as base64"},
      {R"({"file:1/a":5,"config":"{}"})", "expected a text"},
      {R"({"file:1/a":"YQ==","config":"{}","url":"https://a.example/b"})", "not both"},
      {R"({"file:1/a":"YQ==","config":"{\"name\":\"rose\"}"})", "another model's"},
      {R"({"file:1/a":"YQ==","config":"{\"ensemble_scheduling\":{\"step\":[1]}}"})", "ensemble"},
      {R"({"file:1/a":"YQ==","config":"{"})", "config override"}};
  for (const auto& [parameters, message] : kBad) {
    post_as("Bearer s3cret", kLoad, "{\"parameters\":" + parameters + "}");
    EXPECT_EQ(status(), 400) << parameters;
    EXPECT_NE(exchange_.response().body.find(message), std::string::npos)
        << exchange_.response().body;
  }
  post("/v2/repository/models/iris/load", R"({"parameters":{"file:1/a":"YQ==","config":"{}"}})");
  EXPECT_EQ(status(), 403);
  EXPECT_TRUE(control_.calls.empty());
}

TEST_F(KserveRepository, RefusesParametersThatItDoesNotKnow) {
  post_as("Bearer s3cret", kLoad, R"({"parameters":5})");
  EXPECT_EQ(status(), 400);
  post_as("Bearer s3cret", kLoad, R"({"parameters":{"other":"x"}})");
  EXPECT_EQ(status(), 400);
  EXPECT_TRUE(control_.calls.empty());
}

TEST_F(KserveRepository, TakesTheSettingsOfAConfiguration) {
  serve_iris();
  post_as(
      "Bearer s3cret", kLoad,
      R"x({"parameters":{"config":"{\"version_policy\":{\"all\":{}},\"dynamic_batching\":{)x"
      R"x(\"max_queue_delay_microseconds\":50,\"preferred_batch_size\":[4,8],)x"
      R"x(\"default_queue_policy\":{\"max_queue_size\":9,\"default_timeout_microseconds\":70}},)x"
      R"x(\"parameters\":{\"joined_rows_max\":{\"string_value\":\"32\"}}}"}})x");
  EXPECT_EQ(status(), 200) << exchange_.response().body;
  ASSERT_EQ(control_.calls.size(), 1U);
  EXPECT_EQ(control_.calls[0], "load_with iris");
  const serving::ModelOverrides& got = control_.last_overrides;
  ASSERT_TRUE(got.policy.has_value());
  EXPECT_EQ(got.policy->kind, serving::VersionPolicy::Kind::kAll);
  EXPECT_EQ(got.admission.delay_max, std::chrono::microseconds(50));
  EXPECT_EQ(got.admission.preferred_rows, (std::vector<uint32_t>{4, 8}));
  EXPECT_EQ(got.admission.requests_max, 9U);
  EXPECT_EQ(got.admission.timeout, std::chrono::microseconds(70));
  EXPECT_EQ(got.admission.rows_max, 32U);
}

TEST_F(KserveRepository, TakesAConfigurationBackAsItGaveItOut) {
  serve_iris();
  std::string text;
  append_json_string(text, get("/v2/models/iris/config"));
  ASSERT_EQ(status(), 200);
  post_as("Bearer s3cret", kLoad, "{\"parameters\":{\"config\":" + text + "}}");
  EXPECT_EQ(status(), 200) << exchange_.response().body;
}

TEST_F(KserveRepository, RefusesWhatAConfigurationCannotChangeByItsName) {
  serve_iris();
  const std::pair<std::string, std::string> kBad[] = {
      {R"({"backend":"onnxruntime"})", "backend"},
      {R"({"max_batch_size":8})", "max_batch_size"},
      {R"({"input":[{"name":"a"}]})", "input"},
      {R"({"name":"rose"})", "name"},
      {R"({"ensemble_scheduling":{"step":[1]}})", "ensemble_scheduling"},
      {R"({"version_policy":{"newest":{}}})", "version_policy"},
      {R"({"version_policy":{"specific":{"versions":[0]}}})", "versions"},
      {R"({"dynamic_batching":{"priority_levels":3}})", "priority_levels"},
      {R"({"dynamic_batching":{"preserve_ordering":true}})", "preserve_ordering"},
      {R"({"parameters":{"joined_rows_max":{"string_value":"x"}}})", "joined_rows_max"},
      {"[]", "config override"},
      {"{", "config override"},
      {"", "expected JSON"}};
  for (const auto& [config, name] : kBad) {
    std::string text;
    append_json_string(text, config);
    post_as("Bearer s3cret", kLoad, "{\"parameters\":{\"config\":" + text + "}}");
    EXPECT_EQ(status(), 400) << config;
    EXPECT_NE(exchange_.response().body.find(name), std::string::npos)
        << config << exchange_.response().body;
  }
  EXPECT_TRUE(control_.calls.empty());
}

TEST_F(KserveRepository, TheAdminListenerNeedsNoTokenButRefusesPages) {
  post_to_admin(kLoad, {});
  EXPECT_EQ(status(), 200);
  const HttpHeader page[] = {{"Origin", "http://localhost:8081"}};
  post_to_admin(kUnload, page);
  EXPECT_EQ(status(), 403);
  const HttpHeader page_with_token[] = {{"Origin", "http://a.example"},
                                        {"Authorization", "Bearer s3cret"}};
  post_to_admin(kUnload, page_with_token);
  EXPECT_EQ(status(), 200);
  EXPECT_EQ(control_.calls.size(), 2U);
}

TEST_F(KserveRepository, IsUnavailableBeforeThereIsARepository) {
  service_->set_control(nullptr);
  post_as("Bearer s3cret", kLoad);
  EXPECT_EQ(status(), 503);
  post("/v2/repository/index", "");
  EXPECT_EQ(status(), 503);
}

}  // namespace
}  // namespace slipway::protocols
