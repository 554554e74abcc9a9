// The Open Inference Protocol: metadata, infer in JSON and binary, every error.
#include <gtest/gtest.h>

#include <cstring>

#include "protocols/service_harness_test.h"

namespace slipway::protocols {
namespace {

using transport::HttpHeader;

class KserveInfer : public ServiceHarness {
 protected:
  KserveInfer() { serve({{"iris", serving::iris_executable(false)}}); }

  const std::string& infer(std::string_view body) { return post("/v2/models/iris/infer", body); }
  std::string tensor(std::string_view datatype, std::string_view shape, std::string_view data) {
    return R"({"inputs":[{"name":"x","datatype":")" + std::string(datatype) + R"(","shape":)" +
           std::string(shape) + R"(,"data":)" + std::string(data) + "}]}";
  }
  std::string error_of(std::string_view body) {
    const std::string answer = infer(body);
    EXPECT_EQ(status(), 400) << body << " gave " << answer;
    return answer;
  }
  const std::string& infer_binary(const std::string& json, const std::string& binary) {
    length_ = std::to_string(json.size());
    const HttpHeader headers[] = {{"inference-header-content-length", length_}};
    return post("/v2/models/iris/infer", json + binary, headers);
  }
  template <typename T>
  static std::string bytes_of(std::initializer_list<T> values) {
    std::string bytes;
    for (const T value : values) {
      char raw[sizeof(T)];
      std::memcpy(raw, &value, sizeof(T));
      bytes.append(raw, sizeof(T));
    }
    return bytes;
  }
  std::string length_;
};

constexpr std::string_view kOne =
    R"({"model_name":"iris","model_version":"1","outputs":[{"name":"predict","datatype":"INT64",)"
    R"("shape":[1,1],"parameters":{"content_type":"np"},"data":[1]}]})";

TEST_F(KserveInfer, TakesAMatrixFlatOrNested) {
  EXPECT_EQ(infer(tensor("FP64", "[1,4]", "[5.1,3.5,1.4,0.2]")), kOne);
  EXPECT_EQ(infer(tensor("FP64", "[1,4]", "[[5.1,3.5,1.4,0.2]]")), kOne);
  EXPECT_EQ(status(), 200);
  EXPECT_EQ(
      infer(tensor("FP32", "[2,4]", "[[5.1,3.5,1.4,0.2],[6,3,5,2]]")),
      R"({"model_name":"iris","model_version":"1","outputs":[{"name":"predict",)"
      R"("datatype":"INT64","shape":[2,1],"parameters":{"content_type":"np"},"data":[1,2]}]})");
}

TEST_F(KserveInfer, TakesTheFieldsInAnyOrderAndEchoesTheId) {
  EXPECT_EQ(infer(R"({"inputs":[{"data":[5.1,3.5,1.4,0.2],"shape":[1,4],"parameters":{"a":[1]},)"
                  R"("datatype":"FP64","name":"any"}],"parameters":{"k":1},"id":"a\"7"})"),
            R"({"model_name":"iris","model_version":"1","id":"a\"7","outputs":[{"name":"predict",)"
            R"("datatype":"INT64","shape":[1,1],"parameters":{"content_type":"np"},"data":[1]}]})");
}

TEST_F(KserveInfer, GivesTheOutputsThatAreNamedInTheirOrder) {
  EXPECT_EQ(infer(R"({"outputs":[{"name":"decision_function"},{"name":"predict"}],"inputs":)"
                  R"([{"name":"x","shape":[1,4],"datatype":"INT32","data":[0,0,0,0]}]})"),
            R"({"model_name":"iris","model_version":"1","outputs":[{"name":"decision_function",)"
            R"("datatype":"FP64","shape":[1,3],"parameters":{"content_type":"np"},)"
            R"("data":[1.0,0.0,-1.0]},{"name":"predict","datatype":"INT64","shape":[1,1],)"
            R"("parameters":{"content_type":"np"},"data":[0]}]})");
  EXPECT_EQ(
      error_of(R"({"outputs":[{"name":"p"}],"inputs":[{"name":"x","shape":[1,4],)"
               R"("datatype":"FP64","data":[0,0,0,0]}]})"),
      R"({"error":"unknown output \"p\"; the model has: predict, predict_proba, decision_function"})");
  error_of(R"({"outputs":[{"name":"predict"},{"name":"predict"}],"inputs":[{"name":"x",)"
           R"("shape":[1,4],"datatype":"FP64","data":[0,0,0,0]}]})");
}

TEST_F(KserveInfer, ConvertsAsTheDatatypeHoldsTheNumber) {
  const auto score = [&](std::string_view datatype, std::string_view value) {
    // decision_function[1] = 0.5 * x0 - x3
    const std::string body =
        R"({"outputs":[{"name":"decision_function"}],"inputs":[{"name":"x","shape":[1,4],)"
        R"("datatype":")" +
        std::string(datatype) + R"(","data":[)" + std::string(value) + ",0,0,0]}]}";
    const std::string answer = infer(body);
    const size_t begin = answer.find("\"data\":[") + 8;
    const size_t comma = answer.find(',', begin);
    return answer.substr(comma + 1, answer.find(',', comma + 1) - comma - 1);
  };
  EXPECT_EQ(score("FP64", "5.1"), "2.55");
  EXPECT_EQ(score("FP32", "5.1"), "2.549999952316284");  // numpy.float64(numpy.float32(5.1)) / 2
  EXPECT_EQ(score("FP16", "5.1"), "2.55078125");         // numpy.float16(5.1) is 5.1015625
  EXPECT_EQ(score("BOOL", "true"), "0.5");
  EXPECT_EQ(score("UINT64", "4611686018427387904"), "2305843009213693952.0");
}

