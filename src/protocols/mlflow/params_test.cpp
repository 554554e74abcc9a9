// Params of /invocations; what is refused, and in which words, is what MLflow 3.5 answered.
#include "protocols/mlflow/params.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace slipway::protocols::mlflow {
namespace {

using Type = RequestParameter::Type;

RequestSchema schema() {
  RequestSchema made;
  made.has_parameters = true;
  made.parameters = {
      {"share", Type::kDouble, false, "0.5"},        {"count", Type::kLong, false, "3"},
      {"word", Type::kString, false, "a"},           {"counts", Type::kLong, true, "[1, 2]"},
      {"day", Type::kDatetime, false, "2024-01-01"}, {"is_on", Type::kBoolean, false, "True"}};
  return made;
}

Status check(std::string_view params) {
  static JsonInput json("the params");
  return check_params(params, schema(), json);
}

TEST(MlflowParams, WhatFitsTheSchemaIsTakenAndWhatIsUnknownPassedOver) {
  for (const char* params :
       {"", "null", "{}", R"({"none":1})", R"({"share":1})", R"({"share":0.25})",
        R"({"share":null})", R"({"count":5})", R"({"count":1000000000000000000000000000000})",
        R"({"word":"b"})", R"({"counts":[1]})", R"({"counts":[]})", R"({"counts":[null]})",
        R"({"day":"2024-02-03"})", R"({"is_on":false})", R"({"other":{"a":[1,[2]]},"word":"b"})"}) {
    const Status status = check(params);
    EXPECT_TRUE(status.ok()) << params << ": " << status.message();
  }
}

TEST(MlflowParams, WhatDoesNotFitIsRefusedInItsWords) {
  const std::string many = "for 'counts': long (default: [1, 2]) (shape: (-1,))";
  const std::pair<std::string, std::string> kBad[] = {
      {"[1]", "Parameters must be a dictionary. Got type 'list'."},
      {R"("x")", "Parameters must be a dictionary. Got type 'str'."},
      {"5", "Parameters must be a dictionary. Got type 'int'."},
      {R"({"share":"x"})",
       "Invalid parameters found: {('share', \"Failed to validate type and shape for 'share': "
       "double (default: 0.5), error: Can not safely convert `<class 'str'>` to "
       "`DataType.double` for value `x`\")}"},
      {R"({"share":true})",
       "Can not safely convert `<class 'bool'>` to `DataType.double` for "
       "value `True`"},
      {R"({"share":[1.0]})", "Value must be a scalar for type `DataType.double`, got `[1.0]`"},
      {R"({"count":1.0})",
       "Can not safely convert `<class 'float'>` to `DataType.long` for value "
       "`1.0`"},
      {R"({"word":5})", "Can not safely convert `<class 'int'>` to `DataType.string`"},
      {R"({"is_on":1})", "'is_on': boolean (default: True), error: Can not safely convert"},
      {R"({"counts":3})",
       "Value must be a 1D array with shape (-1,) for param 'counts': long "
       "(default: [1, 2]) (shape: (-1,)), received int with ndim 0"},
      {R"({"counts":null})", "received NoneType with ndim 0"},
      {R"({"counts":{"a":1}})", "received dict with ndim 0"},
      {R"({"counts":[[1],[2]]})", "received list with ndim 2"},
      {R"({"counts":["a"]})", "Failed to validate type and shape " + many},
      {R"({"day":"2024-02-30"})",
       "Failed to convert value `2024-02-30` from type `<class 'str'>` "
       "to `DataType.datetime`"},
      {R"({"day":5})", "Failed to convert value `5` from type `<class 'int'>`"},
      {R"({"share":"x","count":"y"})", "), ('count', \"Failed"}};
  for (const auto& [params, message] : kBad) {
    const Status status = check(params);
    EXPECT_EQ(status.code(), StatusCode::kOutOfRange) << params;
    EXPECT_NE(status.message().find(message), std::string::npos) << params << status.message();
  }
  EXPECT_EQ(check(R"({"share":)").code(), StatusCode::kInvalidArgument);
}

TEST(MlflowParams, MomentsAreThoseOfNumpyThatPythonCanHold) {
  for (const char* text : {"2024", "2024-02", "2024-02-29", "2024-02-03T10", "2024-02-03 10:11",
                           "2024-02-03T10:11:12", "2024-02-03T10:11:12.123456",
                           "2024-02-03T10:11:12Z", "2024-02-03T10:11+01:00", "now", "today", ""}) {
    EXPECT_TRUE(is_datetime(text)) << text;
  }
  for (const char* text :
       {"x", "24", "2024-13", "2023-02-29", "2024-02-30", "2024-02-03T", "2024-02-03T24:00",
        "2024-02-03T10:11:12.123456789", "2024-02-03x", "2024-2-3", "2024-02-03T10:11:12 Z"}) {
    EXPECT_FALSE(is_datetime(text)) << text;
  }
}

}  // namespace
}  // namespace slipway::protocols::mlflow
