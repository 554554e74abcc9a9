// The version manager with a memory budget and with loading on demand.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <mutex>

#include "serving/gated_loader_test.h"
#include "serving/models_test.h"
#include "serving/version_manager.h"

namespace slipway::serving {
namespace {

constexpr uint64_t kMebi = 1 << 20;
constexpr uint64_t kFileBytes = 50 << 10;

/// The iris model, pretending to take so much memory.
class SizedModel final : public Executable {
 public:
  explicit SizedModel(uint64_t bytes) : bytes_(bytes) {}
  const Signature& signature() const override { return inner_->signature(); }
  std::unique_ptr<Scratch> make_scratch() const override { return inner_->make_scratch(); }
  Status run(const Batch& batch, OutputMask wanted, Scratch& scratch,
             std::vector<OutputBuffer>& outputs) const override {
    return inner_->run(batch, wanted, scratch, outputs);
  }
  size_t size_bytes() const override { return bytes_; }
  size_t scratch_bytes() const override { return 0; }

 private:
  const uint64_t bytes_;
  const std::shared_ptr<const Executable> inner_ = iris_executable();
};

/// Models of 1 MiB, unless a size was set for the path; may be made to wait.
class SizedLoader final : public GatedLoader {
 public:
  void set_size(const std::string& path, uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    sizes_[path] = bytes;
  }

 private:
  Result<LoadedModel> make(const std::string& path) override {
    const auto size = sizes_.find(path);
    LoadedModel loaded =
        loaded_model(std::make_shared<SizedModel>(size == sizes_.end() ? kMebi : size->second));
    loaded.load_seconds = 0;
    return loaded;
  }
  std::map<std::string, uint64_t> sizes_;
};

ModelSource source(const std::string& name, bool required = false, uint64_t inode = 1) {
  ModelSource model;
  model.name = name;
  model.path = name;
  model.required = required;
  model.versions = {{1, name, {1, inode, kFileBytes, 0, 0}}};
  return model;
}

class VersionBudgetTest : public testing::Test {
 protected:
  void start(uint64_t budget, bool on_demand, std::vector<ModelSource> sources) {
    VersionManager::Options options;
    options.load_threads = 1;
    options.memory_budget = budget;
    options.load_on_demand = on_demand;
    options.publish = [this](const std::shared_ptr<const ModelSet>& set) {
      const std::lock_guard lock(mutex_);
      published_ = set;
      changed_.notify_all();
    };
    manager_ = std::make_unique<VersionManager>(std::move(options), loader_, metrics_);
    manager_->apply(std::move(sources));
    std::promise<void> started;
    manager_->when_done("", [&](const Status&) { started.set_value(); });
    started.get_future().get();
  }
  std::future<Status> demand(const std::string& name,
                             std::chrono::milliseconds limit = std::chrono::minutes(1)) {
    const auto promise = std::make_shared<std::promise<Status>>();
    manager_->demand(name, std::chrono::steady_clock::now() + limit,
                     [promise](Status status) { promise->set_value(std::move(status)); });
    return promise->get_future();
  }
  Status load(const std::string& name) {
    manager_->retry(name);
    std::promise<Status> promise;
    manager_->when_done(name, [&](Status status) { promise.set_value(std::move(status)); });
    return promise.get_future().get();
  }
  std::string live() {
    std::string names;
    const auto set = manager_->models();
    for (const auto& model : set->models()) names += model->name;
    return names;
  }
  std::string reason(const std::string& name) {
    for (const ModelStatus& status : manager_->statuses()) {
      if (status.name == name) return status.reason;
    }
    return "unknown";
  }
  void use(const std::string& name) {
    (*manager_->models()->find(name))->scratches->note_use(0, std::chrono::steady_clock::now());
  }
  void wait_live(const std::string& names) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      std::string now;
      for (const auto& model : published_->models()) now += model->name;
      return now == names;
    });
  }
  bool counts(const std::string& line) {
    std::string text;
    metrics_.registry().write(text);
    return text.find("\n" + line + "\n") != std::string::npos;
  }

  SizedLoader loader_;
  ServingMetrics metrics_{1};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const ModelSet> published_;
  std::unique_ptr<VersionManager> manager_;
};

TEST_F(VersionBudgetTest, OnDemandNothingIsLoadedUntilItIsAskedFor) {
  start(0, true, {source("a"), source("b", true)});
  EXPECT_EQ(live(), "b");
  EXPECT_EQ(reason("a"), "loaded when it is asked for");
  EXPECT_TRUE(manager_->models()->on_demand("a"));
  EXPECT_FALSE(manager_->models()->on_demand("b"));
  EXPECT_FALSE(manager_->models()->on_demand("c"));
  EXPECT_EQ(manager_->models()->unready_reason(), "");
  EXPECT_TRUE(demand("a").get().ok());
  EXPECT_EQ(live(), "ab");
  EXPECT_EQ(demand("c").get().code(), StatusCode::kNotFound);
  EXPECT_TRUE(counts("slipway_model_loads_on_demand_total 1"));
}

TEST_F(VersionBudgetTest, TheOnlyModelIsTheDefaultBeforeItIsLoaded) {
  start(0, true, {source("a")});
  EXPECT_EQ(manager_->models()->default_name(), "a");
  EXPECT_TRUE(manager_->models()->on_demand(""));
}