TEST_F(KserveInfer, HoldsIntegersToTheirRange) {
  for (const auto& [datatype, value] :
       std::initializer_list<std::pair<const char*, const char*>>{{"INT8", "128"},
                                                                  {"UINT8", "-1"},
                                                                  {"INT16", "32768"},
                                                                  {"UINT16", "65536"},
                                                                  {"INT32", "2147483648"},
                                                                  {"UINT32", "4294967296"},
                                                                  {"INT64", "9.3e18"},
                                                                  {"UINT64", "-1"},
                                                                  {"BOOL", "2"},
                                                                  {"INT32", "1.5"}}) {
    const std::string answer =
        error_of(tensor(datatype, "[1,4]", std::string("[0,0,0,") + value + "]"));
    EXPECT_NE(answer.find("element 3"), std::string::npos) << answer;
    EXPECT_NE(answer.find(datatype), std::string::npos) << answer;
  }
  // A missing value is one in an integer tensor too; this model takes none.
  EXPECT_NE(error_of(tensor("INT32", "[1,4]", "[0,0,0,null]")).find("NaN"), std::string::npos);
  EXPECT_NE(error_of(tensor("INT32", "[1,4]", "[0,0,0,NaN]")).find("NaN"), std::string::npos);
}

TEST_F(KserveInfer, ChecksShapeAgainstModelAndData) {
  EXPECT_EQ(error_of(tensor("FP64", "[1,3]", "[1,2,3]")),
            R"({"error":"input \"x\": expected shape [rows, 4], got [1, 3]"})");
  EXPECT_EQ(error_of(tensor("FP64", "[4]", "[1,2,3,4]")),
            R"({"error":"input \"x\": expected shape [rows, 4], got [4]; one row is [1, n]"})");
  EXPECT_EQ(error_of(tensor("FP64", "[1,4]", "[1,2,3]")),
            R"({"error":"input \"x\": \"data\": expected 4 values by its shape, got 3"})");
  EXPECT_EQ(error_of(tensor("FP64", "[1,4]", "[1,2,3,4,5]")),
            R"({"error":"input \"x\": \"data\": expected 4 values by its shape, got 5"})");
  EXPECT_EQ(error_of(tensor("FP64", "[2,4]", "[[1,2,3],[4,5,6,7,8]]")),
            R"({"error":"input \"x\": \"data\": expected 4 values in row 0, got 3"})");
  for (const char* data : {"[1,[2,3,4]]", "[[1,2],3,4]", "[[[1,2,3,4]]]", "5", "{}", "\"a\""}) {
    error_of(tensor("FP64", "[1,4]", data));
  }
  for (const char* shape : {"[]", "[-1,4]", "[1,4,1]", "[1.5,4]", "4", "[\"1\",4]"}) {
    error_of(tensor("FP64", shape, "[1,2,3,4]"));
  }
  EXPECT_NE(error_of(tensor("FP64", "[4000000000,4]", "[1]")).find("more than the body holds"),
            std::string::npos);
  error_of(tensor("FP64", "[18446744073709551615,4]", "[1]"));
  EXPECT_NE(error_of(tensor("FP64", "[0,4]", "[]")).find("no rows"), std::string::npos);
}

