// RunRecord: what is kept of a training run: what was asked for, on which data, how well each
// candidate did, what came of it.
//
//   `slipway train` --RunStore (experiments/run_store.h)--> .slipway/runs.db --> `slipway runs`
//
// Thread rule: a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::experiments {

enum class RunStatus : uint8_t {
  kRunning,
  kFinished,
  kStopped,      // by its user or the end of its time: the best so far was written
  kFailed,       // RunRecord::error says why
  kInterrupted,  // it ended without saying how: killed, or the machine went down
};
/// "running", "finished", "stopped", "failed", "interrupted".
std::string_view run_status_name(RunStatus status);

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

/// One metric of one candidate, or of the rows that were kept back.
struct RunMetric {
  std::string name;
  double mean = 0;       // over the folds; of the rows kept back, their value. NaN: undefined
  double deviation = 0;  // over the folds (ddof 0); of the rows kept back 0
  std::vector<double> folds;
};

/// A learner with hyperparameters, as it was judged.
struct RunCandidate {
  std::string learner;
  NamedTexts parameters;  // those that were tried, by name
  std::vector<RunMetric> metrics;
  double fit_seconds = 0;  // mean of the folds
  std::string error;       // why there are no metrics; else empty
  uint64_t round = 0;      // of a halving search: the last one that it came to
  uint64_t resources = 0;  // what it was judged with there; 0: all
};

struct RunRecord {
  int64_t number = 0;  // 1, 2, ... in the order in which they began: what people call it
  std::string id;      // 32 hexadecimal digits: what it is called elsewhere
  RunStatus status = RunStatus::kRunning;
  std::string error;
  int64_t started_ms = 0;   // since 1970-01-01T00:00:00Z
  int64_t finished_ms = 0;  // 0: not known
  std::string tool;         // "slipway 0.1.0"
  std::string command;      // as for a POSIX shell
  std::string folder;       // in which it ran

  std::string data_path;
  std::string data_sha256;  // of the file's bytes; empty if they are not known
  uint64_t data_bytes = 0;
  uint64_t data_rows = 0;
  uint64_t data_columns = 0;

  std::string target;
  std::string task;
  std::string scoring;    // the metric that decided
  std::string partition;  // how rows were divided, in words
  uint64_t folds = 0;
  uint64_t train_rows = 0;
  uint64_t seed = 0;
  std::string learner;             // the best one's
  NamedTexts parameters;           // all of the best, defaults filled in
  NamedTexts preparation;          // "scale" and "standard", ...
  std::vector<std::string> notes;  // what was left out, and warnings

  uint64_t tried = 0;                    // candidates in all
  std::vector<RunCandidate> candidates;  // the best first, then those that failed; the first ones
  std::vector<RunMetric> test_metrics;   // of the rows that were kept back

  std::string artifact_path;  // the bundle
  std::string artifact_sha256;
  uint64_t artifact_bytes = 0;

  /// Of the best candidate, by name; null: there is none.
  const RunMetric* metric(std::string_view name) const;
  /// Of a run that has ended; 0 if it is not known when.
  double seconds() const;
};

/// The words as one line that a POSIX shell takes apart into the same words.
std::string shell_line(const std::vector<std::string>& words);

}  // namespace slipway::experiments
