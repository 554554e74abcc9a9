#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "protocols/kserve_v2/fake_control_test.h"
#include "protocols/service_harness_test.h"
#include "protocols/token_keys.h"
#include "protocols/torchserve/form.h"
#include "protocols/torchserve/metrics_filter.h"

namespace slipway::protocols {
namespace {

namespace fs = std::filesystem;
using transport::HttpMethod;

constexpr std::string_view kRows = "[[5.1,3.5,1.4,0.2],[6.7,3.0,5.2,2.3]]";
constexpr transport::HttpHeader kJson[] = {{"Content-Type", "application/json"}};

std::string key_of(const std::string& path, const std::string& section) {
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::string mark = "\"" + section + "\": {\n    \"key\": \"";
  const size_t begin = text.find(mark) + mark.size();
  return text.substr(begin, text.find('"', begin) - begin);
}

class TorchServeTest : public ServiceHarness {
 protected:
  TorchServeTest() { begin({}); }
  void begin(ServiceOptions options) {
    options.compat = {"torchserve", "torchserve-management", "torchserve-metrics"};
    options.admin_token = "secret";
    start(options, nullptr);
    serve_iris();
    service_->set_control(&control_);
  }
  const std::string& manage(HttpMethod method, std::string_view target,
                            std::string_view token = "Bearer secret") {
    const transport::HttpHeader headers[] = {{"Authorization", token}};
    return ask(method, target, {}, headers);
  }
  FakeControl control_;
};

TEST_F(TorchServeTest, AListOfRowsIsAnsweredByAListAndARowByItsItem) {
  EXPECT_EQ(post("/predictions/iris", kRows, kJson), "[1,2]");
  EXPECT_EQ(post("/predictions/iris", "[5.1,3.5,1.4,0.2]", kJson), "1");
  EXPECT_EQ(post("/predictions/iris/1.0", kRows, kJson), "[1,2]");
  EXPECT_EQ(post("/v1/models/iris:predict", "{\"instances\":[[5.1,3.5,1.4,0.2]]}", kJson),
            "{\"predictions\":[1]}");
  EXPECT_EQ(post("/iris/predict", kRows, kJson), "[1,2]");
  EXPECT_EQ(ask(HttpMethod::kPut, "/predictions/iris", "5.1,3.5,1.4,0.2\n"), "[1]");
  const std::string_view named =
      R"({"sepal_length":5.1,"sepal_width":3.5,"petal_length":1.4,"petal_width":0.2})";
  EXPECT_EQ(post("/predictions/iris", named, kJson), "1");
  const transport::HttpHeader form[] = {{"Content-Type", "application/x-www-form-urlencoded"}};
  EXPECT_EQ(post("/predictions/iris",
                 "sepal_length=5.1&sepal_width=3.5&petal_length=1.4&petal_width=0.2", form),
            "1");
  EXPECT_EQ(post("/predictions/iris", "data=%5B%5B5.1,3.5,1.4,0.2%5D%5D", form), "[1]");
}

TEST_F(TorchServeTest, WhatAHandlerWouldFailWithIsAFailedPrediction) {
  for (const std::string_view wrong :
       {"", "[[1", "[[1,2]]", "[]", "{}", "{\"data\":[],\"body\":[]}", "{\"data\":3}",
        "[[1,2,3,4],5]", "[1,2,3,4,5]", "[\"a\",1,2,3]"}) {
    post("/predictions/iris", wrong, kJson);
    EXPECT_EQ(status(), 503) << wrong;
    EXPECT_NE(exchange_.response().body.find("Prediction failed"), std::string::npos) << wrong;
  }
}

TEST_F(TorchServeTest, WhatIsNotThereHasTheOriginalsWords) {
  EXPECT_EQ(post("/predictions/nope", kRows, kJson),
            "{\n  \"code\": 404,\n  \"type\": \"ModelNotFoundException\",\n  \"message\": "
            "\"Model not found: nope\"\n}\n");
  EXPECT_NE(post("/predictions/iris/9", kRows, kJson).find("Model version: 9 does not exist"),
            std::string::npos);
  EXPECT_NE(get("/no/such/thing").find("ResourceNotFoundException"), std::string::npos);
  ask(HttpMethod::kPatch, "/models/iris");
  EXPECT_EQ(status(), 405);
  post("/explanations/iris", kRows, kJson);
  EXPECT_EQ(status(), 501);
  EXPECT_EQ(get("/ping"), "{\n  \"status\": \"Healthy\"\n}\n");
}

TEST_F(TorchServeTest, ChangesNeedTheAdminTokenAndReachTheControl) {
  ask(HttpMethod::kPost, "/models?url=a.mar");
  EXPECT_EQ(status(), 403);
  EXPECT_NE(manage(HttpMethod::kPost, "/models?url=a.mar").find("0 initial workers"),
            std::string::npos);
  EXPECT_NE(manage(HttpMethod::kPost, "/models?url=b.mar&model_name=m&initial_workers=2")
                .find("Model \\\"m\\\" Version: 1.0 registered with 2 initial workers"),
            std::string::npos);
  manage(HttpMethod::kPost, "/models?url=b.mar&initial_workers=2&synchronous=false");
  EXPECT_EQ(status(), 202);
  EXPECT_NE(manage(HttpMethod::kPut, "/models/iris/1/set-default").find("successfully updated"),
            std::string::npos);
  EXPECT_NE(manage(HttpMethod::kDelete, "/models/iris").find("unregistered"), std::string::npos);
  EXPECT_EQ(control_.calls,
            (std::vector<std::string>{"enroll a.mar  waits", "enroll b.mar m waits",
                                      "enroll b.mar ", "set_default iris 1", "retire iris 1"}));
  control_.outcome = already_exists("Model version 1.0 is already registered for model iris");
  EXPECT_NE(manage(HttpMethod::kPost, "/models?url=a.mar").find("ConflictStatusException"),
            std::string::npos);
  EXPECT_EQ(status(), 409);
  control_.outcome = invalid_argument("it holds no model");
  EXPECT_NE(manage(HttpMethod::kPost, "/models?url=a.mar").find("InvalidModelException"),
            std::string::npos);
}

TEST_F(TorchServeTest, WorkersAreNotedAndTheListIsPaged) {
  EXPECT_NE(manage(HttpMethod::kPut, "/models/iris?min_worker=2&synchronous=true")
                .find("Workers scaled to 2 for model: iris"),
            std::string::npos);
  EXPECT_NE(get("/models/iris").find("\"minWorkers\": 2"), std::string::npos);
  manage(HttpMethod::kPut, "/models/iris?min_worker=2147483647");
  EXPECT_LT(get("/models/iris").size(), 40'000U);
  manage(HttpMethod::kPut, "/models/iris?min_worker=2&max_worker=1");
  EXPECT_EQ(status(), 400);
  EXPECT_NE(get("/models?limit=1").find("\"nextPageToken\": \"1\""), std::string::npos);
  EXPECT_EQ(get("/models?limit=2&next_page_token=2147483647"), "{\n  \"models\": []\n}\n");
  EXPECT_NE(get("/models/iris?customized=true").find("petal_width"), std::string::npos);
}

TEST_F(TorchServeTest, KeysOpenWhatTheyAreForUntilTheyAreRenewed) {
  const std::string path = (fs::temp_directory_path() / "slipway_keys_test.json").string();
  ServiceOptions options;
  options.token_keys = TokenKeys::create(path, std::chrono::hours(1)).value();
  begin(options);
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  const auto with = [](const std::string& key) { return "Bearer " + key; };
  const std::string inference = key_of(path, "inference");
  const auto predict = [&](const std::string& value) {
    const transport::HttpHeader headers[] = {{"Content-Type", "application/json"},
                                             {"Authorization", value}};
    post("/predictions/iris", kRows, headers);
    return status();
  };
  EXPECT_EQ(predict(with(inference)), 200);
  EXPECT_EQ(predict(with(inference + "x")), 400);
  EXPECT_EQ(predict(inference), 400);
  EXPECT_EQ(predict("Bearer "), 400);
  EXPECT_EQ(predict(with(key_of(path, "management"))), 400);
  manage(HttpMethod::kGet, "/models", with(key_of(path, "management")));
  EXPECT_EQ(status(), 200);
  manage(HttpMethod::kGet, "/models", with(inference));
  EXPECT_EQ(status(), 400);
  manage(HttpMethod::kGet, "/models");  // the admin token
  EXPECT_EQ(status(), 200);
  manage(HttpMethod::kGet, "/token?type=inference", with(key_of(path, "management")));
  EXPECT_EQ(status(), 400);
  manage(HttpMethod::kGet, "/token?type=inference", with(key_of(path, "API")));
  EXPECT_EQ(status(), 200);
  EXPECT_EQ(predict(with(inference)), 400);
  EXPECT_EQ(predict(with(key_of(path, "inference"))), 200);
  fs::remove(path);
  EXPECT_FALSE(TokenKeys::create("/does/not/exist/keys", std::chrono::hours(1)).ok());
}

TEST_F(TorchServeTest, MetricsAreCountedByTheVersionThatWasAskedFor) {
  post("/predictions/iris", kRows, kJson);
  post("/predictions/iris/1", kRows, kJson);
  post("/predictions/iris/1", "[]", kJson);
  const std::string page = get("/metrics?name%5B%5D=ts_inference_requests_total");
  EXPECT_NE(page.find("model_version=\"default\""), std::string::npos) << page;
  EXPECT_NE(page.find("} 2\n"), std::string::npos) << page;
  EXPECT_EQ(page.find("latency"), std::string::npos) << page;
}

TEST(TorchServeMetrics, OnlyTheNamedSamplesAreKept) {
  const std::string_view names[] = {"b", "c_sum"};
  EXPECT_EQ(torchserve::filter_metrics("# HELP a x\n# TYPE a counter\na 1\n# HELP b x\nb{x=\"y\"} "
                                       "2\n# HELP c x\nc_bucket 1\nc_sum 3",
                                       names),
            "# HELP b x\nb{x=\"y\"} 2\n# HELP c x\nc_sum 3");
}

TEST(TorchServeForm, FieldsOfAMultipartBodyLieWhereTheyCame) {
  const std::string_view body =
      "--b\r\nContent-Disposition: form-data; name=\"data\"; filename=\"x\"\r\n"
      "content-type: application/json\r\n\r\n[1]\r\n--b\r\n\r\nrest\r\n--b--\r\n";
  const auto fields = torchserve::read_multipart("multipart/form-data; boundary=\"b\"", body);
  ASSERT_TRUE(fields.ok()) << fields.status().message();
  ASSERT_EQ(fields->all.size(), 2U);
  EXPECT_EQ(fields->all[0].name, "data");
  EXPECT_EQ(fields->all[0].type, "application/json");
  EXPECT_EQ(fields->all[0].value, "[1]");
  EXPECT_EQ(fields->all[1].value, "rest");
  for (size_t cut = 0; cut + 6 < body.size(); ++cut) {
    EXPECT_FALSE(
        torchserve::read_multipart("multipart/form-data; boundary=b", body.substr(0, cut)).ok());
  }
  EXPECT_FALSE(torchserve::read_multipart("multipart/form-data", body).ok());
}

TEST(TorchServeForm, QueriesAreDecodedAndBounded) {
  const auto fields = torchserve::read_pairs("a=1+2&b=%2Fx&c&&d=true");
  ASSERT_TRUE(fields.ok());
  EXPECT_EQ(fields->find("a"), "1 2");
  EXPECT_EQ(fields->find("b"), "/x");
  EXPECT_EQ(fields->find("c"), "");
  EXPECT_TRUE(torchserve::bool_field(*fields, "d", false));
  EXPECT_EQ(torchserve::int_field(*fields, "a", 7), 7);
  EXPECT_FALSE(torchserve::read_pairs("a=%4").ok());
  std::string many;
  for (size_t i = 0; i <= torchserve::kFieldsMax; ++i) many += "a&";
  EXPECT_EQ(torchserve::read_pairs(many).status().code(), StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace slipway::protocols
