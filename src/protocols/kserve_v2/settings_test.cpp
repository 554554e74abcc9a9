// Trace and log settings, generate, and the names of Triton's metrics.
#include <gmock/gmock.h>
#include <simdjson.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/log.h"
#include "protocols/kserve_v2/rpc_harness_test.h"

namespace slipway::protocols {
namespace {

using testing::HasSubstr;

constexpr std::string_view kRow =
    R"({"id":"seven","inputs":[{"name":"x","shape":[1,4],"datatype":"FP64","data":[5.1,3.5,1.4,0.2]}]})";

class SettingsTest : public RpcHarness {
 protected:
  SettingsTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("slipway_traces_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~SettingsTest() override {
    service_.reset();
    std::filesystem::remove_all(folder_);
    set_log_settings({});
  }
  void SetUp() override {
    begin(folder_.string());
    EXPECT_TRUE(std::filesystem::is_empty(folder_));
  }
  void begin(const std::string& folder) {
    ServiceOptions options;
    options.trace_folder = folder;
    options.admin_token = "token";
    start(options, nullptr);
    serve_iris();
    handler_ = &service_->grpc_handler();
  }
  const std::string& change(std::string_view path, std::string_view body) {
    static constexpr transport::HttpHeader kToken[] = {{"authorization", "Bearer token"}};
    return post(path, body, kToken);
  }
  inference::TraceSettingResponse change_rpc(const inference::TraceSettingRequest& request) {
    return ask<inference::TraceSettingResponse>("TraceSetting", request,
                                                {{"authorization", "Bearer token"}});
  }
  /// The file's text, once it holds so many traces; they are written by another thread.
  std::string trace_file(const std::string& name, size_t traces) {
    for (int i = 0; i < 2000; ++i) {
      std::ifstream file(folder_ / name);
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      size_t found = 0;
      for (size_t at = 0; (at = text.find("\"model_name\"", at)) != std::string::npos; ++at)
        ++found;
      if (found >= traces && text.ends_with(']')) return text;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return {};
  }

  std::filesystem::path folder_;
};

TEST_F(SettingsTest, TracesAreOffAtFirst) {
  EXPECT_EQ(get("/v2/trace/setting"),
            R"({"trace_level":["OFF"],"trace_rate":"1000","trace_count":"-1","log_frequency":"0",)"
            R"("trace_file":")" +
                folder_.string() + R"(/trace.json","trace_mode":"triton"})");
  post("/v2/models/iris/infer", kRow);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(SettingsTest, ATraceFileAppearsAndParses) {
  change("/v2/trace/setting", R"({"trace_level":["TIMESTAMPS","TENSORS"],"trace_rate":"1"})");
  ASSERT_EQ(status(), 200) << exchange_.response().body;
  post("/v2/models/iris/infer", kRow);
  infer(one_row());
  const std::string text = trace_file("trace.json", 2);
  simdjson::dom::parser parser;
  simdjson::dom::array traces;
  ASSERT_EQ(parser.parse(text).get_array().get(traces), simdjson::SUCCESS) << text;
  EXPECT_THAT(text, HasSubstr(R"("model_name":"iris","model_version":1,"request_id":"seven")"));
  int64_t before = 0;
  for (const std::string_view name :
       {"HTTP_RECV_START", "REQUEST_START", "QUEUE_START", "COMPUTE_START", "COMPUTE_END",
        "REQUEST_END", "HTTP_SEND_END"}) {
    const size_t at = text.find("\"name\":\"" + std::string(name));
    ASSERT_NE(at, std::string::npos) << name;
    const int64_t ns = std::stoll(text.substr(text.find("\"ns\":", at) + 5));
    EXPECT_GE(ns, before) << name;
    before = ns;
  }
  EXPECT_THAT(text, HasSubstr("GRPC_WAITREAD_START"));
  EXPECT_THAT(text, HasSubstr(R"("activity":"TENSOR_QUEUE_INPUT")"));
  EXPECT_THAT(text, HasSubstr(R"("activity":"TENSOR_BACKEND_OUTPUT","tensor":{"name":"predict")"));
}

TEST_F(SettingsTest, RateAndCountAndFrequencyAreObserved) {
  change("/v2/trace/setting",
         R"({"trace_level":["TIMESTAMPS"],"trace_rate":"2","trace_count":"3","log_frequency":"2",)"
         R"("trace_file":"own.json"})");
  for (int i = 0; i < 20; ++i) post("/v2/models/iris/infer", kRow);
  EXPECT_FALSE(trace_file("own.json.0", 2).empty());
  EXPECT_FALSE(trace_file("own.json.1", 1).empty());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "own.json.2"));
  EXPECT_THAT(get("/v2/trace/setting"), HasSubstr(R"("trace_count":"0")"));
}