TEST_F(KserveInfer, NamesWhatIsMissingOrWrong) {
  EXPECT_EQ(error_of("{}"),
            R"({"error":"\"inputs\" is missing or empty; expected at least one tensor"})");
  EXPECT_EQ(error_of(R"({"inputs":[]})"),
            R"({"error":"\"inputs\" is missing or empty; expected at least one tensor"})");
  EXPECT_EQ(error_of(R"({"inputs":[{"shape":[1,4],"datatype":"FP64","data":[1]}]})"),
            R"({"error":"an element of \"inputs\" has no \"name\""})");
  EXPECT_EQ(error_of(R"({"inputs":[{"name":"x","datatype":"FP64","data":[1]}]})"),
            R"({"error":"input \"x\" has no \"shape\""})");
  EXPECT_EQ(error_of(R"({"inputs":[{"name":"x","shape":[1,4],"data":[1]}]})"),
            R"({"error":"input \"x\" has no \"datatype\""})");
  EXPECT_EQ(error_of(R"({"inputs":[{"name":"x","shape":[1,4],"datatype":"FP64"}]})"),
            R"({"error":"input \"x\" has no \"data\""})");
  EXPECT_NE(error_of(tensor("FLOAT", "[1,4]", "[1,2,3,4]")).find("unknown datatype \\\"FLOAT\\\""),
            std::string::npos);
  EXPECT_EQ(error_of(tensor("BYTES", "[1,4]", R"(["a","b","c","d"])")),
            R"({"error":"input \"x\": expected a datatype of numbers, got BYTES"})");
  EXPECT_NE(error_of(tensor("FP64", "[1,4]", R"([1,2,"3",4])"))
                .find("element 2: expected a number, got the string \\\"3\\\""),
            std::string::npos);
  for (const char* body : {"[]", "5", "{\"inputs\":5}", "{\"inputs\":[5]}", "{\"inputs\":[",
                           "{\"inputs\":[]} 5", "{\"id\":5}", "{\"inputs\":[],\"inputs\":[]}",
                           "{\"outputs\":5}", "{\"parameters\":5}", ""}) {
    error_of(body);
  }
}

TEST_F(KserveInfer, TakesOneTensorPerNamedColumnInAnyOrder) {
  serve({{"iris", serving::iris_executable(true)}});
  const auto column = [](std::string_view name, std::string_view shape, std::string_view data) {
    return R"({"name":")" + std::string(name) + R"(","shape":)" + std::string(shape) +
           R"(,"datatype":"FP64","data":)" + std::string(data) + "}";
  };
  const std::string four = "{\"inputs\":[" + column("petal_width", "[2]", "[0.2,2]") + "," +
                           column("sepal_length", "[2,1]", "[[5.1],[6]]") + "," +
                           column("petal_length", "[2,1]", "[1.4,5]") + "," +
                           column("sepal_width", "[2]", "[3.5,3]") + "]}";
  EXPECT_NE(infer(four).find("\"data\":[1,2]"), std::string::npos) << infer(four);
  EXPECT_EQ(infer(tensor("FP64", "[1,4]", "[5.1,3.5,1.4,0.2]")), kOne);  // or as one matrix
  EXPECT_EQ(
      error_of("{\"inputs\":[" + column("petal_width", "[1]", "[1]") + "," +
               column("sepal_width", "[1]", "[1]") + "]}"),
      R"({"error":"input \"sepal_length\" is missing; expected one tensor for each of the 4 columns"})");
  EXPECT_EQ(error_of("{\"inputs\":[" + column("petal_width", "[1]", "[1]") + "," +
                     column("petal_wide", "[1]", "[1]") + "]}"),
            R"({"error":"unknown input \"petal_wide\"; did you mean \"petal_width\"?"})");
  EXPECT_EQ(error_of("{\"inputs\":[" + column("petal_width", "[1]", "[1]") + "," +
                     column("petal_width", "[1]", "[1]") + "]}"),
            R"({"error":"input \"petal_width\" is given twice"})");
  EXPECT_EQ(error_of("{\"inputs\":[" + column("petal_width", "[1]", "[1]") + "," +
                     column("petal_length", "[2]", "[1,2]") + "]}"),
            R"({"error":"input \"petal_length\" has 2 rows, but \"petal_width\" has 1"})");
}

