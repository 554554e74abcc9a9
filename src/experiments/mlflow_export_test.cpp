#include "experiments/mlflow_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace slipway::experiments {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class MlflowExportTest : public testing::Test {
 protected:
  MlflowExportTest() {
    std::string name = (fs::temp_directory_path() / "mlflow.XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    run_.record.number = 3;
    run_.record.id = std::string(32, '7');
    run_.record.status = RunStatus::kFinished;
    run_.record.target = "species";
    run_.record.candidates = {
        {"knn", {{"n_neighbors", "5"}}, {{"accuracy", 0.9, 0.1, {1, 0.8}}}, 0, "", 0, 0}};
  }
  ~MlflowExportTest() override { fs::remove_all(folder_); }

  static std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// The only experiment's folder.
  fs::path experiment() const {
    for (const auto& entry : fs::directory_iterator(folder_)) return entry.path();
    return {};
  }

  std::string folder_;
  MlflowRun run_;
};

TEST_F(MlflowExportTest, NamesBecomeNoPaths) {
  run_.record.parameters = {{"../../../evil", "1"}, {"..", "2"}, {"a/b", "two\nlines"}};
  ASSERT_TRUE(export_to_mlflow(folder_, "mine", run_).ok());
  const fs::path params = experiment() / run_.record.id / "params";
  EXPECT_EQ(text_of(params / "_.._.._.._evil"), "1");
  EXPECT_EQ(text_of(params / "_.."), "2");
  EXPECT_EQ(text_of(params / "a_b"), "two lines");
}

TEST_F(MlflowExportTest, ArtifactsStayInTheirFolder) {
  run_.artifacts = {{"../../evil", "x"}};
  EXPECT_EQ(export_to_mlflow(folder_, "mine", run_).status().code(), StatusCode::kInvalidArgument);
  run_.artifacts = {{"/tmp/evil", "x"}};
  EXPECT_EQ(export_to_mlflow(folder_, "mine", run_).status().code(), StatusCode::kInvalidArgument);
  run_.artifacts = {{"model/MLmodel", "x"}};
  EXPECT_TRUE(export_to_mlflow(folder_, "mine", run_).ok());
  EXPECT_EQ(text_of(experiment() / run_.record.id / "artifacts" / "model" / "MLmodel"), "x");
}

TEST_F(MlflowExportTest, AnExperimentIsFoundByItsNameAndARunIsWrittenOnce) {
  fs::create_directories(folder_ + "/123");
  std::ofstream(folder_ + "/123/meta.yaml") << "experiment_id: '123'\nname: mine\n";
  EXPECT_TRUE(*export_to_mlflow(folder_, "mine", run_));
  EXPECT_FALSE(*export_to_mlflow(folder_, "mine", run_));
  EXPECT_TRUE(fs::exists(folder_ + "/123/" + run_.record.id + "/meta.yaml"));
  EXPECT_TRUE(*export_to_mlflow(folder_, "say \"other\"", run_));
  EXPECT_FALSE(*export_to_mlflow(folder_, "say \"other\"", run_));
}

TEST_F(MlflowExportTest, FoldsAreTheHistoryOfAMetric) {
  ASSERT_TRUE(export_to_mlflow(folder_, "mine", run_).ok());
  EXPECT_EQ(text_of(experiment() / run_.record.id / "metrics" / "fold_accuracy"),
            "0 1 0\n0 0.8 1\n");
  EXPECT_THAT(text_of(experiment() / run_.record.id / "meta.yaml"), HasSubstr("status: 3\n"));
}

}  // namespace
}  // namespace slipway::experiments