TEST_F(SettingsTest, AModelMayHaveSettingsOfItsOwnAndNullResetsThem) {
  change("/v2/trace/setting", R"({"trace_rate":"7"})");
  change("/v2/models/iris/trace/setting", R"({"trace_rate":"3","log_frequency":"5"})");
  EXPECT_THAT(exchange_.response().body, HasSubstr(R"("trace_rate":"3")"));
  change("/v2/trace/setting", R"({"trace_rate":"9","trace_count":"4"})");
  EXPECT_THAT(get("/v2/models/iris/trace/setting"),
              HasSubstr(R"("trace_rate":"3","trace_count":"4","log_frequency":"5")"));
  inference::TraceSettingRequest request;
  request.set_model_name("iris");
  (*request.mutable_settings())["trace_rate"];
  const auto answer = change_rpc(request);
  EXPECT_EQ(answer.settings().at("trace_rate").value(0), "9");
  EXPECT_EQ(answer.settings().at("log_frequency").value(0), "5");
  change("/v2/models/iris/trace/setting", R"({"log_frequency":null})");
  change("/v2/trace/setting", R"({"trace_rate":null,"trace_count":null})");
  EXPECT_THAT(get("/v2/models/iris/trace/setting"), HasSubstr(R"("trace_rate":"1000")"));
}

