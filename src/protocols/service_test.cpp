#include "protocols/service.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <new>
#include <set>
#include <sstream>

#include "protocols/http_status.h"
#include "protocols/internal/request_identity.h"
#include "protocols/service_harness_test.h"

namespace {

std::atomic<uint64_t> allocation_count{0};

void* counted(size_t size) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(size_t size) { return counted(size); }
void* operator new[](size_t size) { return counted(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

namespace slipway::protocols {
namespace {

using transport::HttpHeader;
using transport::HttpMethod;

constexpr std::string_view kRow = R"({"features":[5.1,3.5,1.4,0.2]})";

std::vector<std::string> golden(const std::string& name) {
  std::ifstream file(std::string(SLIPWAY_TEST_DATA_DIR) + "/golden/" + name);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

class ServiceTest : public ServiceHarness {};

TEST_F(ServiceTest, HasExactlyTheMetricsOfTheGoldenList) {
  serve_iris();
  std::vector<std::string> names = metrics_->registry().names();
  std::ranges::sort(names);
  EXPECT_EQ(names, golden("metrics.txt"));
}

TEST_F(ServiceTest, CountsWhatItAnswers) {
  serve_iris();
  post("/predict", kRow);
  post("/predict", "[[1,2,3,4],[1,2,3,4]]");
  post("/predict", "nonsense");
  get("/nowhere");
  service_->set_transport_counters([] {
    transport::TransportCounters counters;
    counters.bytes_sent = 77;
    return counters;
  });
  const std::string text = get("/metrics");
  EXPECT_EQ(exchange_.response().content_type, metrics::kTextContentType);
  for (const std::string_view line :
       {"slipway_requests_total{model=\"iris\",version=\"1\"} 3\n",
        "slipway_rows_total{model=\"iris\",version=\"1\"} 3\n",
        "slipway_request_errors_total{model=\"iris\",version=\"1\",code=\"INVALID_ARGUMENT\"} 1\n",
        "slipway_compute_duration_seconds_count{model=\"iris\",version=\"1\"} 2\n",
        "slipway_requests_in_flight{model=\"iris\",version=\"1\"} 0\n",
        "slipway_http_responses_total{code=\"200\"} 2\n",
        "slipway_http_responses_total{code=\"404\"} 1\n", "slipway_sent_bytes_total 77\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
  if (const char* path = std::getenv("SLIPWAY_METRICS_OUT")) std::ofstream(path) << text;
}

TEST_F(ServiceTest, AllocatesNothingForAOneRowRequestInSteadyState) {
  serve({{"iris", serving::iris_executable(true)}});
  const std::string_view infer =
      R"({"id":"42","inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[5.1,3.5,1.4,0.2]}]})";
  const std::string_view named =
      R"({"sepal_length":5.1,"sepal_width":3.5,"petal_length":1.4,"petal_width":0.2})";
  const HttpHeader headers[] = {{"Host", "localhost"}, {"Content-Type", "application/json"}};
  const std::pair<std::string_view, std::string_view> requests[] = {
      {"/predict", kRow}, {"/predict?proba=1", named}, {"/v2/models/iris/infer", infer}};
  for (const auto& [target, body] : requests) {
    for (int i = 0; i < 3; ++i) post(target, body, headers);
    const uint64_t before = allocation_count;
    for (int i = 0; i < 10; ++i) post(target, body, headers);
    EXPECT_EQ(allocation_count - before, 0U) << target;
    EXPECT_EQ(status(), 200);
  }
}

TEST_F(ServiceTest, AllocatesNothingForARecordInSteadyState) {
  serve({{"weather", serving::records_executable()}});
  constexpr std::string_view kRecord =
      R"({"features":[{"city":"London","wind":2.5,"tags":["wet","cold"],"new":null}]})";
  constexpr std::string_view kTensor =
      R"({"inputs":[{"name":"record","shape":[1],"datatype":"BYTES",)"
      R"("data":["{\"city\":\"London\",\"wind\":2.5,\"tags\":[\"wet\"]}"]}]})";
  const std::pair<std::string_view, std::string_view> requests[] = {
      {"/predict", kRecord}, {"/v2/models/weather/infer", kTensor}};
  for (const auto& [target, body] : requests) {
    for (int i = 0; i < 3; ++i) post(target, body);
    const uint64_t before = allocation_count;
    for (int i = 0; i < 10; ++i) post(target, body);
    EXPECT_EQ(allocation_count - before, 0U) << target;
    EXPECT_EQ(status(), 200);
  }
}

