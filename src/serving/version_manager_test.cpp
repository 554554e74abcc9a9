#include "serving/version_manager.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "serving/gated_loader_test.h"
#include "serving/inference.h"
#include "serving/models_test.h"

namespace slipway::serving {
namespace {

/// Loads by path: what the test said about it; may be made to wait.
class ScriptedLoader final : public GatedLoader {
 public:
  void fail(const std::string& path, const Status& status) {
    const std::lock_guard lock(mutex_);
    errors_.insert_or_assign(path, status);
  }
  void heal(const std::string& path) {
    const std::lock_guard lock(mutex_);
    errors_.erase(path);
  }

 private:
  Result<LoadedModel> make(const std::string& path) override {
    const auto error = errors_.find(path);
    if (error != errors_.end()) return error->second;
    LoadedModel loaded = loaded_model(iris_executable());
    loaded.digest = path;
    return loaded;
  }
  std::map<std::string, Status> errors_;
};

FileStamp stamp(uint64_t inode) { return {1, inode, 100, 0, 0}; }

VersionSource version(uint64_t number, uint64_t inode = 1) {
  return {number, "iris/" + std::to_string(number) + "#" + std::to_string(inode), stamp(inode)};
}

ModelSource source(const std::string& name, std::vector<VersionSource> versions) {
  ModelSource model;
  model.name = name;
  model.path = name;
  model.versions = std::move(versions);
  return model;
}

class VersionManagerTest : public testing::Test {
 protected:
  VersionManagerTest() {
    VersionManager::Options options;
    options.load_threads = 2;
    options.publish = [this](const std::shared_ptr<const ModelSet>& set) {
      const std::lock_guard lock(mutex_);
      published_ = set;
      changed_.notify_all();
    };
    manager_ = std::make_unique<VersionManager>(std::move(options), loader_, metrics_);
  }

  Status wait_done(const std::string& name) {
    std::promise<Status> promise;
    manager_->when_done(name, [&](Status status) { promise.set_value(std::move(status)); });
    return promise.get_future().get();
  }
  Status apply(std::vector<ModelSource> sources, const std::string& name = "iris") {
    manager_->apply(std::move(sources));
    return wait_done(name);
  }
  std::vector<std::string> live(const std::string& name = "iris") {
    std::vector<std::string> versions;
    const auto models = manager_->models();
    for (const auto& model : models->versions(name)) {
      versions.push_back(model->version);
    }
    return versions;
  }
  ModelStatus status_of(const std::string& number) {
    for (const ModelStatus& status : manager_->statuses()) {
      if (status.version == number) return status;
    }
    return {};
  }
  /// Waits until the published set says so; states change on other threads.
  void wait_until(const std::function<bool(const ModelSet&)>& condition) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return published_ != nullptr && condition(*published_); });
  }
  void wait_state(const std::string& number, VersionState state) {
    wait_until([&](const ModelSet& set) {
      return std::ranges::any_of(set.statuses(), [&](const ModelStatus& status) {
        return status.version == number && status.state == state;
      });
    });
  }
  std::string metrics_text() {
    std::string text;
    metrics_.registry().write(text);
    return text;
  }

  ScriptedLoader loader_;
  ServingMetrics metrics_{1};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const ModelSet> published_;
  std::unique_ptr<VersionManager> manager_;
};

using Versions = std::vector<std::string>;

TEST_F(VersionManagerTest, ServesTheNewestVersionAndEndsTheOneBefore) {
  EXPECT_TRUE(apply({source("iris", {version(1)})}).ok());
  EXPECT_EQ(live(), Versions{"1"});
  EXPECT_TRUE(apply({source("iris", {version(1), version(2)})}).ok());
  EXPECT_EQ(live(), Versions{"2"});
  wait_state("1", VersionState::kEnd);
  EXPECT_EQ(status_of("1").reason, "not chosen by the version policy (latest 1)");
  EXPECT_EQ(status_of("2").state, VersionState::kAvailable);
  EXPECT_EQ(loader_.loads("iris/1#1"), 1);
}

TEST_F(VersionManagerTest, SeveralVersionsAreLiveIfThePolicySaysSo) {
  ModelSource all = source("iris", {version(1), version(2), version(3)});
  all.policy.kind = VersionPolicy::Kind::kAll;
  all.labels = {{"stable", 2}};
  EXPECT_TRUE(apply({all}).ok());
  EXPECT_EQ(live(), (Versions{"3", "2", "1"}));
  EXPECT_EQ((*manager_->models()->find("iris", "stable"))->version, "2");
  all.policy.kind = VersionPolicy::Kind::kSpecific;
  all.policy.versions = {1, 3};
  EXPECT_TRUE(apply({all}).ok());
  EXPECT_EQ(live(), (Versions{"3", "1"}));
}

