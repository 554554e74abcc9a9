// Seldon's messages: their forms, their errors, health.
#include <gtest/gtest.h>

#include "protocols/service_harness_test.h"

namespace slipway::protocols {
namespace {

class Seldon : public ServiceHarness {
 protected:
  Seldon() { serve_iris(); }

  const std::string& predict(std::string_view body, std::string_view query = "?method=predict") {
    return post("/api/v1.0/predictions" + std::string(query), body);
  }
};

constexpr std::string_view kMeta = R"("meta":{"puid":"p1"}})";

std::string with_puid(std::string_view data) {
  return R"({"data":)" + std::string(data) + R"(,"meta":{"puid":"p1"}})";
}

TEST_F(Seldon, AnswersInTheFormOfTheRequest) {
  for (const char* data :
       {R"({"ndarray":[[5.1,3.5,1.4,0.2]]})",
        R"({"names":["a","b"],"ndarray":[[5.1,3.5,1.4,0.2]]})",
        R"({"ndarray":[[0.2,5.1,3.5,1.4]],"names":["petal_width","sepal_length","sepal_width",)"
        R"("petal_length"]})",
        R"({"names":["id","petal_width","sepal_length","sepal_width","petal_length"],)"
        R"("ndarray":[["x",0.2,5.1,3.5,1.4]]})"}) {
    EXPECT_EQ(predict(with_puid(data)),
              R"({"data":{"names":[],"ndarray":[1]},)" + std::string(kMeta))
        << data;
    EXPECT_EQ(status(), 200);
  }
  EXPECT_EQ(predict(with_puid(R"({"tensor":{"values":[5.1,3.5,1.4,0.2,6,3,5,2],"shape":[2,4]}})")),
            R"({"data":{"names":[],"tensor":{"shape":[2],"values":[1,2]}},)" + std::string(kMeta));
}

TEST_F(Seldon, GivesProbabilitiesUnlessAMethodIsChosen) {
  const std::string answer = predict(with_puid(R"({"ndarray":[[5.1,3.5,1.4,0.2]]})"), "");
  EXPECT_TRUE(answer.starts_with(R"({"data":{"names":["t:0","t:1","t:2"],"ndarray":[[0.)"))
      << answer;
  predict(with_puid(R"({"ndarray":[[5.1,3.5,1.4,0.2]]})"), "?method=no");
  EXPECT_EQ(status(), 400);
  EXPECT_NE(exchange_.response().body.find("predict_proba"), std::string::npos);
}

TEST_F(Seldon, GivesBackTagsAndMakesAPuid) {
  EXPECT_EQ(
      predict(R"({"meta":{"puid":"p","tags":{"a":1,"b":"\"c","d":true,"e":[1],"f":null}},)"
              R"("data":{"ndarray":[[5.1,3.5,1.4,0.2]]}})"),
      R"({"data":{"names":[],"ndarray":[1]},"meta":{"puid":"p","tags":{"a":1.0,"b":"\"c","d":true,)"
      R"("f":null}}})");
  const transport::HttpHeader headers[] = {{"Seldon-Puid", "from-header"}};
  EXPECT_NE(post("/api/v0.1/predictions", R"({"data":{"ndarray":[[1,2,3,4]]}})", headers)
                .find(R"("puid":"from-header")"),
            std::string::npos);
  EXPECT_EQ(status(), 200);
}

TEST_F(Seldon, RefusesInItsOwnForm) {
  for (const char* body :
       {"",
        "{",
        "[]",
        "3",
        "{}",
        R"({"strData":"a"})",
        R"({"jsonData":{}})",
        R"({"binData":"a"})",
        R"({"data":{}})",
        R"({"data":{"ndarray":[]}})",
        R"({"data":{"ndarray":[1,2,3,4]}})",
        R"({"data":{"ndarray":[[1,2,3]]}})",
        R"({"data":{"ndarray":[["a",2,3,4]]}})",
        R"({"data":{"ndarray":[[1,2,3,4]],"tensor":{"shape":[1,4],"values":[1,2,3,4]}}})",
        R"({"data":{"tensor":{"shape":[2,4],"values":[1,2,3,4]}}})",
        R"({"data":{"tensor":{"shape":[1,3],"values":[1,2,3]}}})",
        R"({"data":{"tensor":{"shape":[4],"values":[1,2,3,4]}}})",
        R"({"data":{"tensor":{"shape":[-1,4],"values":[1,2,3,4]}}})",
        R"({"data":{"tensor":{"values":[1,2,3,4]}}})",
        R"({"data":{"tftensor":{}}})",
        R"({"data":{"names":["petal_width","a","b","c"],"ndarray":[[1,2,3,4]]}})",
        R"({"data":{"names":[1],"ndarray":[[1,2,3,4]]}})",
        R"({"data":{"ndarray":[[1,2,3,4]]},"a":1})",
        R"({"data":{"ndarray":[[1,2,3,4]]},"meta":3})"}) {
    const std::string answer = predict(body);
    EXPECT_EQ(status(), 400) << body << " gave " << answer;
    EXPECT_TRUE(answer.starts_with(R"({"status":{"code":-1,"info":")")) << answer;
    EXPECT_TRUE(answer.ends_with(R"("reason":"MICROSERVICE_BAD_DATA","status":1}})")) << answer;
  }
  post("/seldon/default/rome/api/v1.0/predictions", "{}");
  EXPECT_EQ(status(), 404);
}

TEST_F(Seldon, KnowsTheIngressPathsFeedbackAndHealth) {
  EXPECT_NE(
      post("/seldon/default/iris/api/v1.0/predictions", R"({"data":{"ndarray":[[1,2,3,4]]}})"), "");
  EXPECT_EQ(status(), 200);
  EXPECT_EQ(post("/api/v1.0/feedback", R"({"request":{"data":{}},"reward":1.5,"truth":{}})"),
            R"({"meta":{}})");
  EXPECT_EQ(status(), 200);
  for (const char* body : {"", "[]", R"({"reward":"a"})", R"({"b":1})", R"({"truth":1})"}) {
    post("/api/v1.0/feedback", body);
    EXPECT_EQ(status(), 400) << body;
  }
  EXPECT_EQ(get("/health/ping"), "pong");
  get("/health/status");
  EXPECT_EQ(status(), 200);
}

}  // namespace
}  // namespace slipway::protocols
