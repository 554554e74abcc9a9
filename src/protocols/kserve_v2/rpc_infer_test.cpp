// ModelInfer and ModelStreamInfer: every datatype, typed and raw, every error.
#include <gtest/gtest.h>

#include <deque>
#include <limits>

#include "protocols/kserve_v2/rpc_harness_test.h"
#include "serving/gated_model_test.h"

namespace slipway::protocols {
namespace {

class RpcInfer : public RpcHarness {
 protected:
  RpcInfer() { serve_with({}); }

  void serve_with(const ServiceOptions& options,
                  std::shared_ptr<serving::InferencePool> pool = nullptr) {
    start(options, std::move(pool));
    serve({{"iris", serving::iris_executable(false)},
           {"mixed", serving::mixed_executable()},
           {"records", serving::records_executable()}});
    handler_ = &service_->grpc_handler();
  }
  std::string error_of(const inference::ModelInferRequest& request) {
    infer(request);
    EXPECT_EQ(code(), StatusCode::kInvalidArgument);
    return error();
  }
};

TEST_F(RpcInfer, AnswersTypedContentsByTypedOnes) {
  inference::ModelInferRequest asked = one_row();
  asked.set_id("seven");
  const inference::ModelInferResponse answer = infer(asked);
  EXPECT_EQ(code(), StatusCode::kOk) << error();
  EXPECT_EQ(answer.model_name(), "iris");
  EXPECT_EQ(answer.model_version(), "1");
  EXPECT_EQ(answer.id(), "seven");
  ASSERT_EQ(answer.outputs_size(), 1);
  EXPECT_EQ(answer.raw_output_contents_size(), 0);
  const auto& output = answer.outputs(0);
  EXPECT_EQ(output.name(), "predict");
  EXPECT_EQ(output.datatype(), "INT64");
  ASSERT_EQ(output.shape_size(), 2);
  EXPECT_EQ(output.shape(0), 1);
  EXPECT_EQ(output.shape(1), 1);
  ASSERT_EQ(output.contents().int64_contents_size(), 1);
  EXPECT_EQ(output.contents().int64_contents(0), 1);
}

TEST_F(RpcInfer, AnswersRawContentsByRawOnes) {
  inference::ModelInferRequest asked = request();
  add_input(asked, "x", "FP64", {2, 4});
  asked.add_raw_input_contents(bytes_of<double>({5.1, 3.5, 1.4, 0.2, 6, 3, 5, 2}));
  asked.add_outputs()->set_name("predict");
  asked.add_outputs()->set_name("predict_proba");
  const inference::ModelInferResponse answer = infer(asked);
  ASSERT_EQ(answer.outputs_size(), 2) << error();
  EXPECT_FALSE(answer.outputs(0).has_contents());
  ASSERT_EQ(answer.raw_output_contents_size(), 2);
  EXPECT_EQ(answer.raw_output_contents(0), bytes_of<int64_t>({1, 2}));
  EXPECT_EQ(answer.raw_output_contents(1).size(), 6 * sizeof(double));
  EXPECT_EQ(answer.outputs(1).datatype(), "FP64");
  EXPECT_EQ(answer.outputs(1).shape(1), 3);
}

TEST_F(RpcInfer, TakesEveryNumericDatatypeTyped) {
  for (const std::string datatype : {"BOOL", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16",
                                     "UINT32", "UINT64", "FP32", "FP64"}) {
    inference::ModelInferRequest asked = request();
    auto& contents = *add_input(asked, "x", datatype, {1, 4}).mutable_contents();
    for (const int value : {1, 0, 1, 1}) {
      if (datatype == "BOOL") contents.add_bool_contents(value != 0);
      if (datatype == "INT8" || datatype == "INT16" || datatype == "INT32") {
        contents.add_int_contents(value);
      }
      if (datatype == "INT64") contents.add_int64_contents(value);
      if (datatype == "UINT8" || datatype == "UINT16" || datatype == "UINT32") {
        contents.add_uint_contents(static_cast<uint32_t>(value));
      }
      if (datatype == "UINT64") contents.add_uint64_contents(static_cast<uint64_t>(value));
      if (datatype == "FP32") contents.add_fp32_contents(static_cast<float>(value));
      if (datatype == "FP64") contents.add_fp64_contents(value);
    }
    const inference::ModelInferResponse answer = infer(asked);
    ASSERT_EQ(answer.outputs_size(), 1) << datatype << ": " << error();
    EXPECT_EQ(answer.outputs(0).contents().int64_contents(0), 2) << datatype;
  }
}

/// The first column comes back as it was understood.
TEST_F(RpcInfer, TakesEveryNumericDatatypeRaw) {
  const auto echo = [this](const std::string& datatype, const std::string& bytes) {
    inference::ModelInferRequest asked = request("mixed");
    add_input(asked, "age", datatype, {1});
    add_input(asked, "city", "BYTES", {1});
    asked.add_raw_input_contents(bytes);
    asked.add_raw_input_contents(bytes_of<uint32_t>({1}) + "x");
    const inference::ModelInferResponse answer = infer(asked);
    double value = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(answer.raw_output_contents_size(), 1) << datatype << ": " << error();
    if (answer.raw_output_contents_size() == 1) {
      std::memcpy(&value, answer.raw_output_contents(0).data(), sizeof(value));
    }
    return value;
  };
  EXPECT_EQ(echo("BOOL", bytes_of<uint8_t>({1})), 1);
  EXPECT_EQ(echo("INT8", bytes_of<int8_t>({-7})), -7);
  EXPECT_EQ(echo("INT16", bytes_of<int16_t>({-700})), -700);
  EXPECT_EQ(echo("INT32", bytes_of<int32_t>({-70000})), -70000);
  EXPECT_EQ(echo("INT64", bytes_of<int64_t>({-(int64_t{1} << 40)})), -1099511627776.0);
  EXPECT_EQ(echo("UINT8", bytes_of<uint8_t>({200})), 200);
  EXPECT_EQ(echo("UINT16", bytes_of<uint16_t>({60000})), 60000);
  EXPECT_EQ(echo("UINT32", bytes_of<uint32_t>({4000000000U})), 4000000000.0);
  EXPECT_EQ(echo("UINT64", bytes_of<uint64_t>({uint64_t{1} << 63})), 9223372036854775808.0);
  EXPECT_EQ(echo("FP16", bytes_of<uint16_t>({0xC248})), -3.140625);
  EXPECT_EQ(echo("BF16", bytes_of<uint16_t>({0xC049})), -3.140625);
  EXPECT_EQ(echo("FP32", bytes_of<float>({0.1F})), static_cast<double>(0.1F));
  EXPECT_EQ(echo("FP64", bytes_of<double>({0.1})), 0.1);
}

TEST_F(RpcInfer, HoldsIntegersToTheirDatatype) {
  const auto with = [](const std::string& datatype, int32_t number, uint32_t whole) {
    inference::ModelInferRequest asked = request();
    auto& contents = *add_input(asked, "x", datatype, {1, 4}).mutable_contents();
    for (int i = 0; i < 4; ++i) {
      datatype[0] == 'I' ? contents.add_int_contents(number) : contents.add_uint_contents(whole);
    }
    return asked;
  };
  for (const auto& [datatype, number, whole] : {std::tuple("INT8", 128, 0U),
                                                {"INT8", -129, 0U},
                                                {"INT16", 32768, 0U},
                                                {"UINT8", 0, 256U},
                                                {"UINT16", 0, 65536U}}) {
    EXPECT_NE(error_of(with(datatype, number, whole)).find("holds no such value"),
              std::string::npos)
        << datatype;
  }
  for (const auto& [datatype, number, whole] : {std::tuple("INT8", -128, 0U),
                                                {"INT16", -32768, 0U},
                                                {"INT32", INT32_MIN, 0U},
                                                {"UINT8", 0, 255U},
                                                {"UINT32", 0, UINT32_MAX}}) {
    infer(with(datatype, number, whole));
    EXPECT_EQ(code(), StatusCode::kOk) << datatype << ": " << error();
  }
}

TEST_F(RpcInfer, TakesAndGivesTexts) {
  inference::ModelInferRequest asked = request("mixed");
  fill(add_input(asked, "age", "FP64", {2}), {1, 2});
  auto& cities = *add_input(asked, "city", "BYTES", {2, 1}).mutable_contents();
  cities.add_bytes_contents("Zürich");
  cities.add_bytes_contents("");
  asked.add_outputs()->set_name("cities");
  asked.add_outputs()->set_name("cells");
  const inference::ModelInferResponse answer = infer(asked);
  ASSERT_EQ(answer.outputs_size(), 2) << error();
  EXPECT_EQ(answer.outputs(0).datatype(), "BYTES");
  EXPECT_EQ(answer.outputs(0).contents().bytes_contents(0), "Zürich");
  EXPECT_EQ(answer.outputs(0).contents().bytes_contents(1), "");
  EXPECT_EQ(answer.outputs(1).contents().bytes_contents(0), "1.0") << "spelled as Python does";
}

TEST_F(RpcInfer, TakesRecordsAsJsonTexts) {
  inference::ModelInferRequest asked = request("records");
  auto& contents = *add_input(asked, "record", "BYTES", {1, 1}).mutable_contents();
  contents.add_bytes_contents(R"({"city":"Paris","wind":2.5})");
  const inference::ModelInferResponse answer = infer(asked);
  ASSERT_EQ(answer.outputs_size(), 1) << error();
  EXPECT_EQ(answer.outputs(0).contents().fp64_contents(1), 1);
  EXPECT_EQ(answer.outputs(0).contents().fp64_contents(3), 2.5);
  *contents.mutable_bytes_contents(0) = "{";
  EXPECT_NE(error_of(asked).find("element 0"), std::string::npos);
}

TEST_F(RpcInfer, PassesOverWhatItDoesNotKnow) {
  inference::ModelInferRequest asked = one_row();
  (*asked.mutable_parameters())["priority"].set_uint64_param(3);
  (*asked.mutable_parameters())["sequence_id"].set_string_param("s");
  (*asked.mutable_inputs(0)->mutable_parameters())["content_type"].set_string_param("np");
  std::string bytes = asked.SerializeAsString();
  bytes += "\xA0\x06\x01";  // field 100, a varint
  bytes +=
      "\xA2\x06\x03"
      "abc";                            // field 100, bytes
  bytes += "\xA3\x06\x08\x01\xA4\x06";  // field 100, a group
  bytes +=
      "\xA5\x06"
      "1234"
      "\xA1\x06"
      "12345678";
  ask_bytes<inference::ModelInferResponse>("ModelInfer", bytes);
  EXPECT_EQ(code(), StatusCode::kOk) << error();
}

TEST_F(RpcInfer, TakesShapesAndElementsThatAreNotPacked) {
  // As a writer without packing has it: each element with its tag.
  std::string contents;
  for (const double value : {5.1, 3.5, 1.4, 0.2}) contents += "\x39" + bytes_of<double>({value});
  std::string input =
      "\x0A\x01x\x12\x04"
      "FP64"
      "\x18\x01\x18\x04\x2A";
  input += static_cast<char>(contents.size());
  input += contents;
  std::string message =
      "\x0A\x04"
      "iris\x2A";
  message += static_cast<char>(input.size());
  message += input;
  const auto answer = ask_bytes<inference::ModelInferResponse>("ModelInfer", message);
  ASSERT_EQ(answer.outputs_size(), 1) << error();
  EXPECT_EQ(answer.outputs(0).contents().int64_contents(0), 1);
}

TEST_F(RpcInfer, SaysWhatIsNotFound) {
  inference::ModelInferRequest asked = one_row();
  asked.set_model_name("rose");
  infer(asked);
  EXPECT_EQ(code(), StatusCode::kNotFound);
  EXPECT_NE(error().find("rose"), std::string::npos);
  asked.set_model_name("iris");
  asked.set_model_version("77");
  infer(asked);
  EXPECT_EQ(code(), StatusCode::kNotFound);
  asked.set_model_version("1");
  infer(asked);
  EXPECT_EQ(code(), StatusCode::kOk);
}

TEST_F(RpcInfer, IsUnavailableWhileThereAreNoModels) {
  start({}, nullptr);
  handler_ = &service_->grpc_handler();
  infer(one_row());
  EXPECT_EQ(code(), StatusCode::kUnavailable);
  serve({}, {{"iris", "1", "iris.joblib", invalid_argument("cut off"), {}, ""}});
  infer(one_row());
  EXPECT_EQ(code(), StatusCode::kUnavailable);
}

TEST_F(RpcInfer, NamesWhatIsWrongWithTheTensors) {
  EXPECT_NE(error_of(request()).find("no inputs"), std::string::npos);
  inference::ModelInferRequest asked = one_row();
  asked.mutable_inputs(0)->set_datatype("FP128");
  EXPECT_NE(error_of(asked).find("FP128"), std::string::npos);
  asked.mutable_inputs(0)->set_datatype("FP16");
  EXPECT_NE(error_of(asked).find("raw_input_contents only"), std::string::npos);
  asked.mutable_inputs(0)->set_datatype("FP32");
  EXPECT_NE(error_of(asked).find("expected fp32_contents for FP32, got fp64_contents"),
            std::string::npos);
  asked = one_row();
  asked.mutable_inputs(0)->set_shape(1, 3);
  EXPECT_NE(error_of(asked).find("expected shape [rows, 4], got [1, 3]"), std::string::npos);
  asked.mutable_inputs(0)->set_shape(1, 4);
  asked.mutable_inputs(0)->set_shape(0, 2);
  EXPECT_NE(error_of(asked).find("expected 8 elements by its shape, got 4"), std::string::npos);
  asked.mutable_inputs(0)->set_shape(0, -1);
  EXPECT_NE(error_of(asked).find("negative"), std::string::npos);
  asked.mutable_inputs(0)->clear_shape();
  EXPECT_NE(error_of(asked).find("dimensions"), std::string::npos);
  for (int i = 0; i < 3; ++i) asked.mutable_inputs(0)->add_shape(1);
  EXPECT_NE(error_of(asked).find("dimensions"), std::string::npos);
  asked = one_row();
  asked.mutable_inputs(0)->mutable_contents()->clear_fp64_contents();
  EXPECT_NE(error_of(asked).find("got 0"), std::string::npos);
  asked = one_row();
  for (int i = 0; i < 9; ++i) *asked.add_inputs() = asked.inputs(0);
  EXPECT_NE(error_of(asked).find("too many input tensors"), std::string::npos);
  asked = one_row();
  asked.add_outputs()->set_name("nonsense");
  EXPECT_NE(error_of(asked).find("the model has: predict"), std::string::npos);
  asked.mutable_outputs(0)->set_name("predict");
  asked.add_outputs()->set_name("predict");
  EXPECT_NE(error_of(asked).find("twice"), std::string::npos);
}

TEST_F(RpcInfer, TakesNoMemoryForAShapeAlone) {
  for (const int64_t rows : {int64_t{1} << 40, int64_t{1} << 61, INT64_MAX}) {
    inference::ModelInferRequest asked = request();
    add_input(asked, "x", "FP64", {rows, 4});
    EXPECT_NE(error_of(asked).find("more than the body holds"), std::string::npos);
    asked.add_raw_input_contents("12345678");
    EXPECT_NE(error_of(asked).find("more than the body holds"), std::string::npos);
  }
}

TEST_F(RpcInfer, NamesWhatIsWrongWithRawContents) {
  inference::ModelInferRequest asked = request();
  add_input(asked, "x", "FP64", {1, 4});
  asked.add_raw_input_contents("1234567");
  EXPECT_NE(error_of(asked).find("expected 32 bytes of FP64 by its shape, got 7"),
            std::string::npos);
  asked.add_raw_input_contents("");
  EXPECT_NE(error_of(asked).find("as many raw_input_contents as inputs"), std::string::npos);
  for (int i = 0; i < 9; ++i) asked.add_raw_input_contents("");
  EXPECT_NE(error_of(asked).find("too many raw_input_contents"), std::string::npos);
  asked = one_row();
  asked.add_raw_input_contents(bytes_of<double>({1, 2, 3, 4}));
  EXPECT_NE(error_of(asked).find("contents field must not be specified"), std::string::npos);
  asked.mutable_inputs(0)->mutable_contents()->clear_fp64_contents();
  EXPECT_EQ(infer(asked).raw_output_contents_size(), 1) << "MLServer's client: " << error();

  asked = request("mixed");
  add_input(asked, "age", "FP64", {1});
  add_input(asked, "city", "BYTES", {1});
  asked.add_raw_input_contents(bytes_of<double>({1}));
  for (const std::string& texts :
       {std::string("\1\0\0", 3), bytes_of<uint32_t>({5}) + "abc", bytes_of<uint32_t>({1}) + "ab",
        bytes_of<uint32_t>({0xFFFFFFFF}), bytes_of<uint32_t>({1}) + "\xFF"}) {
    asked.clear_raw_input_contents();
    asked.add_raw_input_contents(bytes_of<double>({1}));
    asked.add_raw_input_contents(texts);
    EXPECT_NE(error_of(asked).find("input \"city\""), std::string::npos);
  }
}

TEST_F(RpcInfer, RefusesTextsThatAreNotUtf8) {
  inference::ModelInferRequest asked = one_row();
  const std::string good = asked.SerializeAsString();
  const auto spoilt = [&](const std::string& field) {
    ask_bytes<inference::ModelInferResponse>("ModelInfer", good + field);
    EXPECT_EQ(code(), StatusCode::kInvalidArgument);
    return error();
  };
  EXPECT_NE(spoilt("\x0A\x01\xFF").find("model_name is not valid UTF-8"), std::string::npos);
  EXPECT_NE(spoilt("\x12\x01\xFF").find("model_version"), std::string::npos);
  EXPECT_NE(spoilt("\x1A\x02\xC3\x28").find("id is not"), std::string::npos);
  EXPECT_NE(spoilt("\x32\x03\x0A\x01\xFF").find("output's name"), std::string::npos);
  EXPECT_NE(spoilt("\x2A\x03\x0A\x01\xFF").find("input's name"), std::string::npos);
}

TEST_F(RpcInfer, RefusesWhatIsNoProtobuf) {
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "\xA3\x06";  // groups in groups
  const std::string good = one_row().SerializeAsString();
  for (const std::string& bad :
       {std::string("\x0A"),
        std::string("\x0A\x05"
                    "ab"),
        std::string(20, '\xFF'), std::string("\x00", 1), std::string("\x0F\x01"),
        std::string("\x0C"), deep, std::string("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
        good.substr(0, good.size() - 1), good + "\xA3\x06", std::string("\x2A\x02\x2A\x05"),
        good + std::string("\x22\x02\x12\x04")}) {
    ask_bytes<inference::ModelInferResponse>("ModelInfer", bad);
    EXPECT_EQ(code(), StatusCode::kInvalidArgument) << bad.size();
  }
}

TEST_F(RpcInfer, RefusesUnknownSharedMemory) {
  inference::ModelInferRequest asked = one_row();
  (*asked.mutable_inputs(0)->mutable_parameters())["shared_memory_region"].set_string_param("a");
  infer(asked);
  EXPECT_EQ(code(), StatusCode::kNotFound);
}

TEST_F(RpcInfer, GivesTheRequestItsIdentity) {
  ask<inference::ModelInferResponse>("ModelInfer", one_row());
  EXPECT_EQ(trailing("x-request-id").size(), 13U);
  EXPECT_EQ(trailing("traceparent"), "");
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  ask<inference::ModelInferResponse>("ModelInfer", one_row(),
                                     {{"x-request-id", "mine"}, {"traceparent", trace}});
  EXPECT_EQ(trailing("x-request-id"), "mine");
  EXPECT_EQ(trailing("traceparent"), trace);
}

TEST_F(RpcInfer, CountsItsAnswers) {
  infer(one_row());
  infer(one_row());
  inference::ModelInferRequest bad = one_row();
  bad.mutable_inputs(0)->set_shape(1, 3);
  infer(bad);
  bad.set_model_name("rose");
  infer(bad);
  const std::string text = get("/metrics");
  for (const std::string_view line :
       {"slipway_grpc_responses_total{code=\"OK\"} 2\n",
        "slipway_grpc_responses_total{code=\"INVALID_ARGUMENT\"} 1\n",
        "slipway_grpc_responses_total{code=\"NOT_FOUND\"} 1\n",
        "slipway_requests_total{model=\"iris\",version=\"1\"} 3\n",
        "slipway_rows_total{model=\"iris\",version=\"1\"} 2\n",
        "slipway_request_duration_seconds_count{model=\"iris\",version=\"1\"} 3\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
}

class RpcInferInThePool : public RpcInfer {
 protected:
  RpcInferInThePool() {
    ServiceOptions options;
    options.inference.inline_seconds_max = 0;
    serve_with(options, serving::make_inference_pool(2, 16));
  }
};

TEST_F(RpcInferInThePool, AnswersTheSame) {
  for (int i = 0; i < 50; ++i) {
    const inference::ModelInferResponse answer = infer(one_row());
    EXPECT_TRUE(call_.deferred());
    ASSERT_EQ(answer.outputs_size(), 1) << error();
    EXPECT_EQ(answer.outputs(0).contents().int64_contents(0), 1);
    EXPECT_EQ(trailing("x-request-id").size(), 13U);
  }
}

TEST_F(RpcInferInThePool, DoesNotRunWhatNobodyWaitsFor) {
  call_.cancel = true;
  infer(one_row());
  EXPECT_EQ(code(), StatusCode::kCancelled);
  call_.cancel = false;
  call_.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  infer(one_row());
  EXPECT_EQ(code(), StatusCode::kDeadlineExceeded);
  call_.deadline = SteadyTime::max();
  inference::ModelInferRequest asked = one_row();
  (*asked.mutable_parameters())["timeout"].set_int64_param(1);
  infer(asked);
  EXPECT_EQ(code(), StatusCode::kDeadlineExceeded) << "the client's own limit";
  (*asked.mutable_parameters())["timeout"].set_int64_param(60'000'000);
  infer(asked);
  EXPECT_EQ(code(), StatusCode::kOk) << error();
  (*asked.mutable_parameters())["timeout"].set_string_param("soon");
  infer(asked);
  EXPECT_EQ(code(), StatusCode::kInvalidArgument);
  (*asked.mutable_parameters())["timeout"].set_int64_param(0);  // none, as in Triton
  (*asked.mutable_parameters())["priority"].set_int64_param(-1);
  infer(asked);
  EXPECT_EQ(error(), "the parameter \"priority\": expected int64_param from 0 on");
  EXPECT_NE(get("/metrics").find("slipway_rows_total{model=\"iris\",version=\"1\"} 1\n"),
            std::string::npos);
}

TEST_F(RpcInferInThePool, TellsWhereTheTimeWentToThoseWhoAsk) {
  infer(one_row());
  EXPECT_EQ(trailing("server-timing"), "");
  ask<inference::ModelInferResponse>("ModelInfer", one_row(), {{"x-slipway-timing", "1"}});
  EXPECT_TRUE(trailing("server-timing").starts_with("parse;dur="));
}

TEST_F(RpcInfer, SaysWhenToTryAgain) {
  ServiceOptions options;
  options.inference.inline_seconds_max = 0;
  const auto gated = std::make_shared<serving::GatedModel>();
  gated->open();  // it is warmed
  serve_with(options, serving::make_inference_pool(1, 1));
  serve({{"gated", gated}});
  gated->close();
  inference::ModelInferRequest asked = request("gated");
  fill(add_input(asked, "x", "FP64", {1, 1}), {1});
  const std::string message = asked.SerializeAsString();
  const std::string path = "/inference.GRPCInferenceService/ModelInfer";
  std::deque<FakeGrpcExchange> calls(2);
  for (FakeGrpcExchange& call : calls) {  // one runs, one waits
    call.prepare(path, message, {});
    handler_->handle(call);
    gated->wait_entered();
  }
  infer(asked);
  EXPECT_EQ(code(), StatusCode::kResourceExhausted);
  EXPECT_GT(std::stoi(trailing("grpc-retry-pushback-ms")), 0);
  gated->open();
  for (FakeGrpcExchange& call : calls) call.wait();
}

// Streams.

constexpr std::string_view kStream = "/inference.GRPCInferenceService/ModelStreamInfer";

inference::ModelStreamInferResponse parsed(const std::string& bytes) {
  inference::ModelStreamInferResponse response;
  EXPECT_TRUE(response.ParseFromString(bytes));
  return response;
}

TEST_F(RpcInfer, AnswersEachMessageOfAStreamAndGoesOnAfterErrors) {
  EXPECT_EQ(handler_->method(kStream, 0), transport::GrpcHandler::Method::kStreaming);
  const auto call = std::make_shared<FakeGrpcCall>(
      kStream, std::vector<transport::HttpHeader>{{"x-request-id", "mine"}});
  const auto stream = handler_->open(call);
  inference::ModelInferRequest asked = one_row();
  asked.set_id("a");
  EXPECT_TRUE(stream->on_message(asked.SerializeAsString()));
  asked.set_id("b");
  asked.set_model_name("rose");
  EXPECT_TRUE(stream->on_message(asked.SerializeAsString()));
  EXPECT_TRUE(stream->on_message("\xFF"));
  asked.set_model_name("iris");
  EXPECT_TRUE(stream->on_message(asked.SerializeAsString()));
  const std::vector<std::string> sent = call->take_all();
  ASSERT_EQ(sent.size(), 4U);
  EXPECT_EQ(parsed(sent[0]).infer_response().id(), "a");
  EXPECT_EQ(parsed(sent[0]).error_message(), "");
  EXPECT_EQ(parsed(sent[0]).infer_response().outputs_size(), 1);
  EXPECT_NE(parsed(sent[1]).error_message().find("rose"), std::string::npos);
  EXPECT_EQ(parsed(sent[1]).infer_response().id(), "b");
  EXPECT_EQ(parsed(sent[1]).infer_response().outputs_size(), 0);
  EXPECT_NE(parsed(sent[2]).error_message().find("malformed"), std::string::npos);
  EXPECT_EQ(parsed(sent[2]).infer_response().id(), "") << "not the one before";
  EXPECT_EQ(parsed(sent[3]).infer_response().outputs_size(), 1);
  EXPECT_FALSE(call->finished);
  stream->on_end();
  EXPECT_TRUE(call->finished && call->final_status.ok());
  EXPECT_EQ(call->trailing_metadata.at(0).second, "mine");
}

TEST_F(RpcInfer, EndsAStreamAtTheFirstErrorIfItIsAskedTo) {
  const auto call = std::make_shared<FakeGrpcCall>(
      kStream, std::vector<transport::HttpHeader>{{"triton_grpc_error", "true"}});
  const auto stream = handler_->open(call);
  inference::ModelInferRequest asked = one_row();
  asked.set_model_name("rose");
  stream->on_message(asked.SerializeAsString());
  EXPECT_TRUE(call->take_all().empty());
  EXPECT_EQ(call->final_status.code(), StatusCode::kNotFound);
}

TEST_F(RpcInfer, HoldsAStreamBackWhoseClientDoesNotRead) {
  const auto call = std::make_shared<FakeGrpcCall>(kStream);
  const auto stream = handler_->open(call);
  inference::ModelInferRequest asked = one_row();
  asked.set_id(std::string(100'000, 'x'));
  const std::string bytes = asked.SerializeAsString();
  int taken = 0;
  while (stream->on_message(bytes)) ++taken;
  EXPECT_GT(taken, 5);
  EXPECT_LT(taken, 20);
  EXPECT_EQ(call->resumed, 0);
  call->take_all();
  stream->on_writable();
  stream->on_writable();
  EXPECT_EQ(call->resumed, 1);
}

TEST_F(RpcInferInThePool, AnswersStreamsOneMessageAtATime) {
  const auto call = std::make_shared<FakeGrpcCall>(kStream);
  const auto stream = handler_->open(call);
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(stream->on_message(one_row().SerializeAsString()));
    call->resumed.wait(i);
  }
  EXPECT_EQ(call->take_all().size(), 20U);
}

TEST_F(RpcInferInThePool, OutlivesNoService) {
  for (int i = 0; i < 20; ++i) {
    serve_with({.inference = {.inline_seconds_max = 0}}, serving::make_inference_pool(1, 16));
    const auto call = std::make_shared<FakeGrpcCall>(kStream);
    auto stream = handler_->open(call);
    stream->on_message(one_row().SerializeAsString());
    stream->on_cancel();
    stream.reset();
    service_.reset();
    EXPECT_EQ(call->resumed, 1) << "it was done with before the service was";
  }
}

TEST_F(RpcInferInThePool, MayBeGoneBeforeItsLastAnswer) {
  for (int i = 0; i < 20; ++i) {
    const auto call = std::make_shared<FakeGrpcCall>(kStream);
    auto stream = handler_->open(call);
    stream->on_message(one_row().SerializeAsString());
    stream->on_cancel();
    stream.reset();
    call->resumed.wait(0);
  }
}

}  // namespace
}  // namespace slipway::protocols
