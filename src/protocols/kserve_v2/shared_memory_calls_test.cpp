// Tensors in shared memory, and classification, over REST and gRPC.
#include <gmock/gmock.h>

#include "protocols/kserve_v2/rpc_harness_test.h"
#include "protocols/shared_memory_object_test.h"

namespace slipway::protocols {
namespace {

using testing::HasSubstr;

class SharedMemoryCallsTest : public RpcHarness {
 protected:
  void SetUp() override {
    ServiceOptions options;
    options.shared_memory = true;
    options.request_bytes_max = 4096;
    start(options, nullptr);
    serve_iris();
    handler_ = &service_->grpc_handler();
    in_.put(bytes_of({5.1, 3.5, 1.4, 0.2, 6.7, 3.0, 5.2, 2.3}));
    post("/v2/systemsharedmemory/region/in/register",
         R"({"key":")" + in_.key() + R"(","offset":0,"byte_size":128})");
    EXPECT_EQ(status(), 200);
    inference::SystemSharedMemoryRegisterRequest request;
    request.set_name("out");
    request.set_key(out_.key());
    request.set_byte_size(128);
    ask<inference::SystemSharedMemoryRegisterResponse>("SystemSharedMemoryRegister", request);
    EXPECT_EQ(code(), StatusCode::kOk);
  }

  static std::string body(std::string_view place, std::string_view outputs = "") {
    return R"({"inputs":[{"name":"x","shape":[2,4],"datatype":"FP64","parameters":{)" +
           std::string(place) + "}}]" + std::string(outputs) + "}";
  }
  static inference::ModelInferRequest shared_request() {
    inference::ModelInferRequest made = request();
    auto& input = add_input(made, "x", "FP64", {2, 4});
    (*input.mutable_parameters())["shared_memory_region"].set_string_param("in");
    (*input.mutable_parameters())["shared_memory_byte_size"].set_int64_param(64);
    return made;
  }