TEST_F(VersionBudgetTest, RequestsForOneModelCauseOneLoad) {
  start(0, true, {source("a")});
  loader_.close();
  std::vector<std::future<Status>> waiting;
  for (int i = 0; i < 20; ++i) waiting.push_back(demand("a"));
  loader_.wait_entered("a");
  waiting.push_back(demand("a"));
  loader_.open();
  for (std::future<Status>& one : waiting) EXPECT_TRUE(one.get().ok());
  EXPECT_EQ(loader_.loads("a"), 1);
}

TEST_F(VersionBudgetTest, ARequestDoesNotWaitBeyondItsDeadline) {
  start(0, true, {source("a")});
  loader_.close();
  EXPECT_EQ(demand("a", std::chrono::milliseconds(5)).get().code(), StatusCode::kDeadlineExceeded);
  std::future<Status> patient = demand("a");
  loader_.open();
  EXPECT_TRUE(patient.get().ok());
}

TEST_F(VersionBudgetTest, TheLeastRecentlyUsedModelMakesRoom) {
  start(5 * kMebi / 2, true, {source("a"), source("b"), source("c")});
  EXPECT_TRUE(demand("a").get().ok());
  EXPECT_TRUE(demand("b").get().ok());
  use("a");
  EXPECT_TRUE(demand("c").get().ok());
  wait_live("ac");
  EXPECT_EQ(reason("b"), "evicted: memory budget");
  EXPECT_TRUE(manager_->models()->on_demand("b"));
  use("c");
  EXPECT_TRUE(demand("b").get().ok());  // its size is known now
  wait_live("bc");
  EXPECT_TRUE(counts("slipway_model_evictions_total 2"));
  EXPECT_TRUE(counts("slipway_memory_budget_bytes 2621440"));
}

TEST_F(VersionBudgetTest, WhatIsRequiredStays) {
  start(5 * kMebi / 2, true, {source("a", true), source("b"), source("c")});
  EXPECT_TRUE(demand("b").get().ok());
  use("b");
  EXPECT_TRUE(demand("c").get().ok());
  wait_live("ac");
}

TEST_F(VersionBudgetTest, AModelLargerThanTheBudgetIsAnError) {
  loader_.set_size("a", 3 * kMebi);
  start(5 * kMebi / 2, true, {source("a"), source("b", true)});
  const Status status = demand("a").get();
  EXPECT_NE(status.message().find("the memory budget is"), std::string::npos) << status.message();
  EXPECT_NE(status.message().find("must stay"), std::string::npos) << status.message();
  EXPECT_EQ(live(), "b");
  EXPECT_FALSE(demand("a").get().ok());
  EXPECT_EQ(loader_.loads("a"), 1);  // it is known now
}

TEST_F(VersionBudgetTest, AFileLargerThanTheBudgetIsNotEvenRead) {
  ModelSource large = source("a");
  large.versions[0].stamp.size_bytes = 3 * kMebi;
  start(5 * kMebi / 2, false, {large});
  EXPECT_EQ(load("a").code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(loader_.loads("a"), 0);
}

TEST_F(VersionBudgetTest, WhatIsFoundFillsTheRoomAndEvictsNothing) {
  start(5 * kMebi / 2, false, {source("a"), source("b"), source("c")});
  EXPECT_EQ(live(), "ab");
  EXPECT_EQ(reason("c"), "no room: memory budget");
  manager_->apply({source("a"), source("c")});  // room again
  wait_live("ac");
  EXPECT_TRUE(counts("slipway_model_evictions_total 0"));
}

TEST_F(VersionBudgetTest, AnAdminLoadMakesRoom) {
  start(5 * kMebi / 2, false, {source("a"), source("b"), source("c")});
  use("a");
  EXPECT_TRUE(load("c").ok());
  wait_live("ac");
  EXPECT_EQ(reason("b"), "evicted: memory budget");
  EXPECT_EQ(manager_->models()->find("b").status().code(), StatusCode::kUnavailable);
}

TEST_F(VersionBudgetTest, NewContentMakesRoomBesideTheOldOne) {
  start(5 * kMebi / 2, false, {source("a"), source("b")});
  use("a");
  manager_->apply({source("a", false, 2), source("b")});
  wait_live("a");  // the old content of "a" had to stay until the new one was there
  EXPECT_EQ(reason("b"), "evicted: memory budget");
  EXPECT_EQ(loader_.loads("a"), 2);
}

TEST_F(VersionBudgetTest, NewContentWithoutRoomLeavesTheOldOneServing) {
  start(3 * kMebi / 2, false, {source("a")});
  manager_->apply({source("a", false, 2)});
  std::promise<Status> done;
  manager_->when_done("a", [&](Status status) { done.set_value(std::move(status)); });
  EXPECT_NE(done.get_future().get().message().find("memory budget"), std::string::npos);
  EXPECT_EQ(live(), "a");
}

TEST_F(VersionBudgetTest, ManyModelsTakeTurnsInLittleRoom) {
  std::vector<ModelSource> sources;
  for (const char* name : {"a", "b", "c", "d", "e"}) sources.push_back(source(name));
  start(5 * kMebi / 2, true, sources);
  for (int round = 0; round < 2; ++round) {
    std::vector<std::future<Status>> waiting;
    for (const ModelSource& one : sources) waiting.push_back(demand(one.name));
    for (std::future<Status>& one : waiting) EXPECT_TRUE(one.get().ok());
  }
}

}  // namespace
}  // namespace slipway::serving
