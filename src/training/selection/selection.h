// Selection: candidates judged against each other, all at once or in a halving search, until all
// are judged, the time is over, or somebody says stop.
//
//   Problem, candidates, Partition --select--> scores of each, the best first
//   Problem, Partition             --select_automatically (portfolio.h)--> the same
//
// What is judged does not depend on the number of threads. Thread rule: reentrant; `stop` may be
// set from a signal handler.
#pragma once

#include <atomic>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "training/selection/cross_validation.h"
#include "training/selection/halving.h"
#include "training/selection/partition.h"

namespace slipway::training {

struct SelectionProgress {
  size_t done = 0;                                         // fits
  size_t total = 0;                                        // 0: as many as the time allows
  double best = std::numeric_limits<double>::quiet_NaN();  // mean of the metric; NaN: none yet
  std::string best_candidate;
  double seconds_left = std::numeric_limits<double>::quiet_NaN();  // of the budget; NaN: none
};

struct SelectionOptions {
  std::string scoring;  // a metric of metric_names()
  uint64_t seed = 0;
  unsigned threads = 1;
  /// After it nothing more is begun and what is being fitted is broken off, but one candidate is
  /// judged whatever it takes. 0: no bound.
  double budget_seconds = 0;
  const std::atomic<bool>* stop = nullptr;
  std::optional<HalvingPlan> halving;
  FoldMemory* memory = nullptr;
  std::function<void(const SelectionProgress&)> progress;  // after each fit, one call at a time
};

struct Selection {
  std::vector<Candidate> candidates;
  std::vector<CandidateScores> scores;  // one for each candidate
  std::vector<size_t> ranking;          // places of those that were judged, best first
  std::vector<HalvingRound> rounds;     // of a halving search
  bool was_stopped = false;             // this is the best of what was judged by then
};

/// NaN is worse than any value.
bool is_better(double a, double b, std::string_view metric);

/// INVALID_ARGUMENT: no such metric of the problem, or one that cannot be told of any candidate;
/// rounds that cannot be; all candidates failed, with the first one's reason. CANCELLED: stopped
/// before anything was judged.
Result<Selection> select(const Problem& problem, std::vector<Candidate> candidates,
                         const Partition& partition, const SelectionOptions& options);

/// Before anything is computed.
Status check_metric(const Problem& problem, const std::string& scoring);

}  // namespace slipway::training
