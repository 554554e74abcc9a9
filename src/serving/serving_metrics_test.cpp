#include "serving/serving_metrics.h"

#include <gtest/gtest.h>

#include "serving/models_test.h"

namespace slipway::serving {
namespace {

std::string text_of(const ServingMetrics& metrics) {
  std::string text;
  metrics.registry().write(text);
  return text;
}

TEST(ServingMetrics, CountsRequestsErrorsAndTimesPerModelAndVersion) {
  ServingMetrics metrics(2);
  ModelMetrics& model = metrics.model("iris", "1");
  model.record_answer(0, StatusCode::kOk, 0.002);
  model.record_answer(1, StatusCode::kInvalidArgument, 0.004);
  model.record_answer(1, StatusCode::kDataLoss, 0.004);
  const std::string text = text_of(metrics);
  for (const std::string_view line : {
           "slipway_requests_total{model=\"iris\",version=\"1\"} 3\n",
           "code=\"INVALID_ARGUMENT\"} 1\n",
           "code=\"UNKNOWN\"} 1\n",
           "slipway_request_duration_seconds_count{model=\"iris\",version=\"1\"} 3\n",
           "slipway_request_duration_seconds_sum{model=\"iris\",version=\"1\"} 0.01\n",
           "slipway_request_duration_seconds_bucket{model=\"iris\",version=\"1\",le=\"0.0025\"} "
           "1\n",
       }) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(ServingMetrics, TellsWhatIsServed) {
  ServingMetrics metrics(1);
  const auto model =
      make_served_model("iris", "1", "iris.joblib", loaded_model(iris_executable()), metrics);
  const std::string text = text_of(metrics);
  EXPECT_NE(
      text.find("slipway_model_info{model=\"iris\",version=\"1\",class=\"sklearn.linear_model."
                "_logistic.LogisticRegression\",library=\"scikit-learn\","
                "library_version=\"1.7.2\",digest=\"sha256:0123abcd\"} 1\n"),
      std::string::npos)
      << text;
  EXPECT_EQ(metrics.model("iris", "1").memory_bytes.value(),
            static_cast<double>(model->memory_bytes()));
  EXPECT_EQ(metrics.model("iris", "1").file_bytes.value(), 1234);
  EXPECT_EQ(&metrics.model("iris", "1"), model->metrics);
}

TEST(ServingMetrics, KeepsOneInfoAVersionAndForgetsWhatHasEnded) {
  ServingMetrics metrics(1);
  LoadedModel other = loaded_model(iris_executable());
  other.digest = "sha256:4567";
  make_served_model("iris", "1", "", loaded_model(iris_executable()), metrics);
  make_served_model("iris", "1", "", std::move(other), metrics);
  std::string text = text_of(metrics);
  EXPECT_EQ(text.find("sha256:0123abcd"), std::string::npos);
  EXPECT_NE(text.find("sha256:4567"), std::string::npos);
  make_served_model("iris", "2", "", loaded_model(iris_executable()), metrics);
  metrics.forget("iris", "1");
  text = text_of(metrics);
  EXPECT_EQ(text.find("version=\"1\""), std::string::npos);
  EXPECT_NE(text.find("slipway_model_ready{model=\"iris\",version=\"2\"} 1\n"), std::string::npos);
}

TEST(ServingMetrics, KnowsTheProcess) {
  ServingMetrics metrics(1);
  const std::string text = text_of(metrics);
  const size_t place = text.find("\nprocess_resident_memory_bytes ");
  ASSERT_NE(place, std::string::npos);
  EXPECT_NE(text.substr(place, 40).find_first_of("123456789"), std::string::npos);
}

}  // namespace
}  // namespace slipway::serving
