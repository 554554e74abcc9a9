// The tables of runs.db, and how a record lies in them.
#pragma once

#include "base/status.h"
#include "experiments/internal/run_lock.h"
#include "experiments/internal/sqlite.h"
#include "experiments/run_store.h"

namespace slipway::experiments {

/// `place` of what belongs to no candidate: hyperparameters of the model that was written, metrics
/// on the rows that were kept back.
inline constexpr int64_t kNoCandidate = -1;

/// Opens runs.db, makes or checks its tables.
Result<Database> open_runs(const std::string& folder, Database::Mode mode);

Result<std::vector<RunRecord>> read_runs(Database& database, const RunLock* lock,
                                         const RunFilter& filter);
Result<RunRecord> read_run(Database& database, const RunLock* lock, std::string_view name);

}  // namespace slipway::experiments
