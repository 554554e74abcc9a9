#include "cli/platform.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace slipway::cli {
namespace {

using Variables = std::vector<std::string>;

constexpr const char* kNoFolder = "/nonexistent/ml/model";

TEST(Platform, SageMakersVariablesGivePortModelAndOwner) {
  ServeOptions options;
  const auto platform = apply_platform(
      Variables{"HOME=/", "SAGEMAKER_BIND_TO_PORT=9000", "SAGEMAKER_SAFE_PORT_RANGE=1-2"},
      "/opt/ml/model", options);
  ASSERT_TRUE(platform.ok());
  EXPECT_EQ(platform->name, "sagemaker");
  EXPECT_EQ(options.port, 9000);
  EXPECT_EQ(options.host, "0.0.0.0");
  EXPECT_EQ(options.paths, Variables{"/opt/ml/model"});
  EXPECT_EQ(options.listeners.compat, "sagemaker,all");
}

TEST(Platform, VertexNamesItsRoutes) {
  ServeOptions options;
  const auto platform =
      apply_platform(Variables{"AIP_MODE=PREDICTION", "AIP_HTTP_PORT=7080", "AIP_HEALTH_ROUTE=/up",
                               "AIP_PREDICT_ROUTE=/ask", "AIP_STORAGE_URI=file:///mnt/model"},
                     kNoFolder, options);
  ASSERT_TRUE(platform.ok());
  EXPECT_EQ(platform->name, "vertex");
  EXPECT_EQ(options.port, 7080);
  EXPECT_EQ(options.paths, Variables{"/mnt/model"});
  ASSERT_EQ(platform->aliases.size(), 2U);
  EXPECT_EQ(platform->aliases[0].first, "/ask");
  EXPECT_EQ(platform->aliases[1].first, "/up");
}

TEST(Platform, ABucketIsRefusedUnlessAPathIsGiven) {
  ServeOptions options;
  const Variables variables{"AIP_STORAGE_URI=gs://bucket/model"};
  const auto refused = apply_platform(variables, kNoFolder, options);
  EXPECT_NE(refused.status().message().find("gs://bucket/model"), std::string::npos);
  options.paths = {"/models"};
  EXPECT_TRUE(apply_platform(variables, kNoFolder, options).ok());
  EXPECT_EQ(options.paths, Variables{"/models"});
}

TEST(Platform, AzureHasItsPortAndFolder) {
  ServeOptions options;
  const auto platform =
      apply_platform(Variables{"AZUREML_MODEL_DIR=/var/azureml-app/m/1"}, kNoFolder, options);
  ASSERT_TRUE(platform.ok());
  EXPECT_EQ(options.port, 5001);
  EXPECT_EQ(options.paths, Variables{"/var/azureml-app/m/1"});
}

TEST(Platform, WhatIsGivenByHandWins) {
  ServeOptions options;
  options.listeners.address_given = true;
  options.port = 1234;
  options.paths = {"a.joblib"};
  options.listeners.compat = "simple";
  ASSERT_TRUE(apply_platform(Variables{"AZUREML_MODEL_DIR=/m"}, kNoFolder, options).ok());
  EXPECT_EQ(options.port, 1234);
  EXPECT_EQ(options.host, "127.0.0.1");
  EXPECT_EQ(options.paths, Variables{"a.joblib"});
  EXPECT_EQ(options.listeners.compat, "simple");
}

TEST(Platform, SeveralOrNoneDecideNothing) {
  for (const Variables& variables : {Variables{"AZUREML_MODEL_DIR=/m", "AIP_MODE=PREDICTION"},
                                     Variables{"HOME=/root", "AIPORT=1"}}) {
    ServeOptions options;
    const auto platform = apply_platform(variables, kNoFolder, options);
    ASSERT_TRUE(platform.ok());
    EXPECT_EQ(platform->name, "");
    EXPECT_EQ(options.port, 8080);
    EXPECT_TRUE(options.paths.empty());
  }
}

TEST(Platform, SageMakersFolderAloneIsEnough) {
  const std::string folder = std::filesystem::temp_directory_path().string();
  ServeOptions options;
  EXPECT_EQ(apply_platform({}, folder, options)->name, "sagemaker");
  EXPECT_EQ(options.paths, Variables{folder});
  ServeOptions by_hand;
  by_hand.paths = {"a.joblib"};
  EXPECT_EQ(apply_platform({}, folder, by_hand)->name, "");
}

TEST(Platform, BadPortsAndRoutesAreNamed) {
  for (const char* variable : {"AIP_HTTP_PORT=http", "AIP_HTTP_PORT=70000", "AIP_HTTP_PORT=0",
                               "AIP_PREDICT_ROUTE=predict", "AIP_HEALTH_ROUTE=/a{b}"}) {
    ServeOptions options;
    const auto platform = apply_platform(Variables{variable}, kNoFolder, options);
    EXPECT_FALSE(platform.ok()) << variable;
    EXPECT_NE(platform.status().message().find("AIP_"), std::string::npos);
  }
}

}  // namespace
}  // namespace slipway::cli
