// Openscoring's calls: their forms, their errors.
#include <gtest/gtest.h>

#include "protocols/service_harness_test.h"

namespace slipway::protocols {
namespace {

class Openscoring : public ServiceHarness {
 protected:
  Openscoring() { serve_iris(); }
};

constexpr std::string_view kArguments =
    R"("arguments":{"sepal_length":5.1,"sepal_width":3.5,"petal_length":1.4,"petal_width":0.2,"a":"b"})";

TEST_F(Openscoring, EvaluatesArgumentsByName) {
  const std::string answer =
      post("/openscoring/model/iris", R"({"id":"r1",)" + std::string(kArguments) + "}");
  EXPECT_TRUE(answer.starts_with(R"j({"id":"r1","results":{"predict":1,"probability(0)":0.)j"))
      << answer;
  EXPECT_EQ(status(), 200);
  EXPECT_TRUE(post("/openscoring/model/iris", "{" + std::string(kArguments) + "}")
                  .starts_with(R"({"results":{"predict":1,)"));
}

TEST_F(Openscoring, EvaluatesBatches) {
  const std::string answer = post("/openscoring/model/iris/batch",
                                  R"({"id":"b","requests":[{"id":"1",)" + std::string(kArguments) +
                                      "},{" + std::string(kArguments) + "}]}");
  EXPECT_TRUE(answer.starts_with(R"({"id":"b","responses":[{"id":"1","results":{"predict":1,)"))
      << answer;
  EXPECT_NE(answer.find(R"(},{"results":{"predict":1,)"), std::string::npos) << answer;
}

TEST_F(Openscoring, EvaluatesCsvWithIds) {
  const std::string answer = post("/openscoring/model/iris/csv",
                                  "Id,petal_width,sepal_length,sepal_width,petal_length\n"
                                  "\"a,b\",0.2,5.1,3.5,1.4\nc,2,6,3,5\n");
  EXPECT_TRUE(
      answer.starts_with("Id,predict,probability(0),probability(1),probability(2)\n\"a,b\",1,0."))
      << answer;
  EXPECT_NE(answer.find("\nc,2,"), std::string::npos) << answer;
}

TEST_F(Openscoring, ListsAndDescribesModels) {
  EXPECT_TRUE(get("/openscoring/model")
                  .starts_with(R"({"responses":[{"id":"iris","miningFunction":"classification",)"));
  EXPECT_NE(get("/openscoring/model/iris")
                .find(R"("schema":{"inputFields":[{"id":"sepal_length","dataType":"double",)"),
            std::string::npos);
  EXPECT_EQ(get("/openscoring/model/rome").substr(0, 11), R"({"message":)");
  EXPECT_EQ(status(), 404);
}

TEST_F(Openscoring, RefusesWhatItCannotReadAndWhoIsNoAdmin) {
  for (const char* body : {"", "{", "[]", "3", "{}", R"({"arguments":3})",
                           R"({"id":3,"arguments":{}})", R"({"arguments":{"petal_width":"wide"}})",
                           R"({"arguments":{"petal_width":1,"petal_width":1}})",
                           R"({"arguments":{"petal_width":1}})"}) {
    const std::string answer = post("/openscoring/model/iris", body);
    EXPECT_EQ(status(), 400) << body << " gave " << answer;
    EXPECT_TRUE(answer.starts_with(R"({"message":")")) << answer;
  }
  for (const char* body :
       {"{}", R"({"requests":[]})", R"({"requests":[3]})", R"({"requests":3})"}) {
    post("/openscoring/model/iris/batch", body);
    EXPECT_EQ(status(), 400) << body;
  }
  post("/openscoring/model/iris/csv", "a\n1\n");
  EXPECT_EQ(status(), 400);
  for (const auto method : {transport::HttpMethod::kPut, transport::HttpMethod::kDelete}) {
    ask(method, "/openscoring/model/iris");
    EXPECT_EQ(status(), 403);
  }
}

}  // namespace
}  // namespace slipway::protocols