TEST_F(SettingsTest, WrongTraceSettingsAreRefused) {
  const std::string kBad[] = {R"({"trace_rate":"x"})",
                              R"({"trace_rate":"-1"})",
                              R"({"trace_rate":"99999999999"})",
                              R"({"trace_count":"-2"})",
                              R"({"trace_level":["OFF","TENSORS"]})",
                              R"({"trace_level":["ALL"]})",
                              R"({"trace_level":["TIMESTAMPS"],"trace_rate":"0"})",
                              R"({"trace_file":"/etc/passwd"})",
                              R"({"trace_file":"../x"})",
                              R"({"trace_file":".."})",
                              R"({"trace_file":""})",
                              R"({"trace_file":"a/b"})",
                              R"({"trace_file":"a\u0000b"})",
                              R"({"nonsense":"1"})",
                              R"({"trace_rate":{}})",
                              "[]",
                              "{"};
  for (const std::string& body : kBad) {
    change("/v2/trace/setting", body);
    EXPECT_EQ(status(), 400) << body << exchange_.response().body;
  }
  change("/v2/models/rose/trace/setting", R"({"trace_rate":"1"})");
  EXPECT_EQ(status(), 400);
  EXPECT_THAT(get("/v2/models/rose/trace/setting"), HasSubstr("Request for unknown model : rose"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(SettingsTest, WithoutAFolderNothingIsWritten) {
  begin("");
  change("/v2/trace/setting", R"({"trace_level":["TIMESTAMPS"]})");
  EXPECT_EQ(status(), 400);
  EXPECT_THAT(exchange_.response().body, HasSubstr("trace file name is not given"));
  change("/v2/trace/setting", R"({"trace_file":"x"})");
  EXPECT_EQ(status(), 501);
}

TEST_F(SettingsTest, OnlyAdminsChangeSettings) {
  post("/v2/trace/setting", R"({"trace_rate":"1"})");
  EXPECT_EQ(status(), 403);
  post("/v2/logging", R"({"log_info":false})");
  EXPECT_EQ(status(), 403);
  inference::LogSettingsRequest request;
  (*request.mutable_settings())["log_info"].set_bool_param(false);
  ask<inference::LogSettingsResponse>("LogSettings", request);
  EXPECT_EQ(code(), StatusCode::kPermissionDenied);
  EXPECT_TRUE(log_settings().info);
  ask<inference::LogSettingsResponse>("LogSettings", inference::LogSettingsRequest());
  EXPECT_EQ(code(), StatusCode::kOk);
}

TEST_F(SettingsTest, LogSettingsChangeWhatTheLogWrites) {
  EXPECT_EQ(get("/v2/logging"),
            R"({"log_file":"","log_info":true,"log_warning":true,"log_error":true,)"
            R"("log_verbose_level":0,"log_format":"ISO8601"})");
  testing::internal::CaptureStderr();
  change("/v2/logging", R"({"log_info":false,"log_format":"default"})");
  ASSERT_EQ(status(), 200) << exchange_.response().body;
  log_info("not to be seen");
  log_warning("to be seen");
  std::string text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, testing::Not(HasSubstr("not to be seen")));
  EXPECT_THAT(text, testing::ContainsRegex("W[0-9]{4} [0-9:.]+ [0-9]+ slipway. to be seen"));
  testing::internal::CaptureStderr();
  inference::LogSettingsRequest request;
  (*request.mutable_settings())["log_verbose_level"].set_uint32_param(1);
  const auto answer = ask<inference::LogSettingsResponse>("LogSettings", request,
                                                          {{"authorization", "Bearer token"}});
  EXPECT_EQ(answer.settings().at("log_verbose_level").uint32_param(), 1U);
  EXPECT_FALSE(answer.settings().at("log_info").bool_param());
  get("/v2/health/live");
  text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, HasSubstr("HTTP request: GET /v2/health/live"));
}

TEST_F(SettingsTest, WrongLogSettingsAreRefusedAndChangeNothing) {
  change("/v2/logging", R"({"log_warning":false,"log_format":"x"})");
  EXPECT_EQ(status(), 503);
  EXPECT_THAT(exchange_.response().body, HasSubstr("invalid argument for --log_format, got: x"));
  change("/v2/logging", R"({"log_file":"/tmp/x"})");
  EXPECT_EQ(status(), 501);
  for (const std::string_view bad : {R"({"log_info":1})", R"({"log_verbose_level":-1})", "[]",
                                     R"({"log_format":1})", R"({"other":true})", "{"}) {
    change("/v2/logging", bad);
    EXPECT_EQ(status(), 400) << bad;
  }
  EXPECT_TRUE(log_settings().warning);
}

TEST_F(SettingsTest, GenerateTakesTheInputsOfOneRow) {
  const std::string fields =
      R"("sepal_length":5.1,"sepal_width":[3.5],"petal_length":1.4,"petal_width":0.2)";
  const std::string text = post("/v2/models/iris/generate", R"({"id":"1",)" + fields + "}");
  EXPECT_THAT(text, HasSubstr(R"({"model_name":"iris","model_version":"1","predict":)"));
  post("/v2/models/iris/generate_stream", R"({"parameters":{)" + fields + "}}");
  EXPECT_EQ(exchange_.response().content_type, "text/event-stream; charset=utf-8");
  EXPECT_EQ(exchange_.response().body, "data: " + text + "\n\n");
  for (const std::string& bad :
       {std::string(), std::string("[]"), std::string("{}"), "{" + fields,
        "{" + fields + R"(,"petal_width":1})", "{" + fields + "} x",
        std::string(R"({"sepal_length":[]})"), std::string(R"({"sepal_length":[1,2]})"),
        std::string(R"({"sepal_length":"a"})"), std::string(R"({"parameters":1})")}) {
    post("/v2/models/iris/generate", bad);
    EXPECT_EQ(status(), 400) << bad << exchange_.response().body;
  }
  post("/v2/models/rose/generate", "{}");
  EXPECT_EQ(status(), 404);
}

TEST(TritonMetrics, ShowTheSameCountsUnderTheirNames) {
  serving::ServingMetrics metrics(1, true);
  serving::ModelMetrics& model = metrics.model("iris", "1");
  model.stats.record(0, {.ok = true,
                         .rows = 3,
                         .batch_rows = 3,
                         .leads_batch = true,
                         .request_ns = 5000,
                         .infer_ns = 2000});
  model.record_answer(0, StatusCode::kResourceExhausted, 0.1);
  std::string text;
  metrics.registry().write(text);
  for (const std::string_view line :
       {"nv_inference_request_success{model=\"iris\",version=\"1\"} 1\n",
        "nv_inference_count{model=\"iris\",version=\"1\"} 3\n",
        "nv_inference_exec_count{model=\"iris\",version=\"1\"} 1\n",
        "nv_inference_request_duration_us{model=\"iris\",version=\"1\"} 5\n",
        "nv_inference_compute_infer_duration_us{model=\"iris\",version=\"1\"} 2\n",
        "nv_inference_request_failure{model=\"iris\",version=\"1\",reason=\"REJECTED\"} 1\n",
        "nv_inference_pending_request_count{model=\"iris\",version=\"1\"} 0\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  metrics.forget("iris", "1");
  text.clear();
  metrics.registry().write(text);
  EXPECT_THAT(text, testing::Not(HasSubstr("iris")));
}

}  // namespace
}  // namespace slipway::protocols
