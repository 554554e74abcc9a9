#include "protocols/kserve_v2/samples.h"

#include <gtest/gtest.h>

#include <string>

#include "serving/models_test.h"

namespace slipway::protocols::kserve_v2 {
namespace {

// x = (1, 2, 3, 4) scores (-8, -3.5, 11) in the model of models_test.h: its class is 2.
constexpr std::string_view kRequest =
    R"({"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP64", "data": [1, 2, 3, 4]}]})";

Status check(std::string_view outputs, std::string_view more = "") {
  const std::string text = R"({"samples": [{"request": )" + std::string(kRequest) +
                           R"(, "response": {"outputs": )" + std::string(outputs) + "}}]" +
                           std::string(more) + "}";
  return check_samples(text, *serving::iris_executable(false));
}

TEST(SamplesTest, AModelThatAnswersAsExpectedPasses) {
  EXPECT_TRUE(check(R"([{"name": "predict", "data": [2]}])").ok());
  EXPECT_TRUE(check(R"([{"name": "predict", "data": [[2]]}])").ok());
  EXPECT_TRUE(check(R"([{"name": "predict", "data": [2.0001]}])", R"(, "tolerance": 0.001)").ok());
}

TEST(SamplesTest, ADifferenceIsToldWithItsPlace) {
  const Status status = check(R"([{"name": "predict", "data": [1]}])");
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("sample 0"), std::string::npos) << status.message();
  EXPECT_NE(status.message().find("output 'predict', row 0, column 0: expected 1, got 2"),
            std::string::npos)
      << status.message();
  EXPECT_EQ(check(R"([{"name": "predict", "data": [2.0001]}])").code(),
            StatusCode::kFailedPrecondition);
  for (const char* data : {"[\"2\"]", "[null]", "[true]", "[]", "[2, 2]", "[[2], [2]]", "[{}]"}) {
    const std::string outputs = std::string(R"([{"name": "predict", "data": )") + data + "}]";
    EXPECT_EQ(check(outputs).code(), StatusCode::kFailedPrecondition) << data;
  }
}

TEST(SamplesTest, WhatIsMalformedIsTold) {
  const auto model = serving::iris_executable(false);
  for (const char* text : {"", "nonsense", "[]", "{}", R"({"samples": []})", R"({"samples": [1]})",
                           R"({"samples": [{"request": {}}]})",
                           R"({"samples": [{"request": {}, "response": {"outputs": []}}]})"}) {
    EXPECT_EQ(check_samples(text, *model).code(), StatusCode::kInvalidArgument) << text;
  }
  EXPECT_EQ(check("[]").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(check(R"([{"name": "rose", "data": [2]}])").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(check(R"([{"name": "predict"}])").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(check(R"([{"name": "predict", "data": [2]}])", R"(, "tolerance": -1)").code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace slipway::protocols::kserve_v2
