// TrainRecord: what `slipway train` leaves in the project's records (experiments/run_store.h).
//
// Records are no reason for a training to fail: what cannot be written is said once, and the
// training goes on without. Thread rule: single-sequence.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/commands.h"
#include "cli/training_run.h"
#include "data/read_frame.h"
#include "experiments/run_store.h"

namespace slipway::cli {

class TrainRecord {
 public:
  /// The run is running from now on; nothing happens with --no-record.
  TrainRecord(const TrainOptions& options, const data::Table& table);

  /// The bundle's details tell the preparation.
  void finish(const TrainingRun& run, const std::string& details, const std::string& place,
              std::string_view bundle);
  void fail(const Status& status);
  /// Its number; nullopt if it is not recorded.
  std::optional<int64_t> number() const;

 private:
  void end();
  void tell(const Status& status);

  experiments::RunRecord record_;
  std::optional<experiments::ActiveRun> active_;
};

/// The environment variable SLIPWAY_HOME, or empty; the working directory.
std::string project_home();
std::string working_directory();

}  // namespace slipway::cli