  static constexpr std::string_view kIn =
      R"("shared_memory_region":"in","shared_memory_byte_size":64)";
  SharedObject in_{"in", 128};
  SharedObject out_{"out", 128};
};

TEST_F(SharedMemoryCallsTest, InputsAndOutputsOverRest) {
  const std::string inline_answer = post(
      "/v2/models/iris/infer",
      R"({"inputs":[{"name":"x","shape":[2,4],"datatype":"FP64","data":[5.1,3.5,1.4,0.2,6.7,3,5.2,2.3]}]})");
  EXPECT_EQ(post("/v2/models/iris/infer", body(kIn)), inline_answer);
  post(
      "/v2/models/iris/infer",
      body(kIn, R"(,"outputs":[{"name":"predict_proba","parameters":{"shared_memory_region":"out",)"
                R"("shared_memory_offset":8,"shared_memory_byte_size":120}}])"));
  EXPECT_EQ(status(), 200) << exchange_.response().body;
  EXPECT_THAT(exchange_.response().body,
              HasSubstr(R"("parameters":{"shared_memory_region":"out","shared_memory_offset":8)"));
  double row[3] = {};
  std::memcpy(row, out_.get(8, sizeof(row)).data(), sizeof(row));
  EXPECT_NEAR(row[0] + row[1] + row[2], 1, 1e-12);
  EXPECT_EQ(out_.get(0, 8), std::string(8, '\0'));
}

TEST_F(SharedMemoryCallsTest, InputsAndOutputsOverGrpc) {
  inference::ModelInferRequest made = shared_request();
  auto& output = *made.add_outputs();
  output.set_name("predict_proba");
  (*output.mutable_parameters())["shared_memory_region"].set_string_param("out");
  (*output.mutable_parameters())["shared_memory_byte_size"].set_int64_param(128);
  made.add_outputs()->set_name("predict");
  const auto answer = infer(made);
  ASSERT_EQ(code(), StatusCode::kOk) << error();
  ASSERT_EQ(answer.outputs_size(), 2);
  EXPECT_EQ(answer.outputs(0).parameters().at("shared_memory_region").string_param(), "out");
  ASSERT_EQ(answer.raw_output_contents_size(), 2);
  EXPECT_TRUE(answer.raw_output_contents(0).empty());
  EXPECT_FALSE(answer.raw_output_contents(1).empty());
  EXPECT_NE(out_.get(0, 8), std::string(8, '\0'));
}

TEST_F(SharedMemoryCallsTest, AClientThatCutsItsRegionOffGetsAnError) {
  ASSERT_TRUE(in_.resize(16));
  post("/v2/models/iris/infer", body(kIn));
  EXPECT_EQ(status(), 400);
  EXPECT_THAT(exchange_.response().body, HasSubstr("has become smaller"));
  infer(shared_request());
  EXPECT_EQ(code(), StatusCode::kInvalidArgument);
}

TEST_F(SharedMemoryCallsTest, AnOutputThatDoesNotFitIsRefusedInTheWordsOfTriton) {
  post(
      "/v2/models/iris/infer",
      body(kIn, R"(,"outputs":[{"name":"predict_proba","parameters":{"shared_memory_region":"out",)"
                R"("shared_memory_byte_size":8}}])"));
  EXPECT_EQ(status(), 500);
  EXPECT_THAT(exchange_.response().body,
              HasSubstr("shared memory size specified with the request for output "
                        "'predict_proba' (8 bytes) should be at least"));
  inference::ModelInferRequest made = shared_request();
  auto& output = *made.add_outputs();
  output.set_name("predict_proba");
  (*output.mutable_parameters())["shared_memory_region"].set_string_param("out");
  (*output.mutable_parameters())["shared_memory_byte_size"].set_int64_param(8);
  infer(made);
  EXPECT_EQ(code(), StatusCode::kInternal);
}

TEST_F(SharedMemoryCallsTest, WrongPlacesAreRefused) {
  const std::pair<std::string, int> kBad[] = {
      {R"("shared_memory_region":"none","shared_memory_byte_size":64)", 404},
      {R"("shared_memory_region":"in","shared_memory_byte_size":129)", 400},
      {R"("shared_memory_region":"in","shared_memory_byte_size":64,"shared_memory_offset":128)",
       400},
      {R"("shared_memory_region":"in","shared_memory_byte_size":18446744073709551615)", 400},
      {R"("shared_memory_region":"in","shared_memory_byte_size":-1)", 400},
      {R"("shared_memory_region":"in","shared_memory_byte_size":63)", 400},
      {R"("shared_memory_region":"in")", 400},
      {R"("shared_memory_region":5)", 400}};
  for (const auto& [place, expected] : kBad) {
    post("/v2/models/iris/infer", body(place));
    EXPECT_EQ(status(), expected) << place << exchange_.response().body;
  }
  inference::ModelInferRequest made = shared_request();
  (*made.mutable_inputs(0)->mutable_parameters())["shared_memory_offset"].set_int64_param(-1);
  infer(made);
  EXPECT_EQ(code(), StatusCode::kInvalidArgument);
  made = shared_request();
  made.add_raw_input_contents("12345678");
  infer(made);
  EXPECT_EQ(code(), StatusCode::kInvalidArgument);
}

TEST_F(SharedMemoryCallsTest, NoMoreThanARequestsBodyIsTaken) {
  SharedObject large("large", 1 << 20);
  post("/v2/systemsharedmemory/region/large/register",
       R"({"key":")" + large.key() + R"(","byte_size":1048576})");
  post("/v2/models/iris/infer",
       body(R"("shared_memory_region":"large","shared_memory_byte_size":1048576)"));
  EXPECT_EQ(status(), 429);
}

TEST_F(SharedMemoryCallsTest, TheCallsAnswerAsTritonDoes) {
  EXPECT_THAT(get("/v2/systemsharedmemory/status"), HasSubstr(R"("offset":0,"byte_size":128})"));
  EXPECT_THAT(get("/v2/systemsharedmemory/region/in/status"), HasSubstr(R"([{"name":"in")"));
  get("/v2/systemsharedmemory/region/none/status");
  EXPECT_EQ(status(), 404);
  post("/v2/systemsharedmemory/region/in/register", R"({"key":"/x","byte_size":1})");
  EXPECT_EQ(status(), 409);
  EXPECT_THAT(post("/v2/systemsharedmemory/region/b/register", R"({"byte_size":1})"),
              HasSubstr("has no 'key' field"));
  EXPECT_THAT(post("/v2/systemsharedmemory/region/b/register", R"({"key":"/x"})"),
              HasSubstr("has no 'byte_size' field"));
  for (const std::string_view bad :
       {"", "[]", "{", R"({"key":1,"byte_size":1})", R"({"key":"a","byte_size":-1})",
        R"({"key":"a","byte_size":1e30})", R"({"key":"a","byte_size":1} x)"}) {
    post("/v2/systemsharedmemory/region/b/register", bad);
    EXPECT_EQ(status(), 400) << bad;
  }
  EXPECT_EQ(get("/v2/cudasharedmemory/status"), "[]");
  EXPECT_THAT(post("/v2/cudasharedmemory/region/c/register", "{}"),
              HasSubstr("failed to register CUDA shared memory region: 'c', GPUs not supported"));
  EXPECT_EQ(status(), 400);
  post("/v2/systemsharedmemory/unregister", "");
  EXPECT_EQ(get("/v2/systemsharedmemory/status"), "[]");
}

TEST_F(SharedMemoryCallsTest, IsOffUnlessItIsAskedFor) {
  start({}, nullptr);
  serve_iris();
  post("/v2/systemsharedmemory/region/a/register", R"({"key":"/x","byte_size":1})");
  EXPECT_EQ(status(), 501);
  post("/v2/models/iris/infer", body(kIn));
  EXPECT_EQ(status(), 404);
}

TEST_F(SharedMemoryCallsTest, ClassificationGivesTheLargestOfEachRow) {
  const std::string both =
      R"({"inputs":[{"name":"x","shape":[2,4],"datatype":"FP64","data":[5.1,3.5,1.4,0.2,6.7,3,5.2,2.3]}],)"
      R"("outputs":[{"name":"predict_proba","parameters":{"classification":2}}]})";
  const std::string& answer = post("/v2/models/iris/infer", both);
  EXPECT_THAT(answer, HasSubstr(R"("datatype":"BYTES","shape":[2,2])"));
  inference::ModelInferRequest made = one_row();
  auto& output = *made.add_outputs();
  output.set_name("predict_proba");
  (*output.mutable_parameters())["classification"].set_int64_param(99);
  const auto got = infer(made);
  ASSERT_EQ(code(), StatusCode::kOk) << error();
  const auto& texts = got.outputs(0).contents().bytes_contents();
  EXPECT_EQ(got.outputs(0).shape(1), texts.size());
  for (int i = 0; i + 1 < texts.size(); ++i)
    EXPECT_GE(std::stod(texts[i]), std::stod(texts[i + 1]));
  EXPECT_THAT(texts[0], testing::MatchesRegex("[0-9]+\\.[0-9]{6}:[0-9](:.+)?"));
  post("/v2/models/iris/infer",
       R"({"inputs":[{"name":"x","shape":[1,4],"datatype":"FP64","data":[1,2,3,4]}],)"
       R"("outputs":[{"name":"predict_proba","parameters":{"classification":-1}}]})");
  EXPECT_EQ(status(), 400);
  post("/v2/models/iris/infer",
       body(kIn, R"(,"outputs":[{"name":"predict_proba","parameters":{"classification":1,)"
                 R"("shared_memory_region":"out","shared_memory_byte_size":8}}])"));
  EXPECT_THAT(exchange_.response().body, HasSubstr("Output can't set both"));
}

}  // namespace
}  // namespace slipway::protocols