TEST_F(ServiceTest, AnswersUnknownPathsAndMethodsWithHints) {
  serve_iris();
  EXPECT_NE(get("/predct").find("POST /predict"), std::string::npos);
  EXPECT_EQ(status(), 404);
  get("/predict");
  EXPECT_EQ(status(), 405);
  EXPECT_EQ(exchange_.answered_header("Allow"), "POST, OPTIONS");
  post("/v2/health/live", "");
  EXPECT_EQ(status(), 405);
  EXPECT_EQ(exchange_.answered_header("Allow"), "GET, HEAD, OPTIONS");
  ask(HttpMethod::kOptions, "/predict");
  EXPECT_EQ(status(), 204);
  ask(HttpMethod::kHead, "/livez");
  EXPECT_EQ(status(), 200);
  post("/predict/", kRow);
  EXPECT_EQ(status(), 200);
  for (const std::string_view path :
       {"", "*", "///", "/models//predict", "/models/a/b/predict",
        "/v2/models/iris/versions//ready", "/v2/models/%00", "/v2/models/%", "/v2/models/%4"}) {
    get(path);
    EXPECT_GE(status(), 400) << path;
  }
}

TEST_F(ServiceTest, IsReadyOnceModelsAreServedAndUntilItDrains) {
  EXPECT_EQ(get("/v2/health/live"), R"({"live":true})");
  EXPECT_EQ(get("/v2/health/ready"), R"({"ready":false,"error":"the models are still loading"})");
  EXPECT_EQ(status(), 503);
  post("/predict", kRow);
  EXPECT_EQ(status(), 503);
  serve({{"iris", serving::iris_executable()}},
        {{"wine", "1", "wine.joblib", invalid_argument("not a <pickle>")}});
  EXPECT_EQ(get("/readyz"), R"({"ready":true})");
  EXPECT_EQ(get("/v2/models/wine/ready"),
            R"({"error":"model \"wine\" failed to load: not a <pickle>"})");
  EXPECT_EQ(status(), 503);
  EXPECT_EQ(
      get("/models"),
      R"({"models":[{"name":"iris","version":"1","ready":true,"state":"AVAILABLE"},{"name":"wine",)"
      R"("version":"1","ready":false,"state":"END","error":"not a <pickle>"}]})");
  service_->set_draining();
  EXPECT_EQ(get("/v2/health/ready"), R"({"ready":false,"error":"the server is stopping"})");
  EXPECT_EQ(post("/v2/models/iris/infer", "{}").empty(), false);
  EXPECT_EQ(status(), 400);  // requests are still answered
}

TEST_F(ServiceTest, ShowsALandingPageWithoutInjectionFromNamesAndHosts) {
  serve({{"iris", serving::iris_executable()}, {"a<b>'c", serving::iris_executable()}},
        {{"wine", "1", "wine.joblib", invalid_argument("not a <pickle>")}});
  const HttpHeader headers[] = {{"Host", "models.example:8080"}};
  const std::string page = ask(HttpMethod::kGet, "/", {}, headers);
  EXPECT_EQ(exchange_.response().content_type, "text/html; charset=utf-8");
  EXPECT_NE(page.find("curl http://models.example:8080/models/iris/predict -d "),
            std::string::npos);
  EXPECT_NE(page.find("/models/a%3Cb%3E%27c/predict"), std::string::npos);
  EXPECT_NE(page.find("not a &lt;pickle&gt;"), std::string::npos);
  EXPECT_EQ(page.find("a<b>"), std::string::npos);
  const HttpHeader bad[] = {{"Host", "x'; rm <b>"}};
  EXPECT_EQ(ask(HttpMethod::kGet, "/", {}, bad).find("rm <b>"), std::string::npos);
}

TEST_F(ServiceTest, WritesAnOpenApiDocumentOfTheModel) {
  serve({{"iris", serving::iris_executable()},
         {"mixed", serving::mixed_executable()},
         {"records", serving::records_executable()},
         {"beside", serving::records_executable(true)}});
  for (const std::string name : {"iris", "mixed", "records", "beside"}) {
    const std::string text = get("/v2/models/" + name + "/openapi.json");
    EXPECT_EQ(status(), 200);
    EXPECT_TRUE(text.starts_with("{\"openapi\":\"3.0.3\""));
    EXPECT_NE(text.find("\"/models/" + name + "/predict\""), std::string::npos);
    if (const char* folder = std::getenv("SLIPWAY_OPENAPI_OUT")) {
      std::ofstream(std::string(folder) + "/" + name + ".json") << text;
    }
  }
}