TEST_F(KserveInfer, ReadsAndWritesTexts) {
  serve({{"iris", serving::mixed_executable()}});
  EXPECT_EQ(infer(R"({"outputs":[{"name":"cities"}],"inputs":[{"name":"city","shape":[3],)"
                  R"("datatype":"BYTES","data":["Ulm","é\n",null]},{"name":"age","shape":[3,1],)"
                  R"("datatype":"INT64","data":[1,2,null]}]})"),
            R"({"model_name":"iris","model_version":"1","outputs":[{"name":"cities",)"
            R"("datatype":"BYTES","shape":[3,1],"parameters":{"content_type":"str"},)"
            R"("data":["Ulm","é\n",null]}]})");
  EXPECT_NE(error_of(R"({"inputs":[{"name":"city","shape":[1],"datatype":"FP64","data":[1]},)"
                     R"({"name":"age","shape":[1],"datatype":"FP64","data":[1]}]})")
                .find("input \\\"city\\\": expected BYTES, got FP64"),
            std::string::npos);
}

TEST_F(KserveInfer, WritesTextsAndNumbersSideBySide) {
  serve({{"iris", serving::mixed_executable()}});
  const auto request = [](std::string_view binary) {
    return R"({"outputs":[{"name":"cells","parameters":{"binary_data":)" + std::string(binary) +
           R"(}}],"inputs":[{"name":"city","shape":[2],"datatype":"BYTES","data":["Ulm",null]},)"
           R"({"name":"age","shape":[2],"datatype":"FP64","data":[31,null]}]})";
  };
  EXPECT_EQ(infer(request("false")),
            R"({"model_name":"iris","model_version":"1","outputs":[{"name":"cells",)"
            R"("datatype":"BYTES","shape":[2,2],"parameters":{"content_type":"np"},)"
            R"("data":[31.0,"Ulm",null,null]}]})");
  const std::string answer = infer(request("true"));
  const auto text = [](std::string_view value) {
    return bytes_of<uint32_t>({static_cast<uint32_t>(value.size())}) + std::string(value);
  };
  EXPECT_TRUE(answer.ends_with(text("31.0") + text("Ulm") + text("nan") + text(""))) << answer;
}

TEST_F(KserveInfer, TakesRecordsAsTextsOrObjects) {
  serve({{"iris", serving::records_executable()}});
  constexpr std::string_view kTwo =
      R"({"model_name":"iris","model_version":"1","outputs":[{"name":"transform",)"
      R"("datatype":"FP64","shape":[2,4],"parameters":{"content_type":"np"},)"
      R"("data":[1.0,0.0,1.0,0.0,0.0,0.0,0.0,null]}]})";
  constexpr std::string_view kTexts =
      R"(["{\"city\": \"London\", \"tags\": [\"wet\"]}", " {\"wind\":NaN}\n"])";
  constexpr std::string_view kObjects = R"([{"city":"London","tags":["wet"]},{"wind":null}])";
  for (const std::string_view data : {kTexts, kObjects}) {
    EXPECT_EQ(infer(tensor("BYTES", "[2]", data)), kTwo);
    EXPECT_EQ(infer(tensor("BYTES", "[2,1]", data)), kTwo);
  }
  const auto text = [](std::string_view value) {
    const auto size = static_cast<uint32_t>(value.size());
    return bytes_of<uint32_t>({size}) + std::string(value);
  };
  const std::string bytes = text(R"({"city":"London","tags":["wet"]})") + text(R"({"wind":NaN})");
  EXPECT_EQ(infer_binary(R"({"inputs":[{"name":"x","shape":[2],"datatype":"BYTES",)"
                         R"("parameters":{"binary_data_size":)" +
                             std::to_string(bytes.size()) + "}}]}",
                         bytes),
            kTwo);
  EXPECT_NE(get("/v2/models/iris")
                .find(R"("inputs":[{"name":"record","datatype":"BYTES",)"
                      R"("shape":[-1,1],"parameters":{"content_type":"json"}}])"),
            std::string::npos);
}

TEST_F(KserveInfer, NamesTheElementOfABrokenRecord) {
  serve({{"iris", serving::records_executable()}});
  const auto broken = [&](std::string_view data) { return error_of(tensor("BYTES", "[1]", data)); };
  EXPECT_EQ(broken(R"(["{\"city\":"])"),
            R"({"error":"input \"x\": \"data\" element 0: the text is not valid JSON: )"
            R"(a list or object does not end near byte 0"})");
  EXPECT_EQ(broken(R"(["[1]"])"),
            R"({"error":"input \"x\": \"data\" element 0: expected the text of a JSON object"})");
  EXPECT_EQ(broken(R"([" "])"), R"({"error":"input \"x\": \"data\" element 0: expected the text )"
                                R"(of a JSON object, got an empty one"})");
  EXPECT_EQ(broken("[null]"),
            R"({"error":"input \"x\": \"data\" element 0: expected an object, got null"})");
  EXPECT_NE(broken(R"(["{} x"])").find("is not valid JSON"), std::string::npos);
  EXPECT_NE(error_of(tensor("FP64", "[1]", "[1]")).find("expected BYTES, got FP64"),
            std::string::npos);
}

