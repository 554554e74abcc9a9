#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "serving/models_test.h"
#include "serving/serving_metrics.h"

namespace slipway::serving {
namespace {

namespace fs = std::filesystem;

/// Loads files that say "model"; fails for others.
class FileLoader final : public ModelLoader {
 public:
  Result<LoadedModel> load(const std::string& path) override {
    std::string word;
    std::ifstream(path) >> word;
    if (word != "model") return invalid_argument(path + " is not a model file");
    return loaded_model(iris_executable());
  }
};

class LoadModels : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              ("slipway_load_models_" +
               std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "sub.joblib");
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  Result<std::shared_ptr<const ModelSet>> load(LoadRequest request) {
    return load_models(request, loader_, metrics_);
  }

  fs::path folder_;
  FileLoader loader_;
  ServingMetrics metrics_{1};
};

TEST_F(LoadModels, NamesModelsAfterTheirFilesWithoutEndings) {
  file("iris.joblib", "model");
  file("wine.v2.pkl.gz", "model");
  file(".hidden.joblib", "model");
  file("README.md", "words");
  const auto set = load({{folder_.string()}, "", ""});
  ASSERT_TRUE(set.ok()) << set.status().message();
  ASSERT_EQ((*set)->models().size(), 2U);
  EXPECT_EQ((*set)->models()[0]->name, "iris");
  EXPECT_EQ((*set)->models()[1]->name, "wine.v2");
  EXPECT_TRUE((*set)->all_served());
}

TEST_F(LoadModels, AModelThatFailsLeavesTheOthersServed) {
  file("a.joblib", "broken");
  file("b.joblib", "model");
  const auto set = load({{folder_.string()}, "", ""});
  ASSERT_TRUE(set.ok());
  ASSERT_EQ((*set)->models().size(), 1U);
  ASSERT_EQ((*set)->statuses().size(), 2U);
  EXPECT_EQ((*set)->find("a").status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(metrics_.model("a", "1").ready.value(), 0);
  EXPECT_EQ(metrics_.model("b", "1").ready.value(), 1);
  EXPECT_EQ(metrics_.model("b", "1").load_seconds.value(), 0.25);
}

TEST_F(LoadModels, TheSecondFileOfANameIsAnError) {
  file("iris.joblib", "model");
  file("iris.pkl", "model");
  const auto set = load({{folder_.string()}, "", ""});
  ASSERT_TRUE(set.ok());
  EXPECT_EQ((*set)->models().size(), 1U);
  EXPECT_FALSE((*set)->all_served());
  EXPECT_TRUE((*set)->find("iris").ok());
}

TEST_F(LoadModels, AGivenNameNeedsASingleFile) {
  const std::string path = file("iris.joblib", "model");
  const auto named = load({{path}, "flowers", ""});
  ASSERT_TRUE(named.ok());
  EXPECT_EQ((*named)->models()[0]->name, "flowers");
  const std::string other = file("wine.joblib", "model");
  EXPECT_EQ(load({{path, other}, "flowers", ""}).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(LoadModels, AnUnknownDefaultModelIsAnError) {
  const std::string path = file("iris.joblib", "model");
  EXPECT_EQ(load({{path}, "", "wine"}).status().message(),
            "the default model \"wine\" is not among the models: iris");
}

TEST_F(LoadModels, MeasuresWhatARowCostsAndIndexesTheColumns) {
  const std::string path = file("iris.joblib", "model");
  const auto set = load({{path}, "", ""});
  ASSERT_TRUE(set.ok());
  const ServedModel& model = *(*set)->models()[0];
  EXPECT_GT(model.seconds_first_row, 0);
  EXPECT_LT(model.seconds_first_row, 0.1);
  EXPECT_EQ(model.column_places.at("petal_width"), 3U);
}

}  // namespace
}  // namespace slipway::serving