TEST_F(VersionManagerTest, ABrokenNewVersionLeavesTheOldOneServingAndShowsTheError) {
  EXPECT_TRUE(apply({source("iris", {version(1)})}).ok());
  loader_.fail("iris/2#1", invalid_argument("cut off at byte 7"));
  const Status status = apply({source("iris", {version(1), version(2)})});
  EXPECT_EQ(status.message(), "version 2 could not be loaded: cut off at byte 7");
  EXPECT_EQ(live(), Versions{"1"});
  EXPECT_EQ(status_of("2").status.message(), "cut off at byte 7");
  EXPECT_EQ(status_of("2").state, VersionState::kEnd);
  EXPECT_EQ(manager_->models()->unready_reason(), "");
  const std::string text = metrics_text();
  EXPECT_NE(text.find("slipway_model_load_failed{model=\"iris\",version=\"2\"} 1\n"),
            std::string::npos);
  EXPECT_NE(text.find("slipway_model_ready{model=\"iris\",version=\"1\"} 1\n"), std::string::npos);
  EXPECT_FALSE(apply({source("iris", {version(1), version(2)})}).ok());
  EXPECT_EQ(loader_.loads("iris/2#1"), 1);  // not tried again while the file is the same
  loader_.heal("iris/2#1");
  manager_->retry("iris");
  EXPECT_TRUE(wait_done("iris").ok());
  EXPECT_EQ(live(), Versions{"2"});
}

TEST_F(VersionManagerTest, BrokenNewContentOfAFileLeavesTheOldContentServing) {
  EXPECT_TRUE(apply({source("iris", {version(1, 1)})}).ok());
  const auto before = *manager_->models()->find("iris");
  loader_.fail("iris/1#2", invalid_argument("no pickle"));
  EXPECT_FALSE(apply({source("iris", {version(1, 2)})}).ok());
  EXPECT_EQ(*manager_->models()->find("iris"), before);
  EXPECT_EQ(status_of("1").state, VersionState::kAvailable);
  EXPECT_EQ(status_of("1").status.message(), "no pickle");
  EXPECT_TRUE(apply({source("iris", {version(1, 3)})}).ok());
  EXPECT_EQ((*manager_->models()->find("iris"))->loaded.digest, "iris/1#3");
  EXPECT_TRUE(status_of("1").status.ok());
  EXPECT_NE(metrics_text().find(
                "slipway_model_loads_total{model=\"iris\",version=\"1\",result=\"ok\"} 2\n"),
            std::string::npos);
}

TEST_F(VersionManagerTest, ARequestKeepsItsModelUntilItIsDone) {
  EXPECT_TRUE(apply({source("iris", {version(1)})}).ok());
  std::shared_ptr<const ModelSet> of_request = manager_->models();
  const std::weak_ptr<const ServedModel> model = of_request->models()[0];
  manager_->apply({source("iris", {version(2)})});
  EXPECT_TRUE(wait_done("iris").ok());
  wait_state("1", VersionState::kUnloading);
  EXPECT_FALSE(model.expired());
  of_request.reset();
  wait_until([](const ModelSet& set) { return set.statuses().size() == 1; });
  EXPECT_TRUE(model.expired());
  EXPECT_EQ(metrics_text().find("version=\"1\""), std::string::npos);
}

TEST_F(VersionManagerTest, RemovedAndHeldModelsAreUnloaded) {
  EXPECT_TRUE(apply({source("iris", {version(1)}), source("wine", {version(1)})}).ok());
  EXPECT_TRUE(wait_done("wine").ok());
  ModelSource held = source("wine", {version(1)});
  held.held = true;
  EXPECT_EQ(apply({held}).message(), "there is no model \"iris\" in the repository");
  EXPECT_TRUE(wait_done("wine").ok());
  EXPECT_TRUE(manager_->models()->models().empty());
  wait_until([](const ModelSet& set) {  // first it drains
    return set.find("iris").status().code() == StatusCode::kNotFound;
  });
  EXPECT_EQ(manager_->models()->find("wine").status().code(), StatusCode::kUnavailable);
  EXPECT_TRUE(apply({source("wine", {version(1)})}, "wine").ok());
  EXPECT_EQ(live("wine"), Versions{"1"});
}

TEST_F(VersionManagerTest, IsReadyOnceEveryModelHasBeenTriedAndALaterLoadChangesNothing) {
  loader_.close();
  ModelSource iris = source("iris", {version(1)});
  iris.required = true;
  manager_->apply({iris});
  loader_.wait_entered("iris/1#1");
  manager_->apply({iris});
  if (manager_->models() != nullptr) {
    EXPECT_EQ(manager_->models()->unready_reason(), "the models are still loading");
  }
  loader_.open();
  EXPECT_TRUE(wait_done("").ok());
  EXPECT_EQ(manager_->models()->unready_reason(), "");
  loader_.close();
  iris.versions = {version(1), version(2)};
  manager_->apply({iris});
  loader_.wait_entered("iris/2#1");
  EXPECT_EQ(manager_->models()->unready_reason(), "");
  EXPECT_EQ(live(), Versions{"1"});
  loader_.open();
  EXPECT_TRUE(wait_done("iris").ok());
  EXPECT_EQ(live(), Versions{"2"});
}

