// MemoryBudget: the books of --memory-budget: what is live, what drains, what is being loaded, and
// whether there is room for one more.
//
//   VersionManager --before_load, after_load--> plan_room --> load now / wait / evict these / never
//
// Without a limit everything has room, and the books are kept for the metrics. Single-sequence: the
// version manager uses it under its lock. Refers to the manager's table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metrics/registry.h"
#include "serving/memory_plan.h"
#include "serving/version_table.h"

namespace slipway::serving {

class MemoryBudget {
 public:
  /// `bytes` 0: no limit.
  MemoryBudget(VersionTable& table, metrics::Registry& registry, uint64_t bytes);

  bool limited() const { return use_.budget > 0; }
  /// What to set aside while that version is read, compiled and warmed.
  static uint64_t need(const VersionEntry& version);
  /// For a version that is to be loaded; `ahead`: bytes that others wait for and come first.
  RoomPlan before_load(const std::string& name, const VersionEntry& version, uint64_t ahead,
                       SteadyTime now);
  /// For one that has been loaded and takes so many bytes.
  RoomPlan after_load(const std::string& name, uint64_t bytes);
  /// The same without the share that is a guess.
  static uint64_t need_least(const VersionEntry& version);
  /// "it needs 70 MiB and the memory budget is 64 MiB, of which ... "
  Status no_room(const std::string& name, uint64_t bytes);
  /// Names of the models that found no room before and would now.
  std::vector<std::string> fitting_now();
  /// A model found no room; it is looked at again when so many bytes are free.
  void note_no_room(uint64_t need);

  /// What happens, in the order in which it does to a version.
  void reserve(VersionEntry& version);
  void release(VersionEntry& version);
  void add(VersionEntry& version);         // it is live now
  uint64_t retire(VersionEntry& version);  // it drains; gives its bytes
  void destroyed(uint64_t bytes);
  void count_eviction() { evictions_.add(metrics::kSharedShard); }
  void count_load_on_demand() { demanded_.add(metrics::kSharedShard); }
  /// Brings the gauges up to date.
  void show();

 private:
  std::vector<ResidentModel> residents(const std::string& but);
  RoomRequest request_for(const std::string& name, uint64_t need, uint64_t need_least) const;
  uint64_t free_bytes() const;

  VersionTable& table_;
  MemoryUse use_;
  uint64_t retry_at_free_ = UINT64_MAX;  // the least that a model without room needs
  metrics::Gauge& budget_bytes_;
  metrics::Gauge& live_bytes_;
  metrics::Gauge& draining_bytes_;
  metrics::Gauge& loading_bytes_;
  metrics::Counter& evictions_;
  metrics::Counter& demanded_;
};

}  // namespace slipway::serving
