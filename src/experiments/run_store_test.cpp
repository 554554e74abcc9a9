#include "experiments/run_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "experiments/project_folder.h"

namespace slipway::experiments {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RunStoreTest : public testing::Test {
 protected:
  RunStoreTest() {
    std::string name = (fs::temp_directory_path() / "runs.XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~RunStoreTest() override { fs::remove_all(folder_); }

  RunRecord begun() const {
    RunRecord run;
    run.started_ms = 1'700'000'000'123;
    run.tool = "slipway 0.1.0";
    run.command = "slipway train iris.csv";
    run.folder = "/home/me";
    run.data_path = "iris.csv";
    run.data_sha256 = std::string(64, 'a');
    run.data_bytes = 3975;
    run.data_rows = 150;
    run.data_columns = 5;
    run.target = "species";
    run.seed = UINT64_MAX;
    return run;
  }

  static void add_results(RunRecord& run, double accuracy) {
    run.status = RunStatus::kFinished;
    run.finished_ms = run.started_ms + 1500;
    run.task = "classification";
    run.scoring = "accuracy";
    run.partition = "2-fold cross-validation";
    run.folds = 2;
    run.train_rows = 120;
    run.learner = "knn";
    run.parameters = {{"n_neighbors", "5"}, {"weights", "uniform"}};
    run.preparation = {{"impute", "median"}, {"scale", "standard"}};
    run.notes = {"column 'id' was left out"};
    run.tried = 2;
    run.candidates = {{"knn",
                       {{"n_neighbors", "5"}},
                       {{"accuracy", accuracy, 0.1, {accuracy + 0.1, accuracy - 0.1}},
                        {"roc_auc", std::nan(""), std::nan(""), {std::nan(""), 0.5}}},
                       0.25,
                       "",
                       2,
                       60},
                      {"svc", {}, {}, 0, "it failed", 0, 0}};
    run.test_metrics = {{"accuracy", 0.9, 0, {}}};
    run.artifact_path = "species.slip";
    run.artifact_sha256 = std::string(64, 'b');
    run.artifact_bytes = 12345;
  }

  /// One whole run; gives its record.
  RunRecord recorded(double accuracy) {
    RunRecord run = begun();
    Result<ActiveRun> active = ActiveRun::begin(folder_, run);
    EXPECT_TRUE(active.ok()) << active.status().message();
    add_results(run, accuracy);
    EXPECT_TRUE(active->finish(run).ok());
    return run;
  }

  RunRecord found(const std::string& name) {
    Result<RunStore> store = RunStore::open(folder_);
    EXPECT_TRUE(store.ok()) << store.status().message();
    Result<RunRecord> run = store->find(name);
    EXPECT_TRUE(run.ok()) << run.status().message();
    return *run;
  }

  Status opened() const { return RunStore::open(folder_).status(); }

  /// Runs SQL on the file as any other program might.
  void tamper(const char* sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((folder_ + "/runs.db").c_str(), &database), SQLITE_OK);
    char* error = nullptr;
    ASSERT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, &error), SQLITE_OK) << error;
    sqlite3_close(database);
  }

  std::string folder_;
};

TEST_F(RunStoreTest, WhatWasRecordedIsReadBack) {
  const RunRecord want = recorded(0.8);
  const RunRecord run = found("1");
  EXPECT_EQ(run.number, 1);
  EXPECT_EQ(run.id, want.id);
  EXPECT_EQ(run.id.size(), 32U);
  EXPECT_EQ(run.status, RunStatus::kFinished);
  EXPECT_DOUBLE_EQ(run.seconds(), 1.5);
  EXPECT_EQ(run.seed, UINT64_MAX);
  EXPECT_EQ(run.parameters, want.parameters);
  EXPECT_EQ(run.preparation, want.preparation);
  EXPECT_EQ(run.notes, want.notes);
  EXPECT_EQ(run.data_rows, 150U);
  EXPECT_EQ(run.artifact_sha256, want.artifact_sha256);
  ASSERT_EQ(run.candidates.size(), 2U);
  EXPECT_EQ(run.candidates[0].parameters, want.candidates[0].parameters);
  EXPECT_THAT(run.metric("accuracy")->folds, ElementsAre(0.8 + 0.1, 0.8 - 0.1));
  EXPECT_TRUE(std::isnan(run.metric("roc_auc")->mean));
  EXPECT_TRUE(std::isnan(run.metric("roc_auc")->folds[0]));
  EXPECT_EQ(run.candidates[0].round, 2U);
  EXPECT_EQ(run.candidates[0].resources, 60U);
  EXPECT_EQ(run.candidates[1].error, "it failed");
  EXPECT_EQ(run.partition, want.partition);
  EXPECT_EQ(run.folds, 2U);
  EXPECT_EQ(run.train_rows, 120U);
  EXPECT_EQ(run.tried, 2U);
  ASSERT_EQ(run.test_metrics.size(), 1U);
  EXPECT_DOUBLE_EQ(run.test_metrics[0].mean, 0.9);
  EXPECT_EQ(found(want.id).number, 1);
  EXPECT_EQ(found("latest").number, 1);
}

