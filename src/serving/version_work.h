// VersionWork: which versions are to be loaded and which are to go, and what came of it; the
// VersionManager's decisions without its threads.
//
//   set_sources, retry, wake --plan--> jobs --take_job--> a load thread --finish--> live, or failed
//   what is replaced, unloaded or evicted --> RetiredModels --end_drain-->
//
// Thread rule: none of its own; the VersionManager's lock guards it.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "serving/memory_budget.h"
#include "serving/retired_models.h"
#include "serving/served_model.h"
#include "serving/version_table.h"

namespace slipway::serving {

struct LoadJob {
  std::string name;
  uint64_t version = 0;
  VersionSource source;  // as it was when the job was taken
};
using LoadResult = Result<std::shared_ptr<const ServedModel>>;

class VersionWork {
 public:
  VersionWork(ServingMetrics& metrics, bool load_on_demand, uint64_t memory_budget)
      : metrics_(metrics),
        table_(metrics, load_on_demand),
        budget_(table_, metrics.registry(), memory_budget) {}

  /// What there is from now on.
  void set_sources(std::vector<ModelSource> sources, std::vector<std::string> errors);
  /// What failed is tried again; an empty name means every model.
  void retry(std::string_view name);
  /// A request asks for a model: it is loaded if it rests.
  void wake(const std::string& name);

  /// Takes the next job that there is room for off the queue, and makes room for those that have
  /// none. False if there is none to be done now; `look_again` then says when to look at the
  /// latest.
  bool take_job(LoadJob& taken, SteadyTime& look_again);
  /// What came of a job that was taken.
  void finish(const LoadJob& job, LoadResult result);
  /// These have been destroyed.
  void end_drain(const std::vector<RetiredModel>& models);

  const VersionTable& table() const { return table_; }
  RetiredModels& retired() { return retired_; }
  bool loading() const { return loads_running_ > 0; }
  bool idle() const { return jobs_.empty() && loads_running_ == 0; }
  bool any_live(const std::string& name);
  /// Jobs were queued since the last call.
  bool take_has_new_jobs() { return std::exchange(has_new_jobs_, false); }

  /// Since the last snapshot something changed; something that requests would see.
  bool changed() const { return changed_; }
  bool live_changed() const { return live_changed_; }
  std::shared_ptr<const ModelSet> make_set(const std::string& default_model, bool still_starting);

 private:
  struct Queued {
    std::string name;
    uint64_t version = 0;
  };

  void plan(const std::string& name);
  void plan_all();
  void refresh(const std::string& name) { changed_ = table_.refresh(name) || changed_; }
  void retire(const std::string& name, VersionEntry& version);
  void evict(const std::vector<std::string>& names);
  void use_freed_room();
  void begin(LoadJob& job, VersionEntry& version);
  void refuse(const LoadJob& job, VersionEntry& version, uint64_t bytes);
  void take_result(const LoadJob& job, LoadResult result);
  bool finish_budget(const LoadJob& job, VersionEntry& version,
                     const std::shared_ptr<const ServedModel>& model);
  void finish_failed(const LoadJob& job, VersionEntry& version, Status status);

  ServingMetrics& metrics_;
  VersionTable table_;
  MemoryBudget budget_;
  RetiredModels retired_;
  std::deque<Queued> jobs_;
  uint32_t loads_running_ = 0;
  bool has_new_jobs_ = false;
  bool changed_ = false;
  bool live_changed_ = false;
};

}  // namespace slipway::serving
