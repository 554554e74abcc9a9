// VersionManager: makes the set of live models follow what the repository holds.
//
//   lifecycle --apply(sources)--> plan --> load threads --> swap one pointer --publish(ModelSet)-->
//   event loops; what was replaced drains, and ends on the retire thread
//
// A version is loaded, compiled and warmed beside what serves, then swapped in; a failure leaves
// what serves alone and is remembered until the file changes. The last reference to a model or a
// snapshot is always the manager's own: a loop never frees one. Memory of unloaded models is given
// back to the system.
//
// With a memory budget, what is live, what drains and what is being loaded stays below it: models
// that are not required are evicted, the least recently used first, when something that was asked
// for needs their room. What is merely found is loaded while there is room, and evicts nothing.
//
// Ownership: owns its threads and the live models; loader and metrics outlive it. Thread rule:
// thread-safe. `publish` is called in order, under the manager's lock: it must neither block nor
// call back.
//
//   VersionManager manager({1, "", [&](const auto& set) { hand_to_loops(set); }}, loader, metrics);
//   manager.apply(sources);
//   manager.when_done("iris", [](Status status) { ... });
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "serving/model_set.h"
#include "serving/model_source.h"
#include "serving/serving_metrics.h"

namespace slipway::serving {

class VersionManager {
 public:
  struct Options {
    uint32_t load_threads = 1;
    std::string default_model;
    uint64_t memory_budget = 0;   // bytes of all models together; 0: no limit
    bool load_on_demand = false;  // what is not required is loaded when demand() asks for it
    std::function<void(const std::shared_ptr<const ModelSet>&)> publish;
  };

  VersionManager(Options options, ModelLoader& loader, ServingMetrics& metrics);
  /// Waits for loads that have begun; callbacks that still wait get UNAVAILABLE.
  ~VersionManager();
  VersionManager(const VersionManager&) = delete;
  VersionManager& operator=(const VersionManager&) = delete;

  /// What there is from now on: one source per name, and what else is wrong with the repository.
  /// Loads and unloads follow, later.
  void apply(std::vector<ModelSource> sources, std::vector<std::string> errors = {});
  /// What failed is tried again, though its file has not changed; an empty name means every model.
  void retry(std::string_view name);
  /// Calls back once nothing is left to be done for the model and new requests see it: OK, or why
  /// what its files hold is not served. An empty name: once every model has been tried for the
  /// first time. On the calling thread if that is so already, else on one of the manager's.
  void when_done(const std::string& name, std::function<void(Status)> done);
  /// A request needs the model: loads it if it rests, and calls back as when_done() does, or with
  /// DEADLINE_EXCEEDED.
  void demand(const std::string& name, SteadyTime deadline, std::function<void(Status)> done);

  /// A load runs: the destructor would wait for it.
  bool loading() const;
  std::vector<ModelStatus> statuses() const;
  /// The set that was published last.
  std::shared_ptr<const ModelSet> models() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::serving