TEST_F(VersionManagerTest, AFileThatIsBeingWrittenIsNotLoadedAndIsWaitedFor) {
  EXPECT_TRUE(apply({source("iris", {version(1)})}).ok());
  VersionSource written = version(2);
  written.complete = false;
  manager_->apply({source("iris", {version(1), written})});
  std::atomic<bool> done{false};
  manager_->when_done("iris", [&](const Status& status) {
    EXPECT_TRUE(status.ok());
    done = true;
    done.notify_one();
  });
  EXPECT_FALSE(done);
  EXPECT_EQ(loader_.loads("iris/2#1"), 0);
  EXPECT_EQ(status_of("2").state, VersionState::kStart);
  manager_->apply({source("iris", {version(1), version(2)})});
  done.wait(false);
  EXPECT_EQ(live(), Versions{"2"});
}

TEST_F(VersionManagerTest, AFileThatIsNoModelIsPassedOver) {
  loader_.fail("iris/1#1", invalid_argument("words"));
  ModelSource notes = source("notes", {version(1)});
  notes.optional = true;
  manager_->apply({notes});
  EXPECT_TRUE(wait_done("").ok());
  EXPECT_TRUE(manager_->statuses().empty());
  EXPECT_EQ(metrics_text().find("notes"), std::string::npos);
}

TEST_F(VersionManagerTest, AFolderThatHoldsNoModelSaysSo) {
  VersionSource empty = version(1);
  empty.problem = not_found("iris/1 holds no model file");
  ModelSource missing = source("wine", {});
  missing.problem = not_found("wine.joblib does not exist");
  EXPECT_EQ(apply({source("iris", {empty}), missing}).message(),
            "version 1 could not be loaded: iris/1 holds no model file");
  EXPECT_EQ(manager_->models()->find("wine").status().message(),
            "model \"wine\" failed to load: wine.joblib does not exist");
  EXPECT_EQ(loader_.loads("iris/1#1"), 0);
}

TEST_F(VersionManagerTest, WhoeverWaitsIsToldWhenTheServerStops) {
  loader_.close();
  manager_->apply({source("iris", {version(1)})});
  loader_.wait_entered("iris/1#1");
  std::promise<Status> promise;
  manager_->when_done("iris", [&](Status status) { promise.set_value(std::move(status)); });
  std::thread opener([this] { loader_.open(); });
  manager_.reset();
  opener.join();
  const Status status = promise.get_future().get();
  EXPECT_TRUE(status.ok() || status.code() == StatusCode::kUnavailable);
}

/// Loops that answer while versions come and go, as in the server: for TSan.
TEST_F(VersionManagerTest, RequestsGoOnWhileVersionsAreReplaced) {
  manager_.reset();
  ServingMetrics metrics(2);
  std::array<std::shared_ptr<const ModelSet>, 2> handed;  // what post() brings to each loop
  std::array<std::mutex, 2> mailboxes;
  VersionManager::Options options;
  options.publish = [&](const std::shared_ptr<const ModelSet>& set) {
    for (size_t i = 0; i < handed.size(); ++i) {
      const std::lock_guard lock(mailboxes[i]);
      handed[i] = set;
    }
  };
  VersionManager manager(options, loader_, metrics);
  manager.apply({source("iris", {version(1, 1)})});
  std::promise<void> started;
  manager.when_done("", [&](const Status&) { started.set_value(); });
  started.get_future().get();
  std::atomic<bool> stop{false};
  std::atomic<int> failures{0};
  std::vector<std::thread> loops;
  for (uint32_t loop = 0; loop < 2; ++loop) {
    loops.emplace_back([&, loop] {
      Inference inference({}, nullptr, loop);
      InferRequest request;
      InferResponse response;
      while (!stop) {
        {
          const std::lock_guard lock(mailboxes[loop]);
          inference.set_models(handed[loop]);
        }
        const auto model = inference.models()->find("iris");
        if (!model.ok()) {
          ++failures;
          continue;
        }
        request.model = *model;
        request.input.reset(1, 4, {});
        for (size_t i = 0; i < 4; ++i) request.input.number_row(0)[i] = 1;
        inference.infer(request, response);
        if (!response.status.ok()) ++failures;
      }
      inference.set_models(nullptr);
    });
  }
  loader_.fail("iris/1#7", invalid_argument("broken"));
  for (uint64_t i = 2; i < 40; ++i) {
    manager.apply({source("iris", {i % 2 == 0 ? version(1, i) : version(1, 7)})});
    std::promise<void> done;
    manager.when_done("iris", [&](const Status&) { done.set_value(); });
    done.get_future().get();
  }
  stop = true;
  for (std::thread& loop : loops) loop.join();
  EXPECT_EQ(failures, 0);
}

}  // namespace
}  // namespace slipway::serving