TEST_F(KserveInfer, TakesRecordsBesideColumns) {
  serve({{"iris", serving::records_executable(true)}});
  EXPECT_NE(infer(R"({"inputs":[{"name":"weather","shape":[1],"datatype":"BYTES","data":)"
                  R"(["{\"wind\":2}"]},{"name":"age","shape":[1],"datatype":"FP64","data":[30]}]})")
                .find(R"("data":[30.0,0.0,0.0,0.0,2.0])"),
            std::string::npos);
}

TEST_F(KserveInfer, ReadsBinaryTensors) {
  const auto json = [](std::string_view datatype, size_t size) {
    return R"({"inputs":[{"name":"x","shape":[1,4],"datatype":")" + std::string(datatype) +
           R"(","parameters":{"binary_data_size":)" + std::to_string(size) + "}}]}";
  };
  EXPECT_EQ(infer_binary(json("FP64", 32), bytes_of<double>({5.1, 3.5, 1.4, 0.2})), kOne);
  EXPECT_EQ(infer_binary(json("FP32", 16), bytes_of<float>({5.1F, 3.5F, 1.4F, 0.2F})), kOne);
  EXPECT_EQ(infer_binary(json("INT8", 4), bytes_of<int8_t>({5, 3, 1, 0})), kOne);
  EXPECT_EQ(infer_binary(json("FP16", 8), bytes_of<uint16_t>({0x4500, 0x4200, 0x3C00, 0})), kOne);
  EXPECT_EQ(
      infer_binary(json("FP64", 32), bytes_of<double>({5.1, 3.5, 1.4})),
      R"({"error":"input \"x\": its binary_data_size is 32, but only 24 bytes follow the JSON"})");
  EXPECT_EQ(infer_binary(json("FP64", 24), bytes_of<double>({5.1, 3.5, 1.4})),
            R"({"error":"input \"x\": expected 32 bytes of FP64 by its shape, got 24"})");
  EXPECT_EQ(infer_binary(json("FP64", 32), bytes_of<double>({5.1, 3.5, 1.4, 0.2, 1})),
            R"({"error":"8 bytes follow the JSON that no input claims"})");
  const HttpHeader headers[] = {{"Inference-Header-Content-Length", "900"}};
  post("/v2/models/iris/infer", "{}", headers);
  EXPECT_EQ(status(), 400);
}

TEST_F(KserveInfer, TakesABodyThatIsNothingButData) {
  const HttpHeader raw[] = {{"Inference-Header-Content-Length", "0"}};
  constexpr std::string_view kInfer = "/v2/models/iris/infer";
  const std::string rows = bytes_of<double>({5.1, 3.5, 1.4, 0.2, 6, 3, 5, 2});
  const std::string body = post(kInfer, rows, raw);
  EXPECT_EQ(status(), 200);
  const std::string length(exchange_.answered_header("Inference-Header-Content-Length"));
  EXPECT_EQ(body.substr(std::stoul(length)), bytes_of<int64_t>({1, 2}));
  EXPECT_NE(post(kInfer, rows.substr(1), raw).find("expected a multiple of 32 bytes, got 63"),
            std::string::npos);
  EXPECT_EQ(status(), 400);
  post(kInfer, "", raw);
  EXPECT_EQ(status(), 400);
  serve({{"mixed", serving::mixed_executable()}, {"records", serving::records_executable()}});
  post("/v2/models/mixed/infer", rows, raw);
  EXPECT_EQ(status(), 400) << "numbers and texts";
  post("/v2/models/records/infer", R"({"city":"Paris"})", raw);
  EXPECT_EQ(status(), 200) << exchange_.response().body;
  post("/v2/models/records/infer", "{", raw);
  EXPECT_EQ(status(), 400);
}

