// RunStore: the records of a project's training runs, in the SQLite database runs.db of its
// folder (experiments/project_folder.h).
//
//   ActiveRun run = TRY(ActiveRun::begin(folder, record));   // it is running from now on
//   ...
//   TRY_STATUS(run.finish(record));                          // with all that came of it
//
//   RunStore store = TRY(RunStore::open(folder));
//   for (const RunRecord& run : TRY(store.list({}))) ...
//
// Any number of processes may record and read at once. A run whose process has ended without
// finish() is told as interrupted. A database of a later program, of another one, or one that is
// damaged is an error that says so, and is left as it is.
//
// Thread rule: single-sequence.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "experiments/run_record.h"

namespace slipway::experiments {

inline constexpr const char* kRunsFile = "runs.db";
/// What a record keeps at most of each: the best of more candidates.
inline constexpr size_t kCandidatesMax = 1000;

class Database;
class RunLock;

class ActiveRun {
 public:
  /// Gives the record its number and id. UNAVAILABLE, PERMISSION_DENIED: the folder cannot be
  /// written to; FAILED_PRECONDITION, DATA_LOSS: see above.
  static Result<ActiveRun> begin(const std::string& folder, RunRecord& record);
  ActiveRun(ActiveRun&& other) noexcept;
  ActiveRun& operator=(ActiveRun&& other) noexcept;
  ~ActiveRun();

  /// `record`: as begin() left it, with what has come of it since.
  Status finish(const RunRecord& record);

 private:
  ActiveRun(std::string path, std::unique_ptr<Database> database, std::unique_ptr<RunLock> lock);
  std::string path_;                    // of the database
  std::unique_ptr<Database> database_;  // open all the time: each close waits for the disk
  std::unique_ptr<RunLock> lock_;
};

struct RunFilter {
  std::string target;   // empty: any
  std::string learner;  // the best one's; empty: any
  std::string metric;   // to sort by; empty: the newest first
  bool least_first = false;
  size_t limit = 0;  // 0: all
};

class RunStore {
 public:
  /// NOT_FOUND: there is no database yet.
  static Result<RunStore> open(const std::string& folder);
  RunStore(RunStore&& other) noexcept;
  RunStore& operator=(RunStore&& other) noexcept;
  ~RunStore();

  /// Of the candidates only the best; without folds.
  Result<std::vector<RunRecord>> list(const RunFilter& filter);
  /// All of one run: by its number, its id, or "latest". NOT_FOUND.
  Result<RunRecord> find(std::string_view name);

 private:
  RunStore(std::unique_ptr<Database> database, std::unique_ptr<RunLock> lock);
  std::unique_ptr<Database> database_;
  std::unique_ptr<RunLock> lock_;  // null: there is none to ask
};

/// All of them or none. NOT_FOUND; FAILED_PRECONDITION: a run is still under way.
Status delete_runs(const std::string& folder, std::span<const std::string> names);

}  // namespace slipway::experiments
