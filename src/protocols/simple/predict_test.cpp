// The simple interface: every shape and every error.
#include <gtest/gtest.h>

#include "protocols/service_harness_test.h"

namespace slipway::protocols {
namespace {

class SimplePredict : public ServiceHarness {
 protected:
  SimplePredict() { serve_iris(); }

  std::string error_of(std::string_view body) {
    const std::string answer = post("/predict", body);
    EXPECT_EQ(status(), 400) << body << " gave " << answer;
    return answer;
  }
};

// Scores of (5.1, 3.5, 1.4, 0.2): 1-5.1+3.5-2.8-0.2 = -3.6; 2.55-0.2 = 2.35; -1-3.5+2.8+0.4 = -1.3.
constexpr std::string_view kRow = "[5.1, 3.5, 1.4, 0.2]";
constexpr std::string_view kOne = R"({"prediction":[1]})";

TEST_F(SimplePredict, TakesOneRowUnderEachKey) {
  for (const char* key : {"features", "input", "instances"}) {
    EXPECT_EQ(post("/predict", std::string("{\"") + key + "\": " + std::string(kRow) + "}"), kOne);
    EXPECT_EQ(status(), 200);
  }
}

TEST_F(SimplePredict, TakesRowsNamedRowsAndListsAtTheTop) {
  EXPECT_EQ(post("/predict", R"({"features": [[5.1,3.5,1.4,0.2],[6,3,5,2]]})"),
            R"({"prediction":[1,2]})");
  EXPECT_EQ(post("/predict", R"({"features": [{"petal_width":2,"sepal_length":6,"sepal_width":3,)"
                             R"("petal_length":5},[5.1,3.5,1.4,0.2]]})"),
            R"({"prediction":[2,1]})");
  EXPECT_EQ(post("/predict", R"([[5.1,3.5,1.4,0.2]])"), kOne);
  EXPECT_EQ(post("/predict", R"([5.1,3.5,1.4,0.2])"), kOne);
  EXPECT_EQ(post("/predict", R"([{"sepal_length":5.1,"sepal_width":3.5,"petal_length":1.4,)"
                             R"("petal_width":0.2}])"),
            kOne);
}

TEST_F(SimplePredict, TakesAndGivesCsv) {
  const transport::HttpHeader csv_in[] = {{"Content-Type", "text/csv; charset=utf-8"}};
  post("/predict", "5.1,3.5,1.4,0.2\n", csv_in);
  EXPECT_EQ(status(), 400);  // named columns need their header
  EXPECT_EQ(
      post("/predict",
           "petal_width,sepal_length,sepal_width,petal_length\n0.2,5.1,3.5,1.4\n2,6,3,5\n", csv_in),
      R"({"prediction":[1,2]})");
  const transport::HttpHeader csv_out[] = {{"Accept", "text/csv"}};
  EXPECT_EQ(post("/predict", R"([[5.1,3.5,1.4,0.2],[6,3,5,2]])", csv_out), "prediction\n1\n2\n");
  EXPECT_EQ(exchange_.response().content_type, "text/csv; charset=utf-8");
  const std::string both = post("/predict?proba=1", R"([[5.1,3.5,1.4,0.2]])", csv_out);
  EXPECT_TRUE(both.starts_with("prediction,probability_0,probability_1,probability_2\n1,0."))
      << both;
}

TEST_F(SimplePredict, AnswersASingleNamedObjectByASingleValue) {
  EXPECT_EQ(post("/predict", R"({"sepal_length":5.1,"sepal_width":3.5,"petal_length":1.4,)"
                             R"("petal_width":0.2})"),
            R"({"prediction":1})");
  EXPECT_EQ(post("/predict", R"({"features":{"sepal_length":5.1,"sepal_width":3.5,)"
                             R"("petal_length":1.4,"petal_width":0.2}})"),
            R"({"prediction":1})");
}

TEST_F(SimplePredict, GivesProbabilitiesWhenAsked) {
  // At x = 0 the scores are the intercepts 1, 0, -1; scipy.special.softmax of them begins so.
  constexpr std::string_view kRows = R"({"prediction":[0],"probabilities":[[0.66524095577482)";
  constexpr std::string_view kSingle = R"({"prediction":0,"probabilities":[0.66524095577482)";
  EXPECT_TRUE(post("/predict?proba=1", R"({"features":[0,0,0,0]})").starts_with(kRows));
  EXPECT_TRUE(post("/predict", R"({"proba":true,"features":[0,0,0,0]})").starts_with(kRows));
  EXPECT_TRUE(post("/predict?proba=1", R"({"sepal_length":0,"sepal_width":0,"petal_length":0,)"
                                       R"("petal_width":0})")
                  .starts_with(kSingle));
  EXPECT_EQ(post("/predict?proba=0", R"({"features":[0,0,0,0]})"), R"({"prediction":[0]})");
  post("/predict?proba=maybe", R"({"features":[0,0,0,0]})");
  EXPECT_EQ(status(), 400);
}

TEST_F(SimplePredict, AnswersLabelsInTheirOwnType) {
  serve({{"s", serving::iris_executable(true, {DType::kString, {}, {}, {"a\"b", "versi", "v"}})},
         {"b", serving::iris_executable(true, {DType::kBool, {0, 1, 1}, {}, {}})},
         {"f", serving::iris_executable(true, {DType::kFloat64, {}, {0.5, 1, 2}, {}})}});
  EXPECT_EQ(post("/models/s/predict", kRow), R"({"prediction":["versi"]})");
  EXPECT_EQ(post("/models/s/predict", "[0,0,0,0]"), R"({"prediction":["a\"b"]})");
  EXPECT_EQ(post("/models/b/predict", kRow), R"({"prediction":[true]})");
  EXPECT_EQ(post("/models/f/predict", kRow), R"({"prediction":[1.0]})");
}