TEST_F(RunStoreTest, AListIsNewestFirstOrByAMetric) {
  recorded(0.8);
  recorded(0.9);
  recorded(0.7);
  Result<RunStore> store = RunStore::open(folder_);
  const auto numbers = [&](const RunFilter& filter) {
    std::vector<int64_t> out;
    const std::vector<RunRecord> runs = *store->list(filter);
    for (const RunRecord& run : runs) out.push_back(run.number);
    return out;
  };
  EXPECT_THAT(numbers({}), ElementsAre(3, 2, 1));
  EXPECT_THAT(numbers({.limit = 2}), ElementsAre(3, 2));
  EXPECT_THAT(numbers({.metric = "accuracy"}), ElementsAre(2, 1, 3));
  EXPECT_THAT(numbers({.metric = "accuracy", .least_first = true}), ElementsAre(3, 1, 2));
  EXPECT_THAT(numbers({.target = "other"}), ElementsAre());
  EXPECT_THAT(numbers({.learner = "knn", .limit = 1}), ElementsAre(3));
  EXPECT_DOUBLE_EQ(store->list({})->front().metric("accuracy")->mean, 0.7);
}

TEST_F(RunStoreTest, ARunRunsUntilItIsFinished) {
  RunRecord run = begun();
  Result<ActiveRun> active = ActiveRun::begin(folder_, run);
  ASSERT_TRUE(active.ok());
  EXPECT_EQ(found("1").status, RunStatus::kRunning);
  const std::vector<std::string> names = {"1"};
  EXPECT_EQ(delete_runs(folder_, names).code(), StatusCode::kFailedPrecondition);
  run.status = RunStatus::kFailed;
  run.error = "the target is not there";
  ASSERT_TRUE(active->finish(run).ok());
  EXPECT_EQ(found("1").status, RunStatus::kFailed);
  EXPECT_EQ(found("1").error, "the target is not there");
}

TEST_F(RunStoreTest, ARunWhoseProcessWasKilledIsInterrupted) {
  const pid_t child = ::fork();
  if (child == 0) {
    RunRecord run = begun();
    const Result<ActiveRun> active = ActiveRun::begin(folder_, run);
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(found("1").status, RunStatus::kInterrupted);
  const std::vector<std::string> names = {"1"};
  EXPECT_TRUE(delete_runs(folder_, names).ok());
}

TEST_F(RunStoreTest, ADatabaseThatIsRemovedMeanwhileIsSaid) {
  RunRecord run = begun();
  Result<ActiveRun> active = ActiveRun::begin(folder_, run);
  ASSERT_TRUE(active.ok());
  fs::remove(folder_ + "/runs.db");
  EXPECT_THAT(active->finish(run).message(), HasSubstr("removed"));
}

TEST_F(RunStoreTest, ManyMayRecordAtOnce) {
  constexpr int kThreads = 8;
  constexpr int kEach = 10;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this] {
      for (int k = 0; k < kEach; ++k) recorded(0.5);
    });
  }
  for (std::thread& thread : threads) thread.join();
  Result<RunStore> store = RunStore::open(folder_);
  ASSERT_TRUE(store.ok());
  const std::vector<RunRecord> runs = *store->list({});
  ASSERT_EQ(runs.size(), static_cast<size_t>(kThreads * kEach));
  for (const RunRecord& run : runs) EXPECT_EQ(run.status, RunStatus::kFinished);
}

