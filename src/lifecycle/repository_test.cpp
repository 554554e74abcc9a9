#include "lifecycle/repository.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>

#include "serving/models_test.h"

namespace slipway::lifecycle {
namespace {

namespace fs = std::filesystem;
using serving::ModelSet;

/// Loads files that begin with "model"; the digest is what they say.
class TextLoader final : public serving::ModelLoader {
 public:
  Result<serving::LoadedModel> load(const serving::VersionSource& source) override {
    std::ifstream file(source.path);
    std::string text((std::istreambuf_iterator<char>(file)), {});
    if (!text.starts_with("model")) return invalid_argument(source.path + " is no model file");
    serving::LoadedModel model = serving::loaded_model(serving::iris_executable());
    model.digest = text;
    return model;
  }
};

class RepositoryTest : public testing::TestWithParam<WatchMode> {
 protected:
  void SetUp() override {
    std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    std::ranges::replace(name, '/', '_');
    base_ = fs::temp_directory_path() / ("slipway_repository_" + name);
    fs::remove_all(base_);
    folder_ = base_ / "models";
    fs::create_directories(folder_);
  }
  void TearDown() override {
    repository_.reset();
    fs::remove_all(base_);
  }

  /// As a careful program does it: written elsewhere, then renamed.
  void put(const std::string& name, const std::string& text) {
    std::ofstream(base_ / "new") << text;
    fs::create_directories((folder_ / name).parent_path());
    fs::rename(base_ / "new", folder_ / name);
  }
  void start(std::vector<std::string> paths, WatchMode watch,
             std::chrono::milliseconds quiet = std::chrono::milliseconds(40)) {
    RepositoryOptions options;
    options.stores = {folder_.string()};
    options.request.paths = std::move(paths);
    options.request.identify = [](const std::string& path) -> std::optional<ArchiveNames> {
      std::ifstream file(path);
      std::string word;
      ArchiveNames names;
      if (!(file >> word >> names.name >> names.version)) return std::nullopt;
      return names;
    };
    options.watch = watch;
    options.poll_interval = std::chrono::milliseconds(10);
    options.quiet = quiet;
    auto created = Repository::create(options, loader_, metrics_, [this](const auto& set) {
      const std::lock_guard lock(mutex_);
      published_ = set;
      changed_.notify_all();
    });
    ASSERT_TRUE(created.ok());
    repository_ = std::move(created).value();
    std::promise<Status> started;
    repository_->when_started([&](Status status) { started.set_value(std::move(status)); });
    const Status status = started.get_future().get();
    EXPECT_TRUE(status.ok()) << status.message();
  }
  Status call(void (serving::ModelControl::*what)(std::string, std::function<void(Status)>),
              const std::string& name) {
    std::promise<Status> promise;
    (repository_.get()->*what)(name, [&](Status status) { promise.set_value(std::move(status)); });
    return promise.get_future().get();
  }
  Result<serving::Registered> enroll(const std::string& address, const std::string& name = "") {
    std::promise<Result<serving::Registered>> promise;
    repository_->enroll({address, name, true}, [&](Result<serving::Registered> made) {
      promise.set_value(std::move(made));
    });
    return promise.get_future().get();
  }
  Status change(void (serving::ModelControl::*what)(std::string, std::string,
                                                    std::function<void(Status)>),
                const std::string& name, const std::string& version) {
    std::promise<Status> promise;
    (repository_.get()->*what)(name, version,
                               [&](Status status) { promise.set_value(std::move(status)); });
    return promise.get_future().get();
  }
  std::string default_version(const std::string& name) {
    const auto models = repository_->models();
    const auto model = models->find(name);
    return model.ok() ? (*model)->version : model.status().message();
  }
  void wait_until(const std::function<bool(const ModelSet&)>& condition) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return published_ != nullptr && condition(*published_); });
  }
  void wait_digest(const std::string& name, const std::string& digest) {
    wait_until([&](const ModelSet& set) {
      const auto model = set.find(name);
      return model.ok() && (*model)->loaded.digest == digest;
    });
  }

  fs::path base_;
  fs::path folder_;
  TextLoader loader_;
  serving::ServingMetrics metrics_{1};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const ModelSet> published_;
  std::unique_ptr<Repository> repository_;
};