TEST_F(KserveInfer, WritesBinaryTensorsBehindTheJson) {
  infer(R"({"parameters":{"binary_data_output":true},"outputs":[{"name":"predict"},)"
        R"({"name":"decision_function","parameters":{"binary_data":false}}],)"
        R"("inputs":[{"name":"x","shape":[1,4],"datatype":"FP64","data":[0,0,0,0]}]})");
  const std::string expected =
      R"({"model_name":"iris","model_version":"1","outputs":[{"name":"predict","datatype":"INT64",)"
      R"("shape":[1,1],"parameters":{"binary_data_size":8}},{"name":"decision_function",)"
      R"("datatype":"FP64","shape":[1,3],"parameters":{"content_type":"np"},)"
      R"("data":[1.0,0.0,-1.0]}]})";
  EXPECT_EQ(exchange_.response().body, expected + bytes_of<int64_t>({0}));
  EXPECT_EQ(exchange_.answered_header("Inference-Header-Content-Length"),
            std::to_string(expected.size()));
  EXPECT_EQ(exchange_.response().content_type, "application/octet-stream");
}

TEST_F(KserveInfer, ReadsBinaryTextsWithinTheirBounds) {
  serve({{"iris", serving::mixed_executable()}});
  const auto ask_texts = [&](const std::string& texts) {
    const std::string json =
        R"({"outputs":[{"name":"cities","parameters":{"binary_data":true}}],"inputs":[)"
        R"({"name":"age","shape":[2],"datatype":"FP64","data":[1,2]},{"name":"city","shape":[2],)"
        R"("datatype":"BYTES","parameters":{"binary_data_size":)" +
        std::to_string(texts.size()) + "}}]}";
    return infer_binary(json, texts);
  };
  const std::string texts = bytes_of<uint32_t>({3}) + "Ulm" + bytes_of<uint32_t>({0});
  const std::string answer = ask_texts(texts);
  EXPECT_EQ(status(), 200) << answer;
  EXPECT_TRUE(answer.ends_with(texts));
  for (const std::string& broken :
       {bytes_of<uint32_t>({300}) + "Ulm", texts + "x", std::string("\1\0", 2),
        bytes_of<uint32_t>({1}) + "\xff" + bytes_of<uint32_t>({0})}) {
    ask_texts(broken);
    EXPECT_EQ(status(), 400);
  }
}

TEST_F(KserveInfer, DescribesTheModel) {
  EXPECT_EQ(get("/v2/models/iris"),
            R"({"name":"iris","versions":["1"],"platform":"slipway_sklearn","inputs":[)"
            R"({"name":"input","datatype":"FP64","shape":[-1,4]}],"outputs":[)"
            R"({"name":"predict","datatype":"INT64","shape":[-1,1]},)"
            R"({"name":"predict_proba","datatype":"FP64","shape":[-1,3]},)"
            R"({"name":"decision_function","datatype":"FP64","shape":[-1,3]}],"parameters":)"
            R"({"class":"sklearn.linear_model._logistic.LogisticRegression",)"
            R"("library":"scikit-learn","library_version":"1.7.2","digest":"sha256:0123abcd",)"
            R"("default_output":"predict","trained_with_column_names":false}})");
  serve({{"iris", serving::mixed_executable()}});
  EXPECT_NE(get("/v2/models/iris/versions/1")
                .find(R"("inputs":[{"name":"age","datatype":"FP64","shape":[-1,1]},)"
                      R"({"name":"city","datatype":"BYTES","shape":[-1,1]}])"),
            std::string::npos);
  EXPECT_EQ(get("/v2/models"), R"({"models":["iris"]})");
  EXPECT_EQ(get("/v2"),
            R"x({"name":"slipway","version":"","extensions":["classification","model_repository",)x"
            R"x("model_repository(unload_dependents)","schedule_policy","model_configuration",)x"
            R"x("binary_tensor_data","parameters","statistics","generate","logging"]})x");
}

TEST_F(KserveInfer, KnowsVersionsAndUnknownModels) {
  EXPECT_EQ(get("/v2/models/iris/versions/1/ready"), R"({"name":"iris","ready":true})");
  get("/v2/models/iris/versions/2/ready");
  EXPECT_EQ(status(), 404);
  get("/v2/models/wine");
  EXPECT_EQ(status(), 404);
  EXPECT_EQ(post("/v2/models/iris/versions/1/infer", tensor("FP64", "[1,4]", "[5.1,3.5,1.4,0.2]")),
            kOne);
  post("/v2/models/wine/infer", "{}");
  EXPECT_EQ(status(), 404);
}

}  // namespace
}  // namespace slipway::protocols
