// Repository: keeps the served models what the files say; watches them and obeys admin calls.
//
//   inotify, timer, SIGHUP, admin call --> scan --> VersionManager --publish--> event loops
//
// One thread scans; loading happens on the version manager's own. Ownership: owns the version
// manager; loader and metrics outlive it. Thread rule: thread-safe.
//
//   auto repository = TRY(Repository::create(options, loader, metrics, publish));
//   repository->when_started([&](Status status) { ... });
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lifecycle/scan.h"
#include "serving/model_control.h"
#include "serving/serving_metrics.h"
#include "serving/version_manager.h"

namespace slipway::lifecycle {

enum class WatchMode : uint8_t { kInotify, kPoll, kOff };

struct RepositoryOptions {
  ScanRequest request;
  WatchMode watch = WatchMode::kInotify;
  std::chrono::milliseconds poll_interval{5000};
  std::chrono::milliseconds quiet{500};  // a file unchanged for so long is complete
  uint32_t load_threads = 1;
  std::string default_model;
  std::vector<std::string> stores;  // folders from which admin calls may register models
  uint64_t memory_budget = 0;       // bytes of all models together; 0: no limit
  MirrorOptions mirror;             // of what lies at addresses
  bool load_on_demand = false;      // what is not required is loaded when a request asks for it
  std::vector<std::string> allowed_folders;  // what an admin's list of models may name besides
  bool calls_change = true;                  // false: what admin calls ask of models is UNAVAILABLE
  /// Set: only these are loaded, and what calls ask for. NOT_FOUND at the start if one is not
  /// there.
  std::optional<std::set<std::string>> first_models;
  /// Told of all models, with their settings, before they are loaded; may be empty.
  std::function<void(const std::vector<serving::ModelSource>&)> configure;
};

class Repository : public serving::ModelControl {
 public:
  using Publish = std::function<void(const std::shared_ptr<const serving::ModelSet>&)>;

  /// Begins to scan and load. UNAVAILABLE if the system gives no descriptors for it.
  static Result<std::unique_ptr<Repository>> create(const RepositoryOptions& options,
                                                    serving::ModelLoader& loader,
                                                    serving::ServingMetrics& metrics,
                                                    Publish publish);
  /// `started` is called once, on another thread: when every model has been tried once, or with
  /// what makes no sense in the paths.
  virtual void when_started(std::function<void(Status)> started) = 0;
  /// Looks at everything again, and tries again what failed.
  virtual void rescan() = 0;
  /// A model is being loaded: the destructor would wait for it.
  virtual bool loading() const = 0;
  /// The set that was published last; null before the first.
  virtual std::shared_ptr<const serving::ModelSet> models() const = 0;
};

}  // namespace slipway::lifecycle
