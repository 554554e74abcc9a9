// Statistics and configuration, over REST and gRPC.
#include <gmock/gmock.h>

#include "protocols/kserve_v2/rpc_harness_test.h"

namespace slipway::protocols {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kRows =
    R"({"inputs":[{"name":"x","shape":[2,4],"datatype":"FP64","data":[5.1,3.5,1.4,0.2,6,3,5,2]}]})";

class StatisticsTest : public RpcHarness {
 protected:
  void SetUp() override {
    serve_iris();
    handler_ = &service_->grpc_handler();
  }
  inference::ModelStatistics statistics() {
    inference::ModelStatisticsRequest request;
    request.set_name("iris");
    const auto answer = ask<inference::ModelStatisticsResponse>("ModelStatistics", request);
    return answer.model_stats_size() == 1 ? answer.model_stats(0) : inference::ModelStatistics();
  }
};

TEST_F(StatisticsTest, BeforeTheFirstRequestEverythingIsZero) {
  EXPECT_THAT(
      get("/v2/models/iris/stats"),
      StartsWith(
          R"({"model_stats":[{"name":"iris","version":"1","last_inference":0,"inference_count":0,)"
          R"("execution_count":0,"inference_stats":{"success":{"count":0,"ns":0},)"
          R"("fail":{"count":0,"ns":0},"queue":{"count":0,"ns":0},"compute_input":{"count":0,)"
          R"("ns":0},"compute_infer":{"count":0,"ns":0},"compute_output":{"count":0,"ns":0},)"
          R"("cache_hit":{"count":0,"ns":0},"cache_miss":{"count":0,"ns":0}},)"
          R"("response_stats":{},"batch_stats":[],"memory_usage":[{"type":"CPU","id":0,)"));
}

TEST_F(StatisticsTest, CountsRequestsRowsBatchesAndFailures) {
  post("/v2/models/iris/infer", kRows);
  infer(one_row());
  infer(one_row());
  post("/v2/models/iris/infer", "{}");
  EXPECT_EQ(status(), 400);
  const inference::ModelStatistics got = statistics();
  EXPECT_EQ(got.inference_count(), 4U);
  EXPECT_EQ(got.execution_count(), 3U);
  EXPECT_GT(got.last_inference(), 1'700'000'000'000U);
  const inference::InferStatistics& times = got.inference_stats();
  EXPECT_EQ(times.success().count(), 3U);
  EXPECT_EQ(times.fail().count(), 1U);
  EXPECT_EQ(times.queue().ns(), 0U);
  EXPECT_GT(times.compute_infer().ns(), 0U);
  EXPECT_GE(times.success().ns(),
            times.compute_input().ns() + times.compute_infer().ns() + times.compute_output().ns());
  ASSERT_EQ(got.batch_stats_size(), 2);
  EXPECT_EQ(got.batch_stats(0).batch_size(), 1U);
  EXPECT_EQ(got.batch_stats(0).compute_infer().count(), 2U);
  EXPECT_EQ(got.batch_stats(1).batch_size(), 2U);
  EXPECT_GT(got.memory_usage(0).byte_size(), 0U);
  EXPECT_THAT(get("/v2/models/stats"), HasSubstr(R"("inference_count":4,"execution_count":3)"));
  EXPECT_THAT(get("/v2/models/iris/versions/1/stats"), HasSubstr(R"("inference_count":4)"));
}

TEST_F(StatisticsTest, AsksAboutUnknownModelsAsTritonDoes) {
  EXPECT_THAT(get("/v2/models/rose/stats"), HasSubstr("requested model 'rose' is not available"));
  EXPECT_EQ(status(), 400);
  EXPECT_THAT(get("/v2/models/iris/versions/9/stats"),
              HasSubstr("requested model version is not available for model 'iris'"));
  EXPECT_EQ(status(), 400);
  inference::ModelStatisticsRequest request;
  request.set_name("rose");
  ask<inference::ModelStatisticsResponse>("ModelStatistics", request);
  EXPECT_EQ(code(), StatusCode::kInvalidArgument);
}

TEST_F(StatisticsTest, TheConfigurationIsTheSameOverRestAndGrpc) {
  const std::string& text = get("/v2/models/iris/config");
  EXPECT_THAT(text,
              StartsWith(R"({"name":"iris","platform":"slipway_sklearn","backend":"slipway")"));
  EXPECT_THAT(text, HasSubstr(R"("version_policy":{"latest":{"num_versions":1}})"));
  EXPECT_THAT(text, HasSubstr(R"("max_batch_size":1000000)"));
  EXPECT_THAT(text, HasSubstr(R"("kind":"KIND_CPU","count":1)"));
  EXPECT_THAT(text, HasSubstr(R"("default_model_filename":"iris.joblib")"));
  inference::ModelConfigRequest request;
  request.set_name("iris");
  const auto config = ask<inference::ModelConfigResponse>("ModelConfig", request).config();
  EXPECT_EQ(config.name(), "iris");
  ASSERT_GT(config.input_size(), 0);
  EXPECT_EQ(config.input(0).data_type(), inference::TYPE_FP64);
  ASSERT_GT(config.output_size(), 0);
  EXPECT_EQ(config.output(0).name(), "predict");
  EXPECT_EQ(config.output(0).data_type(), inference::TYPE_INT64);
  EXPECT_EQ(config.version_policy().latest().num_versions(), 1U);
  EXPECT_FALSE(config.has_dynamic_batching());  // it runs on the loops
  get("/v2/models/rose/config");
  EXPECT_EQ(status(), 404);
}

TEST_F(StatisticsTest, OfADearModelTheSettingsOfItsQueueAreShown) {
  ServiceOptions options;
  options.inference.inline_seconds_max = 0;
  start(options, serving::make_inference_pool(2, 77));
  serve_iris();
  const std::string& text = get("/v2/models/iris/config");
  EXPECT_THAT(text, HasSubstr(R"("max_queue_size":77)"));
  EXPECT_THAT(text, HasSubstr(R"("priority_levels":10,"default_priority_level":5)"));
  EXPECT_THAT(text, HasSubstr(R"("count":2)"));
  post("/v2/models/iris/infer", kRows);
  EXPECT_THAT(get("/v2/models/iris/stats"),
              HasSubstr(R"("inference_count":2,"execution_count":1)"));
}

}  // namespace
}  // namespace slipway::protocols