TEST_P(RepositoryTest, FollowsTheFilesThatComeChangeAndGo) {
  put("iris.joblib", "model 1");
  start({folder_.string()}, GetParam());
  wait_digest("iris", "model 1");
  put("iris.joblib", "model 2");
  wait_digest("iris", "model 2");
  put("iris.joblib", "broken");
  wait_until([](const ModelSet& set) {
    return !set.statuses().empty() && !set.statuses()[0].status.ok();
  });
  EXPECT_EQ((*repository_->models()->find("iris"))->loaded.digest, "model 2");
  put("wine/3/model.joblib", "model 3");
  wait_digest("wine", "model 3");
  put("wine/4/model.joblib", "model 4");
  wait_digest("wine", "model 4");
  fs::remove_all(folder_ / "wine");
  wait_until([](const ModelSet& set) { return !set.find("wine").ok(); });
  put("iris.joblib", "model 5");
  wait_digest("iris", "model 5");
}

TEST_P(RepositoryTest, VersionsOfArchivesAreEnrolledAndRetiredOneByOne) {
  using Control = serving::ModelControl;
  put("a.mar", "model iris 1.0");
  put("b.mar", "model iris 2.0");
  put("bad.mar", "broken iris 3.0");
  put("plain.joblib", "model");
  start({}, GetParam());
  const auto first = enroll("a.mar");
  ASSERT_TRUE(first.ok()) << first.status().message();
  EXPECT_EQ(first->name, "iris");
  EXPECT_EQ(first->version, "1.0");
  EXPECT_EQ(enroll("a.mar").status().code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(enroll("no.mar").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(enroll("../a.mar").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(enroll("https://example.com/a.mar").status().code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(enroll("bad.mar").status().code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(enroll("b.mar").ok());
  EXPECT_EQ(default_version("iris"), "1");
  EXPECT_TRUE(repository_->models()->find("iris", "2.0").ok());
  EXPECT_TRUE(change(&Control::set_default, "iris", "2").ok());
  EXPECT_EQ(default_version("iris"), "2");
  EXPECT_EQ(change(&Control::set_default, "iris", "9").code(), StatusCode::kNotFound);
  EXPECT_TRUE(change(&Control::retire, "iris", "1").ok());
  EXPECT_FALSE(repository_->models()->find("iris", "1.0").ok());
  EXPECT_TRUE(change(&Control::retire, "iris", "2").ok());
  EXPECT_FALSE(repository_->models()->find("iris").ok());
  EXPECT_EQ(change(&Control::retire, "iris", "2").code(), StatusCode::kNotFound);
  ASSERT_TRUE(enroll("b.mar", "other").ok());
  EXPECT_EQ(default_version("other"), "2");
  ASSERT_TRUE(enroll("plain.joblib").ok());
  EXPECT_EQ(default_version("plain"), "1");
}

TEST_P(RepositoryTest, ADefaultVersionIsServedBesideWhatThePolicyChooses) {
  put("wine/3/model.joblib", "model 3");
  put("wine/4/model.joblib", "model 4");
  start({folder_.string()}, GetParam());
  EXPECT_EQ(default_version("wine"), "4");
  EXPECT_TRUE(change(&serving::ModelControl::set_default, "wine", "3").ok());
  EXPECT_EQ(default_version("wine"), "3");
  EXPECT_TRUE(repository_->models()->find("wine", "4").ok());
  EXPECT_TRUE(change(&serving::ModelControl::retire, "wine", "3").ok());
  EXPECT_EQ(default_version("wine"), "4");
}

TEST_P(RepositoryTest, AFileThatIsWrittenInPlaceIsLoadedOnceItIsWhole) {
  start({folder_.string()}, GetParam(), std::chrono::milliseconds(500));
  std::ofstream file(folder_ / "iris.joblib");
  for (int i = 0; i < 5; ++i) {
    file << (i == 0 ? "model" : " part") << std::flush;
    repository_->rescan();
  }
  file.close();
  wait_until([](const ModelSet& set) { return set.find("iris").ok(); });
  EXPECT_EQ((*repository_->models()->find("iris"))->loaded.digest, "model part part part part");
}

INSTANTIATE_TEST_SUITE_P(BothWays, RepositoryTest,
                         testing::Values(WatchMode::kInotify, WatchMode::kPoll),
                         [](const auto& mode) {
                           return mode.param == WatchMode::kInotify ? "Inotify" : "Poll";
                         });

class RepositoryCalls : public RepositoryTest {};

TEST_F(RepositoryCalls, LoadAndUnloadWorkWithoutWatching) {
  put("iris.joblib", "model 1");
  start({folder_.string()}, WatchMode::kOff);
  using Control = serving::ModelControl;
  EXPECT_TRUE(call(&Control::unload, "iris").ok());
  EXPECT_EQ(repository_->models()->find("iris").status().code(), StatusCode::kUnavailable);
  put("iris.joblib", "model 2");
  put("wine.joblib", "model 3");
  EXPECT_TRUE(call(&Control::load, "wine").ok());
  EXPECT_FALSE(repository_->models()->find("iris").ok());  // unloaded until it is asked for
  EXPECT_TRUE(call(&Control::load, "iris").ok());
  EXPECT_EQ((*repository_->models()->find("iris"))->loaded.digest, "model 2");
  EXPECT_EQ(call(&Control::load, "oak").code(), StatusCode::kNotFound);
  EXPECT_EQ(call(&Control::unload, "oak").code(), StatusCode::kNotFound);
  put("iris.joblib", "broken");
  EXPECT_NE(call(&Control::load, "iris").message().find("is no model file"), std::string::npos);
  EXPECT_EQ((*repository_->models()->find("iris"))->loaded.digest, "model 2");
  EXPECT_EQ(repository_->index().size(), 2U);
}

TEST_F(RepositoryCalls, ARescanTakesWhatIsNew) {
  put("iris.joblib", "model 1");
  start({folder_.string()}, WatchMode::kOff);
  put("iris.joblib", "model 2");
  repository_->rescan();
  wait_digest("iris", "model 2");
}

TEST_F(RepositoryCalls, AListThatChangesChangesTheModels) {
  put("a.joblib", "model a");
  put("b.joblib", "model b");
  put("models.yaml", "models: [{name: one, path: a.joblib}]");
  start({(folder_ / "models.yaml").string()}, WatchMode::kInotify);
  wait_digest("one", "model a");
  put("models.yaml", "models: [{name: one, path: b.joblib}, {name: two, path: a.joblib}]");
  wait_digest("one", "model b");
  wait_digest("two", "model a");
}

TEST_F(RepositoryCalls, PathsThatMakeNoSenseAreToldAtTheStart) {
  RepositoryOptions options;
  put("models.yaml", "models: 5");
  options.request.paths = {(folder_ / "models.yaml").string()};
  options.quiet = std::chrono::milliseconds(10);
  auto created = Repository::create(options, loader_, metrics_, nullptr);
  ASSERT_TRUE(created.ok());
  std::promise<Status> started;
  (*created)->when_started([&](Status status) { started.set_value(std::move(status)); });
  EXPECT_EQ(started.get_future().get().code(), StatusCode::kInvalidArgument);
}

TEST_F(RepositoryCalls, WhatIsPutIsServedReplacedAndTakenAway) {
  put("iris.joblib", "model 1");
  start({folder_.string()}, WatchMode::kInotify);
  const auto upload = [this](const std::string& name, const std::string& content) {
    std::promise<Status> promise;
    repository_->put(name, content, [&](Status status) { promise.set_value(std::move(status)); });
    return promise.get_future().get();
  };
  const auto digest = [this](const std::string& name) {
    const auto set = repository_->models();
    const auto model = set->find(name);
    return model.ok() ? (*model)->loaded.digest : model.status().message();
  };
  EXPECT_TRUE(upload("up", "model 2").ok());
  EXPECT_EQ(digest("up"), "model 2");
  EXPECT_TRUE(upload("up", "model 3").ok());
  EXPECT_EQ(digest("up"), "model 3");
  EXPECT_FALSE(upload("up", "broken").ok());
  EXPECT_EQ(digest("up"), "model 3");
  EXPECT_TRUE(call(&serving::ModelControl::load, "up").ok());  // its file is still there
  EXPECT_EQ(digest("up"), "model 3");
  EXPECT_FALSE(upload("first", "broken").ok());
  EXPECT_EQ(upload("iris", "model 4").code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(digest("iris"), "model 1");
  for (const char* name : {"", "..", "a/b"}) {
    EXPECT_EQ(upload(name, "model").code(), StatusCode::kInvalidArgument) << name;
  }
  EXPECT_TRUE(call(&serving::ModelControl::unload, "up").ok());
  EXPECT_FALSE(repository_->models()->find("up").ok());
  EXPECT_TRUE(upload("up", "model 5").ok());
  EXPECT_EQ(digest("up"), "model 5");
}

TEST_F(RepositoryCalls, FilesThatComeWithALoadTakeThePlaceOfTheModelsFolder) {
  using Control = serving::ModelControl;
  put("iris/2/model.joblib", "model 2");
  put("iris/3/model.joblib", "model 3");
  start({folder_.string()}, WatchMode::kInotify, std::chrono::milliseconds(500));
  const auto upload = [this](const std::string& name, std::vector<serving::ModelFile> files,
                             const serving::ModelOverrides& overrides = {}) {
    std::promise<Status> promise;
    repository_->load_files(name, std::move(files), overrides,
                            [&](Status status) { promise.set_value(std::move(status)); });
    return promise.get_future().get();
  };
  const auto live = [this](const std::string& name) {
    std::string text;
    const auto models = repository_->models();
    for (const auto& model : models->versions(name)) {
      text += model->version + ": " + model->loaded.digest + ";";
    }
    return text;
  };
  EXPECT_EQ(live("iris"), "3: model 3;");
  // A version that is older than those of the repository, then one of its own.
  EXPECT_TRUE(upload("iris", {{"1/model.joblib", "model a"}, {"config.pbtxt", "x"}}).ok());
  EXPECT_EQ(live("iris"), "1: model a;");
  EXPECT_FALSE(upload("iris", {{"2/model.joblib", "broken"}}).ok());
  EXPECT_EQ(live("iris"), "1: model a;");
  serving::ModelOverrides all;
  all.policy = serving::VersionPolicy{serving::VersionPolicy::Kind::kAll, 1, {}};
  EXPECT_TRUE(
      upload("iris", {{"3/model.joblib", "model c"}, {"4/model.joblib", "model d"}}, all).ok());
  EXPECT_EQ(live("iris"), "4: model d;3: model c;");
  EXPECT_FALSE(upload("iris", {{"9/model.joblib", "broken"}}).ok());
  repository_->rescan();
  EXPECT_EQ(live("iris"), "4: model d;3: model c;");
  // Back to the repository.
  EXPECT_TRUE(call(&Control::load, "iris").ok());
  EXPECT_EQ(live("iris"), "3: model 3;");
  EXPECT_FALSE(upload("iris", {{"3/model.joblib", "broken"}}).ok());
  EXPECT_EQ(live("iris"), "3: model 3;");
  // What was unloaded stays so if it cannot be loaded.
  EXPECT_TRUE(call(&Control::unload, "iris").ok());
  EXPECT_FALSE(upload("iris", {{"3/model.joblib", "broken"}}).ok());
  EXPECT_TRUE(call(&Control::load, "iris").ok());
  // A model that the repository does not hold.
  EXPECT_FALSE(upload("rose", {{"1/model.joblib", "broken"}}).ok());
  EXPECT_EQ(live("rose"), "");
  EXPECT_TRUE(upload("rose", {{"1/model.joblib", "model r"}}).ok());
  EXPECT_EQ(call(&Control::load, "rose").code(), StatusCode::kNotFound);
  EXPECT_EQ(live("rose"), "1: model r;");
  EXPECT_TRUE(call(&Control::unload, "rose").ok());
  EXPECT_EQ(live("rose"), "");
  EXPECT_EQ(live("iris"), "3: model 3;");
}

TEST_F(RepositoryCalls, FilesThatLeadOutOfTheirFolderAreRefused) {
  start({folder_.string()}, WatchMode::kOff);
  const auto upload = [this](std::vector<serving::ModelFile> files) {
    std::promise<Status> promise;
    repository_->load_files("iris", std::move(files), {},
                            [&](Status status) { promise.set_value(std::move(status)); });
    return promise.get_future().get().code();
  };
  for (const char* path : {"", "/etc/x", "../x", "1/../../x", "1/..", "1//x", "1/", ".", "1/./x"}) {
    EXPECT_EQ(upload({{path, "model"}}), StatusCode::kInvalidArgument) << path;
  }
  EXPECT_EQ(upload({{std::string("1/a\0b", 5), "model"}}), StatusCode::kInvalidArgument);
  EXPECT_EQ(upload({{"1/" + std::string(300, 'a'), "model"}}), StatusCode::kInvalidArgument);
  EXPECT_EQ(upload({{"1/a", "model"}, {"1/a", "model"}}), StatusCode::kInvalidArgument);
  EXPECT_EQ(upload({{"1/a", "model"}, {"1/a/b", "model"}}), StatusCode::kInvalidArgument);
  EXPECT_EQ(upload(std::vector<serving::ModelFile>(1001, {"1/a", ""})),
            StatusCode::kResourceExhausted);
  EXPECT_EQ(upload({{"model.joblib", "model"}}), StatusCode::kNotFound);  // no version
  EXPECT_EQ(call(&serving::ModelControl::load, "oak").code(), StatusCode::kNotFound);
  EXPECT_TRUE(repository_->index().empty());
}

TEST_F(RepositoryCalls, AListTakesThePlaceOfWhatWasServed) {
  put("iris/1/model.joblib", "model 1");
  put("iris/2/model.joblib", "model 2");
  put("wine/1/model.joblib", "broken");
  start({folder_.string()}, WatchMode::kInotify);
  const auto replace = [this](const std::string& configs) {
    std::promise<Status> promise;
    repository_->replace_list("model_config_list { " + configs + " }",
                              [&](Status status) { promise.set_value(std::move(status)); });
    return promise.get_future().get();
  };
  const std::string iris = "\"" + (folder_ / "iris").string() + "\"";
  EXPECT_TRUE(replace("config { name: 'rose' base_path: " + iris +
                      " model_version_policy { all {} } version_labels { key: 'old' value: 1 } }")
                  .ok());
  const auto set = repository_->models();
  EXPECT_EQ(set->versions("rose").size(), 2U);
  EXPECT_EQ((*set->find("rose", "old"))->loaded.digest, "model 1");
  const Status broken =
      replace("config { name: 'rose' base_path: " + iris + " } config { name: 'wine' base_path: '" +
              (folder_ / "wine").string() + "' }");
  EXPECT_EQ(broken.code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(broken.message().find("1 servable(s) did not become available: {name: wine}"),
            std::string::npos)
      << broken.message();
  for (const std::string& place :
       {base_.string(), std::string("/etc"), folder_.string() + "/../x"}) {
    EXPECT_EQ(replace("config { name: 'a' base_path: '" + place + "' }").code(),
              StatusCode::kPermissionDenied)
        << place;
  }
  EXPECT_EQ(replace("config { name: 'a' base_path: 'iris' }").code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(repository_->models()->find("rose").ok());
}

}  // namespace
}  // namespace slipway::lifecycle