TEST_F(SimplePredict, TakesNamedValuesInOrderWhereTheModelHasNoNames) {
  serve({{"iris", serving::iris_executable(false)}});
  EXPECT_EQ(post("/predict", R"({"a":5.1,"b":3.5,"c":1.4,"d":0.2})"), R"({"prediction":1})");
  EXPECT_EQ(error_of(R"({"a":5.1,"b":3.5,"c":1.4})"),
            R"({"error":"expected 4 features in row 0, got 3"})");
  EXPECT_EQ(error_of(R"({"a":1,"b":2,"c":3,"d":4,"e":5})"),
            R"({"error":"expected 4 features in row 0, got 5"})");
}

TEST_F(SimplePredict, TakesTruthValuesAndRefusesTexts) {
  EXPECT_EQ(post("/predict", "[true,false,0,0]"), R"({"prediction":[1]})");
  EXPECT_EQ(
      error_of(R"([5.1,"3.5",1.4,0.2])"),
      R"({"error":"feature \"sepal_width\" in row 0: expected a number, got the string \"3.5\""})");
  EXPECT_EQ(error_of(R"([5.1,{},1.4,0.2])"),
            R"({"error":"feature \"sepal_width\" in row 0: expected a number, got an object"})");
}

TEST_F(SimplePredict, HandsMissingValuesToTheModelWhichSaysWhereTheyAre) {
  for (const std::string_view body : {"[5.1,null,1.4,0.2]", "[5.1,NaN,1.4,0.2]"}) {
    EXPECT_NE(error_of(body).find("NaN"), std::string::npos);
  }
  for (const std::string_view body :
       {"[5.1,Infinity,1.4,0.2]", "[5.1,-Infinity,1.4,0.2]", "[5.1,1e999,1.4,0.2]"}) {
    EXPECT_NE(error_of(body).find("infinite"), std::string::npos) << error_of(body);
  }
  EXPECT_EQ(post("/predict", "[5.1,3.5,1.4,1e-999]"), kOne);
}

TEST_F(SimplePredict, NamesWhatIsMissingUnknownOrDoubled) {
  EXPECT_EQ(error_of(R"({"sepal_length":5.1,"sepal_width":3.5,"petal_length":1.4})"),
            R"({"error":"feature \"petal_width\" in row 0 is missing"})");
  EXPECT_EQ(error_of("{}"), R"({"error":"feature \"sepal_length\" in row 0 is missing"})");
  EXPECT_EQ(
      error_of(R"({"sepal_lenght":5.1})"),
      R"({"error":"unknown feature \"sepal_lenght\" in row 0; did you mean \"sepal_length\"?"})");
  EXPECT_EQ(
      error_of(R"({"colour_of_it":5.1})"),
      R"({"error":"unknown feature \"colour_of_it\" in row 0; expected \"sepal_length\", \"sepal_width\", \"petal_length\", \"petal_width\""})");
  EXPECT_EQ(error_of(R"({"sepal_length":5.1,"sepal_length":1})"),
            R"({"error":"feature \"sepal_length\" in row 0 is given twice"})");
  EXPECT_EQ(error_of(R"({"features":[1,2,3,4],"features":[1,2,3,4]})"),
            R"({"error":"\"features\" stands beside other features; expected the rows once"})");
  EXPECT_EQ(error_of(R"({"features":[1,2,3,4],"foo":1})"),
            R"({"error":"unexpected field \"foo\" beside the rows; expected only \"proba\""})");
}

