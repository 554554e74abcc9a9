#include <gtest/gtest.h>

#include <cmath>

#include "protocols/service_harness_test.h"
#include "protocols/tf_serving/answer_json.h"

namespace slipway::protocols {
namespace {

class TfServingRestTest : public ServiceHarness {
 protected:
  std::string ask_iris(std::string_view verb, std::string_view body) {
    return post("/v1/models/iris:" + std::string(verb), body);
  }
};

TEST_F(TfServingRestTest, RowsAndColumnsOfNamedColumns) {
  serve_iris();
  constexpr std::string_view kRow =
      R"({"sepal_length":5.1,"sepal_width":[3.5],"petal_length":1.4,"petal_width":0.2})";
  EXPECT_EQ(ask_iris("predict", "{\"instances\":[" + std::string(kRow) + "]}"),
            R"({"predictions":[1]})");
  EXPECT_EQ(ask_iris("predict", R"({"instances":[[5.1,3.5,1.4,0.2]],"ignored":[{}]})"),
            R"({"predictions":[1]})");
  EXPECT_EQ(
      ask_iris("predict", R"({"inputs":{"sepal_length":[5.1,5.1],"sepal_width":[[3.5],[3.5]],)"
                          R"("petal_length":[1.4,6],"petal_width":[0.2,2.5],"more":1}})"),
      R"({"outputs":[1,2]})");
  const std::string all = ask_iris(
      "predict", R"({"signature_name":"serving_default","instances":[[5.1,3.5,1.4,0.2]]})");
  EXPECT_TRUE(all.starts_with(R"({"predictions":[{"predict":1,"predict_proba":[)")) << all;
  EXPECT_EQ(status(), 200);
}

TEST_F(TfServingRestTest, TheMessagesAreTheOriginals) {
  serve_iris();
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"({"instances":[[1,2,3,4],[1]]})",
       "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting "
       "tensor "
       "size: 4 but got: 1"},
      {R"({"instances":[{"sepal_length":"a"}]})",
       "Failed to process element: 0 key: sepal_length of 'instances' list. Error: "
       "INVALID_ARGUMENT: JSON Value: \\\"a\\\" Type: String is not of expected type: double"},
      {R"({"instances":[{"sepal_length":1}]})", "keys must be equal to: sepal_length,sepal_width"},
      {R"({"instances":[{"x":1}]})", "JSON object: does not have named input: x"},
      {R"({"instances":[[1,2,3,[4]]]})", "JSON Value: [4] Type: Array"},
      {R"({"instances":[[1,2,3,{"b64":"YQ=="}]]})", "Type: Object is not of expected type: double"},
      {R"({"inputs":{"sepal_length":[1]}})", "Missing named input: sepal_width"},
      {R"({"inputs":{"sepal_length":[1],"sepal_width":[1,2]}})", "has 2 rows"},
      {R"({"inputs":{"sepal_length":1}})", "expected a list of values"},
      {R"({"instances":[3]})", "expected shape [-1,4], got [-1]"},
      {R"({"instances":[[1,2,3,4]]} x)", "JSON Parse error: "},
      {R"({"instances":)", "JSON Parse error: "}};
  for (const auto& [body, message] : cases) {
    const std::string answer = ask_iris("predict", body);
    EXPECT_EQ(status(), 400) << body;
    EXPECT_NE(answer.find(message), std::string::npos) << answer;
  }
}

TEST_F(TfServingRestTest, ClassifiesAndReportsStates) {
  serve_iris();
  const std::string answer = ask_iris(
      "classify",
      R"({"examples":[{"sepal_length":5.1,"petal_length":1.4,"petal_width":[0.2],"z":"x"}],)"
      R"("context":{"sepal_width":3.5}})");
  EXPECT_TRUE(answer.starts_with(R"({"results":[[["0",0.)")) << answer;
  EXPECT_EQ(get("/v1/models/iris"),
            R"({"model_version_status":[{"version":"1","state":"AVAILABLE",)"
            R"("status":{"error_code":"OK","error_message":""}}]})");
  get("/v1/models/iris/metadata");
  EXPECT_EQ(status(), 200);
  EXPECT_EQ(get("/v1/models/rose"), R"({"error":"Could not find any versions of model rose"})");
  EXPECT_EQ(status(), 404);
}

TEST_F(TfServingRestTest, TextsAndRecordsAndBytes) {
  serve({{"mixed", serving::mixed_executable()}, {"weather", serving::records_executable()}});
  const std::string rows = post(
      "/v1/models/mixed:predict",
      R"({"signature_name":"serving_default","instances":[{"age":1,"city":{"b64":"UGFyaXM="}}]})");
  EXPECT_NE(rows.find("\"Paris\""), std::string::npos) << rows;
  post("/v1/models/mixed:predict", R"({"instances":[{"age":1,"city":{"b64":"*"}}]})");
  EXPECT_EQ(status(), 400);
  post("/v1/models/mixed:predict", R"({"instances":[{"age":1,"city":{"b64":"//8="}}]})");
  EXPECT_EQ(status(), 400) << "not UTF-8";
  const std::string record =
      post("/v1/models/weather:predict", R"({"instances":[{"city":"London","wind":2.5}]})");
  EXPECT_EQ(status(), 200) << record;
  post("/v1/models/weather:predict", R"({"instances":[3]})");
  EXPECT_EQ(status(), 400);
}

TEST(TfServingJson, FloatsKeepTheirPointAndNonfiniteOnesAreBare) {
  std::string out;
  for (const double value : {1.0, 0.1, -HUGE_VAL, HUGE_VAL, std::nan("")}) {
    tf_serving::append_float(out, value);
    out.push_back(' ');
  }
  EXPECT_EQ(out, "1.0 0.1 -Infinity Infinity NaN ");
}

}  // namespace
}  // namespace slipway::protocols