TEST_F(RunStoreTest, ADeletedRunLeavesNothingAndItsNumberIsNotGivenAgain) {
  recorded(0.8);
  recorded(0.9);
  const std::vector<std::string> wrong = {"2", "77"};
  EXPECT_EQ(delete_runs(folder_, wrong).code(), StatusCode::kNotFound);
  EXPECT_EQ(found("2").number, 2) << "all or none";
  const std::vector<std::string> names = {"2"};
  ASSERT_TRUE(delete_runs(folder_, names).ok());
  EXPECT_EQ(RunStore::open(folder_)->find("2").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(recorded(0.5).number, 3);
  tamper(
      "CREATE TEMP TABLE left AS SELECT run FROM metrics WHERE run = 2 UNION ALL SELECT run FROM "
      "candidates WHERE run = 2 UNION ALL SELECT run FROM parameters WHERE run = 2; "
      "SELECT CASE count(*) WHEN 0 THEN 0 ELSE raise_an_error END FROM "
      "(SELECT 0 AS raise_an_error, * FROM left)");
}

TEST_F(RunStoreTest, WhatIsNoRecordOfRunsIsRefusedAndLeftAsItIs) {
  const std::string path = folder_ + "/runs.db";
  EXPECT_EQ(opened().code(), StatusCode::kNotFound);
  std::ofstream(path) << "this is no database, but long enough to be looked at"
                      << std::string(2000, 'x');
  EXPECT_EQ(opened().code(), StatusCode::kDataLoss) << opened().message();
  EXPECT_THAT(opened().message(), HasSubstr(path));
  RunRecord run = begun();
  EXPECT_EQ(ActiveRun::begin(folder_, run).status().code(), StatusCode::kDataLoss);
  fs::remove(path);
  tamper("CREATE TABLE other (x)");
  EXPECT_THAT(opened().message(), HasSubstr("another program"));
  EXPECT_THAT(ActiveRun::begin(folder_, run).status().message(), HasSubstr("another program"));
}

TEST_F(RunStoreTest, ALaterSchemaIsRefused) {
  recorded(0.8);
  tamper("PRAGMA user_version = 2");
  EXPECT_EQ(opened().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(opened().message(), HasSubstr("later version"));
  RunRecord run = begun();
  EXPECT_THAT(ActiveRun::begin(folder_, run).status().message(), HasSubstr("later version"));
}

TEST_F(RunStoreTest, ASchemaThatWasChangedIsRefused) {
  recorded(0.8);
  tamper("CREATE TRIGGER evil AFTER INSERT ON runs BEGIN DELETE FROM runs; END");
  EXPECT_EQ(opened().code(), StatusCode::kDataLoss);
  EXPECT_THAT(opened().message(), HasSubstr("'evil'"));
  tamper("DROP TRIGGER evil; DROP TABLE notes");
  EXPECT_THAT(opened().message(), HasSubstr("5 tables"));
}

TEST_F(RunStoreTest, ValuesThatCannotBeAreNamed) {
  recorded(0.8);
  tamper("UPDATE runs SET id = '../../../../../../../tmp/evil....'");
  EXPECT_THAT(RunStore::open(folder_)->find("1").status().message(), HasSubstr("no id"));
  tamper("UPDATE runs SET id = '00000000000000000000000000000000', status = 'fine'");
  EXPECT_THAT(RunStore::open(folder_)->find("1").status().message(), HasSubstr("no status"));
  EXPECT_EQ(RunStore::open(folder_)->find("all").status().code(), StatusCode::kInvalidArgument);
}

TEST_F(RunStoreTest, CorruptPagesAreAnErrorOrOtherValuesButNoCrash) {
  for (int i = 0; i < 20; ++i) recorded(0.5 + i * 0.01);
  const std::string path = folder_ + "/runs.db";
  std::ifstream file(path, std::ios::binary);
  const std::string good((std::istreambuf_iterator<char>(file)), {});
  for (size_t at = 100; at < good.size(); at += good.size() / 97) {
    std::string bad = good;
    for (size_t i = at; i < std::min(at + 64, bad.size()); ++i) bad[i] = static_cast<char>(0xF7);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bad;
    Result<RunStore> store = RunStore::open(folder_);
    if (!store.ok()) continue;
    static_cast<void>(store->list({}));
    for (int run = 1; run <= 20; ++run) static_cast<void>(store->find(std::to_string(run)));
  }
}

TEST_F(RunStoreTest, TheProjectsFolderIsFoundUpwards) {
  const std::string deep = folder_ + "/a/b/c";
  fs::create_directories(deep);
  EXPECT_FALSE(find_project_folder(deep, "").has_value());
  const Result<std::string> made = make_project_folder(folder_ + "/a", "");
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(*made, folder_ + "/a/.slipway");
  EXPECT_TRUE(fs::exists(*made + "/.gitignore"));
  EXPECT_EQ(find_project_folder(deep, ""), *made);
  EXPECT_EQ(*make_project_folder(deep, ""), *made);
  EXPECT_FALSE(find_project_folder(deep, folder_ + "/elsewhere").has_value());
  EXPECT_EQ(*make_project_folder(deep, folder_ + "/elsewhere"), folder_ + "/elsewhere");
  std::ofstream(folder_ + "/file") << "x";
  EXPECT_FALSE(make_project_folder(deep, folder_ + "/file").ok());
}

TEST(ShellLine, IsTakenApartIntoTheSameWords) {
  EXPECT_EQ(shell_line({"slipway", "train", "my table.csv", "--param=C=1,2", "it's", ""}),
            "slipway train 'my table.csv' --param=C=1,2 'it'\\''s' ''");
}

}  // namespace
}  // namespace slipway::experiments
