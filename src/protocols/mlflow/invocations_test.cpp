// MLflow's scoring server: its forms, its errors. tests/e2e/test_mlflow.py asks the original too.
#include <gtest/gtest.h>

#include "protocols/internal/media_type.h"
#include "protocols/service_harness_test.h"

namespace slipway::protocols {
namespace {

class Invocations : public ServiceHarness {
 protected:
  Invocations() { serve_iris(); }

  const std::string& invoke(std::string_view body,
                            std::string_view content_type = "application/json") {
    const transport::HttpHeader headers[] = {{"Content-Type", content_type}};
    return post("/invocations", body, headers);
  }
  std::string error_of(std::string_view body) {
    std::string answer = invoke(body);
    EXPECT_EQ(status(), 400) << body << " gave " << answer;
    return answer;
  }
};

constexpr std::string_view kOne = R"({"predictions": [1]})";

TEST_F(Invocations, TakesEveryForm) {
  for (const char* body :
       {R"({"dataframe_split":{"columns":["petal_width","sepal_length","sepal_width",)"
        R"("petal_length"],"data":[[0.2,5.1,3.5,1.4]]}})",
        R"({"dataframe_split":{"data":[[5.1,3.5,1.4,0.2]],"index":[9]}})",
        R"({"dataframe_split":{"data":[["a",5.1,3.5,1.4,0.2]],"columns":["id","sepal_length",)"
        R"("sepal_width","petal_length","petal_width"]}})",
        R"({"dataframe_records":[{"sepal_length":5.1,"sepal_width":3.5,"petal_length":1.4,)"
        R"("petal_width":0.2,"more":[1,{}]}],"params":{"a":1}})",
        R"({"instances":[[5.1,3.5,1.4,0.2]],"other":null})", R"({"inputs":[[5.1,3.5,1.4,0.2]]})",
        R"({"inputs":{"sepal_length":[5.1],"sepal_width":[[3.5]],"petal_length":1.4,)"
        R"("petal_width":[0.2]}})"}) {
    EXPECT_EQ(invoke(body), kOne) << body;
    EXPECT_EQ(status(), 200);
  }
}

TEST_F(Invocations, TakesCsv) {
  EXPECT_EQ(invoke("petal_width,sepal_length,sepal_width,petal_length\n0.2,5.1,3.5,1.4\n"
                   "2,6,3,5\n",
                   "text/csv; charset=utf-8"),
            R"({"predictions": [1,2]})");
  invoke("sepal_length\n5.1\n", "text/csv");
  EXPECT_EQ(status(), 400);
}

TEST_F(Invocations, NamesTheColumnsThatAreMissingAndThoseThatAreTooMany) {
  const std::string answer = error_of(
      R"({"dataframe_records":[{"sepal_length":1,"sepal_width":1,"petal_length":1,"width":1}]})");
  EXPECT_NE(answer.find("INVALID_PARAMETER_VALUE"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Model is missing inputs ['petal_width']. Note that there were extra "
                        "inputs: ['width']."),
            std::string::npos)
      << answer;
}

TEST_F(Invocations, RefusesWhatItCannotRead) {
  for (const char* body :
       {"", "{", "[1]", "3", "{}", R"({"instances":[]})", R"({"instances":[[1,2,3,4]],"inputs":1})",
        R"({"instances":[1,2,3,4]})", R"({"instances":[[1,2,3]]})", R"({"instances":{"a":1}})",
        R"({"dataframe_split":[1]})", R"({"dataframe_split":{"columns":["a"]}})",
        R"({"dataframe_split":{"columns":["a","a","b","c"],"data":[[1,2,3,4]]}})",
        R"({"dataframe_split":{"data":[[1,2,3]]}})", R"({"dataframe_split":{"data":[1]}})",
        R"({"dataframe_records":[[1,2,3,4]]})",
        R"({"inputs":{"sepal_length":[1,2],)"
        R"("sepal_width":[1],"petal_length":[1,2],"petal_width":[1,2]}})",
        R"({"instances":[["wide",2,3,4]]})"}) {
    const std::string answer = error_of(body);
    EXPECT_TRUE(answer.starts_with("{\"error_code\": \"")) << answer;
  }
}

TEST_F(Invocations, OtherContentIsNotTaken) {
  for (const char* type :
       {"application/xml", "application/json; charset=latin-1", "text/csv; header=absent"}) {
    invoke(R"({"instances":[[1,2,3,4]]})", type);
    EXPECT_EQ(status(), 415) << type;
  }
  EXPECT_EQ(get("/ping"), "\n");
  EXPECT_EQ(status(), 200);
}

TEST(MediaTypeTest, TakesAContentTypeApart) {
  const MediaType type = parse_media_type("Text/CSV ; Charset=\"UTF-8\"; header=present");
  EXPECT_EQ(type.name, "text/csv");
  EXPECT_EQ(type.charset, "utf-8");
  EXPECT_EQ(type.other_parameter, "header");
  EXPECT_EQ(parse_media_type("").name, "");
  EXPECT_TRUE(names_media_type("Text/CSV ;q=1", "text/csv"));
  EXPECT_FALSE(names_media_type("text/csv2", "text/csv"));
  EXPECT_FALSE(names_media_type("*/*, text/csv", "text/csv"));
  EXPECT_FALSE(names_media_type("", "text/csv"));
  EXPECT_EQ(parse_media_type("a/b;;").other_parameter, "");
}

}  // namespace
}  // namespace slipway::protocols
