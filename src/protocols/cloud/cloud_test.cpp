// SageMaker's, Vertex AI's and Azure ML's requests, as their SDKs send them.
#include <gtest/gtest.h>

#include "protocols/service_harness_test.h"

namespace slipway::protocols {
namespace {

using transport::HttpMethod;

class Cloud : public ServiceHarness {
 protected:
  void speak(std::vector<std::string> compat) {
    ServiceOptions options;
    options.compat = std::move(compat);
    start(options, nullptr);
    serve_iris();
  }
  const std::string& invoke(std::string_view body, std::string_view type, std::string_view accept) {
    const transport::HttpHeader headers[] = {{"Content-Type", type},
                                             {"Accept", accept},
                                             {"X-Amzn-SageMaker-Custom-Attributes", "trace=1"}};
    return post("/invocations", body, headers);
  }
};

class SageMaker : public Cloud {
 protected:
  SageMaker() { speak({"sagemaker"}); }
};

TEST_F(SageMaker, TakesEveryContentTypeAndGivesEveryAccept) {
  const std::pair<const char*, const char*> requests[] = {
      {"text/csv", "5.1,3.5,1.4,0.2\n6,3,5,2\n"},
      {"application/json",
       R"({"instances":[{"features":[5.1,3.5,1.4,0.2]},{"features":[6,3,5,2]}]})"},
      {"application/json", R"({"instances":[[5.1,3.5,1.4,0.2],[6,3,5,2]]})"},
      {"application/json", "[[5.1,3.5,1.4,0.2],[6,3,5,2]]"},
      {"application/jsonlines", "{\"features\":[5.1,3.5,1.4,0.2]}\n{\"features\":[6,3,5,2]}\n"},
      {"application/jsonlines", "[5.1,3.5,1.4,0.2]\r\n\r\n[6,3,5,2]"},
  };
  for (const auto& [type, body] : requests) {
    EXPECT_EQ(invoke(body, type, "text/csv"), "1\n2\n") << body;
    EXPECT_EQ(status(), 200);
    EXPECT_EQ(exchange_.response().content_type, "text/csv; charset=utf-8");
    EXPECT_EQ(exchange_.answered_header("X-Amzn-SageMaker-Custom-Attributes"), "trace=1");
    const std::string json = invoke(body, type, "application/json");
    EXPECT_TRUE(json.starts_with(R"({"predictions":[{"predicted_label":1,"score":[)")) << json;
    EXPECT_TRUE(json.ends_with("]}]}")) << json;
    EXPECT_EQ(invoke(body, type, "*/*"), json);
    const std::string lines = invoke(body, type, "application/jsonlines");
    EXPECT_TRUE(lines.starts_with(R"({"predicted_label":1,"score":[)")) << lines;
    EXPECT_NE(lines.find("\n{\"predicted_label\":2,"), std::string::npos) << lines;
  }
}

TEST_F(SageMaker, RefusesOtherTypesAndBadRows) {
  invoke("<a/>", "text/xml", "text/csv");
  EXPECT_EQ(status(), 415);
  invoke("1,2,3,4", "text/csv", "image/png");
  EXPECT_EQ(status(), 406);
  for (const char* body : {"", "{", "{}", "3", "[]", "[1,2,3]", "[[1,2,3]]", "[[1,2,3,4],5]",
                           "[1,[1,2,3,4]]", R"({"instances":3})", R"({"instances":[{}]})",
                           R"({"instances":[[1,2,3,4]],"data":[[1,2,3,4]]})",
                           R"({"instances":[{"features":3}]})", R"({"instances":[["a",1,1,1]]})"}) {
    const std::string answer = invoke(body, "application/json", "application/json");
    EXPECT_EQ(status(), 400) << body << " gave " << answer;
  }
  for (const char* body : {"", "1", "[1,2,3,4],[", "[1,2,3,4]\n{"}) {
    invoke(body, "application/jsonlines", "application/json");
    EXPECT_EQ(status(), 400) << body;
  }
}

TEST_F(SageMaker, ManyModelsAreListedInvokedAndGuarded) {
  EXPECT_EQ(get("/models"), R"({"models":[{"modelName":"iris","modelUrl":"iris.joblib"}]})");
  EXPECT_EQ(get("/models/iris"), R"({"modelName":"iris","modelUrl":"iris.joblib"})");
  get("/models/rome");
  EXPECT_EQ(status(), 404);
  post("/models/iris/invoke", "[[1,2,3,4]]");
  EXPECT_EQ(status(), 200);
  const transport::HttpHeader target[] = {{"X-Amzn-SageMaker-Target-Model", "iris.tar.gz"}};
  post("/invocations", "[[1,2,3,4]]", target);
  EXPECT_EQ(status(), 200);
  post("/models", R"({"model_name":"iris","url":"/opt/ml/models/iris"})");
  EXPECT_EQ(status(), 403);
  ask(HttpMethod::kDelete, "/models/iris");
  EXPECT_EQ(status(), 403);
  EXPECT_EQ(get("/ping"), "\n");
  EXPECT_EQ(status(), 200);
}

TEST_F(SageMaker, AModelThatIsLoadedIsNotLoadedAgain) {
  ServiceOptions options;
  options.compat = {"sagemaker"};
  options.admin_token = "secret";
  start(options, nullptr);
  serve_iris();
  const transport::HttpHeader admin[] = {{"Authorization", "Bearer secret"}};
  post("/models", R"({"model_name":"iris","url":"/opt/ml/models/iris"})", admin);
  EXPECT_EQ(status(), 409);
  for (const char* body : {"", "[]", "{}", R"({"model_name":3})"}) {
    post("/models", body, admin);
    EXPECT_EQ(status(), 400) << body;
  }
  ask(HttpMethod::kDelete, "/models/rome", {}, admin);
  EXPECT_EQ(status(), 404);
}

TEST_F(Cloud, VertexAnswersInstancesWithPredictions) {
  ServiceOptions options;
  options.aliases = {{"/predict", "/v1/endpoints/{endpoint}/deployedModels/{model}:predict"},
                     {"/healthy", "/v1/endpoints/{endpoint}/deployedModels/{model}"}};
  options.compat = {"vertex"};
  start(options, nullptr);
  serve_iris();
  EXPECT_EQ(post("/predict", R"({"instances":[[5.1,3.5,1.4,0.2]],"parameters":{"a":[1]}})"),
            R"({"predictions":[1]})");
  EXPECT_EQ(post("/v1/endpoints/1/deployedModels/77:predict",
                 R"({"instances":[{"sepal_length":5.1,"sepal_width":3.5,"petal_length":1.4,)"
                 R"("petal_width":0.2}]})"),
            R"({"predictions":[1],"deployedModelId":"77"})");
  EXPECT_EQ(get("/healthy"), "{}");
  EXPECT_EQ(status(), 200);
}

TEST_F(Cloud, AzureScoresAndSaysThatItIsHealthy) {
  speak({"azure-ml"});
  for (const char* body :
       {R"({"data":[[5.1,3.5,1.4,0.2]]})", R"({"input_data":[[5.1,3.5,1.4,0.2]]})",
        R"({"Inputs":{"data":[[5.1,3.5,1.4,0.2]]},"GlobalParameters":1.0})"}) {
    EXPECT_EQ(post("/score", body), "[1]") << body;
    EXPECT_EQ(status(), 200);
  }
  post("/score", R"({"Inputs":{"Inputs":{"data":[[1,2,3,4]]}}})");
  EXPECT_EQ(status(), 400);
  EXPECT_EQ(get("/"), "Healthy");
  EXPECT_TRUE(get("/swagger.json").starts_with(R"({"swagger":"2.0")"));
}

TEST_F(Cloud, TheSiteKeepsItsPathsUnlessAPlatformIsChosen) {
  serve_iris();
  EXPECT_NE(get("/"), "Healthy");
}

}  // namespace
}  // namespace slipway::protocols