TEST_F(SimplePredict, NamesTheRowOfAWrongCount) {
  EXPECT_EQ(error_of(R"({"features":[[1,2,3,4],[1,2,3,4],[1,2,3]]})"),
            R"({"error":"expected 4 features in row 2, got 3"})");
  EXPECT_EQ(error_of("[1,2,3,4,5]"), R"({"error":"expected 4 features in row 0, got 5"})");
  EXPECT_EQ(error_of("[]"), R"({"error":"the request has no rows"})");
  EXPECT_EQ(error_of("[[]]"), R"({"error":"expected 4 features in row 0, got 0"})");
  EXPECT_EQ(error_of("[[1,2,3,4],5]"),
            R"({"error":"row 1: expected a list of values, got the number 5"})");
  EXPECT_EQ(error_of("[[1,2,3,[4]]]"),
            R"({"error":"feature \"petal_width\" in row 0: expected a number, got a list"})");
}

TEST_F(SimplePredict, RefusesWhatIsNotJson) {
  for (const std::string_view body :
       {"{", "[1,2", "[1,2,3,4]]", "[1,2,3,4] x", "[1 2 3 4]", "[1,2,3,4,]", "{\"features\":}",
        "[01,2,3,4]", "[1.,2,3,4]", "[nul,1,2,3]", "[tru,1,2,3]", "{\"features\" [1]}",
        "[+1,2,3,4]", "[-NaN,1,2,3]", "[Nan,1,2,3]", "\""}) {
    EXPECT_NE(error_of(body).find("JSON"), std::string::npos) << body << " " << error_of(body);
  }
  EXPECT_EQ(error_of(""), R"({"error":"the request has no body; expected JSON"})");
  EXPECT_EQ(error_of("  \n"), R"({"error":"the request has no body; expected JSON"})");
  EXPECT_NE(error_of("{\"\xff\":1}").find("UTF-8"), std::string::npos);
  for (const std::string_view body : {"5", "null", "\"text\"", "true"}) error_of(body);
  EXPECT_EQ(
      error_of(R"({"features": 5})"),
      R"({"error":"\"features\": expected a list of values, of rows or of objects, got the number 5"})");
}

TEST_F(SimplePredict, AnErrorBeforeAnyStructureDoesNotLookAtTheBodyBefore) {
  post("/predict", kRow);
  const std::string large(100'000, ' ');
  EXPECT_NE(error_of(large + "\xff").find("UTF-8"), std::string::npos);
  EXPECT_EQ(error_of(large + "[\"a"),
            R"({"error":"the body is not valid JSON: a string does not end"})");
  EXPECT_EQ(post("/predict", kRow), kOne);
}

TEST_F(SimplePredict, DeepNestingIsRefusedWithoutRecursion) {
  const std::string deep(1'000'000, '[');
  error_of(deep);
  error_of("{\"features\":" + deep + "1" + std::string(1'000'000, ']') + "}");
}

TEST_F(SimplePredict, ReadsTextColumnsAndTellsNoneFromNan) {
  serve({{"mixed", serving::mixed_executable()}});
  EXPECT_EQ(post("/predict", R"({"age":30,"city":"Köln"})"), R"({"prediction":[30.0]})");
  EXPECT_EQ(post("/predict", R"({"features":[[30,"a"],[null,null]]})"),
            R"({"prediction":[[30.0],[null]]})");
  EXPECT_EQ(post("/predict", R"([[NaN,NaN]])"), R"({"prediction":[[null]]})");
  EXPECT_EQ(post("/predict", R"([[30,5]])"),
            R"({"error":"feature \"city\" in row 0: expected a string, got the number 5"})");
  EXPECT_EQ(
      post("/predict?proba=1", R"([[30,"a"]])"),
      R"({"error":"model \"mixed\" gives no probabilities; it has: transform, cities, cells"})");
}