TEST_F(ServiceTest, ShowsRecordsInExamplesThatItTakes) {
  serve({{"weather", serving::records_executable()}});
  constexpr std::string_view kExample = R"({"features": [{"city": "London"}]})";
  EXPECT_NE(get("/").find("{&quot;features&quot;: [{&quot;city&quot;: &quot;London&quot;}]}"),
            std::string::npos);
  const std::string text = get("/v2/models/weather/openapi.json");
  EXPECT_NE(text.find(kExample), std::string::npos);
  constexpr std::string_view kInfer =
      R"({"inputs": [{"name": "record", "shape": [1, 1], "datatype": "BYTES", )"
      R"("data": ["{\"city\": \"London\"}"]}]})";
  EXPECT_NE(text.find(kInfer), std::string::npos);
  post("/predict", kExample);
  EXPECT_EQ(status(), 200);
  post("/v2/models/weather/infer", kInfer);
  EXPECT_EQ(status(), 200);
}

TEST_F(ServiceTest, TakesOrMakesRequestIdsAndEchoesTraces) {
  serve_iris();
  const std::string long_id(129, 'a');
  const HttpHeader taken[] = {
      {"X-Request-ID", "abc-1"},
      {"Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}};
  post("/predict", kRow, taken);
  EXPECT_EQ(exchange_.answered_header("X-Request-Id"), "abc-1");
  EXPECT_EQ(exchange_.answered_header("traceparent"), taken[1].value);
  std::set<std::string> ids;
  for (const std::string_view bad : {std::string_view("a b"), std::string_view("a\"b"),
                                     std::string_view(long_id), std::string_view("")}) {
    const HttpHeader headers[] = {{"x-request-id", bad}, {"traceparent", "00-xyz"}};
    post("/predict", kRow, headers);
    ids.insert(std::string(exchange_.answered_header("X-Request-Id")));
    EXPECT_EQ(exchange_.answered_header("traceparent"), "");
  }
  EXPECT_EQ(ids.size(), 4U);
  for (const std::string& id : ids) EXPECT_EQ(id.size(), 13U);
}

TEST_F(ServiceTest, FindsTheTraceIdOfValidTraceparentsOnly) {
  EXPECT_EQ(trace_id_of("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(trace_id_of("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more"),
            "0af7651916cd43dd8448eb211c80319c");
  for (const std::string_view bad :
       {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", ""}) {
    EXPECT_EQ(trace_id_of(bad), "") << bad;
  }
}

class RecordingLog final : public AccessLog {
 public:
  void write(const AccessRecord& record) override {
    std::ostringstream line;
    line << record.status << ' ' << record.model << ' ' << record.digest << ' ' << record.rows
         << ' ' << record.error << ' ' << record.trace_id;
    lines.push_back(line.str());
    EXPECT_GE(record.seconds, record.compute_seconds);
  }
  std::vector<std::string> lines;
};

TEST_F(ServiceTest, LogsEachRequestWithModelAndDigest) {
  RecordingLog log;
  ServiceOptions options;
  options.access_log = &log;
  start(options, nullptr);
  serve_iris();
  post("/predict", kRow);
  get("/nowhere");
  post("/predict", "[1]");
  EXPECT_EQ(log.lines[0], "200 iris sha256:0123abcd 1  ");
  EXPECT_TRUE(log.lines[1].starts_with("404   0 there is nothing at /nowhere"));
  EXPECT_EQ(log.lines[2], "400 iris sha256:0123abcd 1 expected 4 features in row 0, got 1 ");
  service_.reset();  // before the log
}

TEST_F(ServiceTest, DefersDearRequestsToThePoolAndAnswersTheSame) {
  ServiceOptions options;
  options.inference.inline_seconds_max = 0;
  start(options, serving::make_inference_pool(2, 16));
  serve_iris();
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(post("/predict", kRow), R"({"prediction":[1]})");
    EXPECT_TRUE(exchange_.deferred());
    EXPECT_NE(exchange_.answered_header("X-Request-Id"), "");
  }
  EXPECT_NE(post("/predict", "[NaN,1,1,1]").find("NaN"), std::string::npos);
  EXPECT_EQ(status(), 400);
  EXPECT_NE(get("/metrics").find("slipway_rows_total{model=\"iris\",version=\"1\"} 50\n"),
            std::string::npos);
}

TEST_F(ServiceTest, MapsEveryCodeToAnHttpStatus) {
  EXPECT_EQ(http_status(StatusCode::kInvalidArgument), 400);
  EXPECT_EQ(http_status(StatusCode::kNotFound), 404);
  EXPECT_EQ(http_status(StatusCode::kResourceExhausted), 429);
  EXPECT_EQ(http_status(StatusCode::kUnimplemented), 501);
  EXPECT_EQ(http_status(StatusCode::kUnavailable), 503);
  EXPECT_EQ(http_status(StatusCode::kDeadlineExceeded), 504);
  EXPECT_EQ(http_status(StatusCode::kInternal), 500);
}

}  // namespace
}  // namespace slipway::protocols
