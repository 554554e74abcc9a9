#include "cli/tf_serving_flags.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace slipway::cli {
namespace {

using Arguments = std::vector<std::string>;

std::string file_with(const std::string& name, const std::string& text) {
  const auto path = std::filesystem::path(testing::TempDir()) / name;
  std::ofstream(path) << text;
  return path.string();
}

TEST(TfServingFlags, AreTranslated) {
  const auto out = translate_tf_serving_flags(
      {"serve", "--compat=tf-serving", "--port=8500", "--rest_api_port=8501", "--model_name=half",
       "--model_base_path=/models/half", "--enable_batching=true",
       "--tensorflow_session_parallelism=2", "--file_system_poll_wait_seconds", "5",
       "--num_load_threads=3", "--allow_version_labels_for_unavailable_models"});
  ASSERT_TRUE(out.ok()) << out.status().message();
  EXPECT_EQ(*out,
            (Arguments{"serve", "--compat=tf-serving", "--port=8500", "--watch=poll",
                       "--poll-interval=5s", "--load-threads=3", "--host=0.0.0.0",
                       "--listen=0.0.0.0:8501,compat=tf-serving", "--name=half", "/models/half"}));
}

TEST(TfServingFlags, KeepTheHostThatIsGivenAndHaveTheirOwnDefaults) {
  const auto out = translate_tf_serving_flags({"serve", "--compat", "simple,tf-serving", "--host",
                                               "::1", "--rest_api_port=1", "--model_base_path=/m"});
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(*out,
            (Arguments{"serve", "--compat", "simple,tf-serving", "--host", "::1", "--port=8500",
                       "--listen=[::1]:1,compat=simple+tf-serving", "--name=default", "/m"}));
}

TEST(TfServingFlags, AListOfModelsComesBeforeNameAndPath) {
  const auto out = translate_tf_serving_flags({"serve", "--compat=tf-serving", "--port=0",
                                               "--model_config_file=/m.config", "--model_name=x",
                                               "--model_base_path=/x", "--rest_api_port=0"});
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(*out, (Arguments{"serve", "--compat=tf-serving", "--port=0", "--host=0.0.0.0",
                             "--model-config-file=/m.config"}));
}

TEST(TfServingFlags, StayAsTheyAreWithoutTheDialect) {
  const Arguments arguments{"serve", "--compat=simple", "--rest_api_port=8501"};
  EXPECT_EQ(*translate_tf_serving_flags(arguments), arguments);
  const Arguments other{"predict", "--compat=tf-serving", "--model_name=x"};
  EXPECT_EQ(*translate_tf_serving_flags(other), other);
}

TEST(TfServingFlags, WhatIsWrongIsNamed) {
  for (const std::string wrong :
       {"--rest_api_port=x", "--rest_api_port=70000", "--enable_batching=maybe",
        "--use_alts_credentials=true", "--model_name", "--num_load_threads=-1"}) {
    const auto out = translate_tf_serving_flags({"serve", "--compat=tf-serving", wrong});
    ASSERT_FALSE(out.ok()) << wrong;
    EXPECT_NE(out.status().message().find(wrong.substr(0, wrong.find('='))), std::string::npos);
  }
}

TEST(TfServingFlags, BatchingParametersBecomeFlags) {
  const std::string path =
      file_with("batching.config",
                "max_batch_size { value: 64 } batch_timeout_micros { value: 500 }\n"
                "max_enqueued_batches { value: 10 } num_batch_threads { value: 4 }\n"
                "allowed_batch_sizes: 16 allowed_batch_sizes: 64\n"
                "pad_variable_length_inputs: true");
  const auto out = translate_tf_serving_flags({"serve", "--compat=tf-serving", "--port=1",
                                               "--host=h", "--batching_parameters_file=" + path});
  ASSERT_TRUE(out.ok()) << out.status().message();
  EXPECT_EQ(Arguments(out->begin() + 4, out->end()),
            (Arguments{"--max-queue-delay=500us", "--pool-threads=4", "--max-batch-size=64",
                       "--preferred-batch-sizes=16,64", "--queue-max=640"}));
}

TEST(TfServingFlags, AMonitoringConfigNamesThePathOfTheMetrics) {
  EXPECT_EQ(*read_monitoring_config(file_with("a", "prometheus_config { enable: true }")),
            "/monitoring/prometheus/metrics");
  EXPECT_EQ(
      *read_monitoring_config(file_with("b", "prometheus_config: { enable: true, path: '/m' }")),
      "/m");
  EXPECT_EQ(*read_monitoring_config(file_with("c", "prometheus_config { path: '/m' }")), "");
  EXPECT_FALSE(read_monitoring_config(file_with("d", "other {}")).ok());
  EXPECT_FALSE(
      read_monitoring_config(file_with("e", "prometheus_config { enable: true path: 'm' }")).ok());
  EXPECT_FALSE(read_monitoring_config("/nonexistent").ok());
}

}  // namespace
}  // namespace slipway::cli