TEST_F(SimplePredict, TakesObjectsAsRowsWhereTheModelTakesRecords) {
  serve({{"weather", serving::records_executable()}});
  constexpr std::string_view kOneRow = R"({"prediction":[[1.0,0.0,1.0,2.5]]})";
  constexpr std::string_view kRecord =
      R"({"city":"London","wind":2.5,"tags":["wet","cold"],"new":true})";
  for (const char* key : {"features", "input", "instances"}) {
    EXPECT_EQ(post("/predict", std::string("{\"") + key + "\":[" + std::string(kRecord) + "]}"),
              kOneRow);
  }
  EXPECT_EQ(post("/predict", "[" + std::string(kRecord) + "]"), kOneRow);
  constexpr std::string_view kSingle = R"({"prediction":[1.0,0.0,1.0,2.5]})";
  EXPECT_EQ(post("/predict", kRecord), kSingle);
  EXPECT_EQ(post("/predict", "{\"features\":" + std::string(kRecord) + "}"), kSingle);
  EXPECT_EQ(post("/predict", "{}"), R"({"prediction":[0.0,0.0,0.0,0.0]})");
  EXPECT_EQ(post("/predict", R"([{},{"wind":null},{"wind":NaN},{"wind":true,"city":5}])"),
            R"({"prediction":[[0.0,0.0,0.0,0.0],[0.0,0.0,0.0,null],[0.0,0.0,0.0,null],)"
            R"([0.0,0.0,0.0,1.0]]})");
  // In a record any key may come, so only a list or an object under these is rows.
  EXPECT_EQ(post("/predict", R"({"input":7,"wind":1,"proba":false})"),
            R"({"prediction":[0.0,0.0,0.0,1.0]})");
  EXPECT_EQ(post("/predict", R"({"city":"Par\u0069s","tags":[]})"),
            R"({"prediction":[0.0,1.0,0.0,0.0]})");
}

TEST_F(SimplePredict, NamesRowAndKeyOfABrokenRecord) {
  serve({{"weather", serving::records_executable()}});
  EXPECT_EQ(error_of(R"([{},{"city":{"name":"London"}}])"),
            R"({"error":"row 1: key \"city\": expected a number, a string, true or false, null or )"
            R"(a list of strings, got an object"})");
  EXPECT_EQ(error_of(R"({"tags":["wet",5]})"),
            R"({"error":"row 0: key \"tags\": expected strings in the list, got the number 5"})");
  EXPECT_EQ(error_of(R"([{"wind":1,"wind":2}])"),
            R"({"error":"row 0: the key \"wind\" is given twice"})");
  EXPECT_EQ(error_of(R"({"wind":1,"wind":2})"),
            R"({"error":"row 0: the key \"wind\" is given twice"})");
  EXPECT_EQ(error_of("[[1,2]]"), R"({"error":"row 0: expected an object, got a list"})");
  EXPECT_EQ(error_of("[5]"), R"({"error":"row 0: expected an object, got the number 5"})");
  EXPECT_EQ(error_of(R"({"features":[{}],"more":1})"),
            R"({"error":"unexpected field \"more\" beside the rows; expected only \"proba\""})");
  EXPECT_EQ(error_of("[]"), R"({"error":"the request has no rows"})");
  std::string many = "{\"tags\":[\"a\"";
  for (uint32_t i = 0; i < kRecordFieldsMax; ++i) many += ",\"a\"";
  const std::string answer = error_of(many + "]}");
  EXPECT_NE(answer.find("a record holds at most 65536 values"), std::string::npos) << answer;
}

TEST_F(SimplePredict, TakesRecordsBesideColumns) {
  serve({{"weather", serving::records_executable(true)}});
  EXPECT_EQ(post("/predict", R"({"age":30,"weather":{"city":"Paris","wind":1}})"),
            R"({"prediction":[30.0,0.0,1.0,0.0,1.0]})");
  EXPECT_EQ(post("/predict", R"([[30,{}]])"), R"({"prediction":[[30.0,0.0,0.0,0.0,0.0]]})");
  EXPECT_EQ(error_of(R"([[30,null]])"),
            R"({"error":"feature \"weather\" in row 0: expected an object, got null"})");
}

TEST_F(SimplePredict, AsksForTheModelWhenThereAreSeveral) {
  serve({{"a", serving::iris_executable()}, {"b.c-d", serving::iris_executable()}});
  EXPECT_NE(error_of(kRow).find("served: a, b.c-d"), std::string::npos);
  EXPECT_EQ(post("/models/b.c-d/predict", kRow), kOne);
  EXPECT_EQ(post("/models/b%2Ec-d/predict", kRow), kOne);
  EXPECT_EQ(post("/models/zz/predict", kRow),
            R"({"error":"there is no model \"zz\"; served: a, b.c-d"})");
  EXPECT_EQ(status(), 404);
  post("/models/%zz/predict", kRow);
  EXPECT_EQ(status(), 400);
  serve({{"a", serving::iris_executable()}, {"b", serving::iris_executable()}}, {}, "b");
  EXPECT_EQ(post("/predict", kRow), kOne);
}

}  // namespace
}  // namespace slipway::protocols
