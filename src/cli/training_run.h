// A training run: from a table to a bundle.
//
//   Frame --make_problem--> candidates --cross_validate--> the best --fit--> graph --> .slip
//
// Thread rule: reentrant; `stop` may be set from a signal handler.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "training/selection/cross_validation.h"
#include "training/selection/partition.h"
#include "training/selection/search.h"

namespace slipway::cli {

struct TrainingPlan {
  training::ProblemOptions problem;
  std::vector<std::string> learners;  // empty: those that are usual for the task
  training::Grid grid;                // tried with each learner that knows all of its names
  size_t draws = 0;                   // combinations drawn of the grid; 0: all
  training::PreparationPlan preparation;
  bool scale_as_needed = true;  // trees and their like are not scaled
  training::FoldPlan partition;
  std::string scoring;  // a metric; empty: accuracy or r2
  uint64_t seed = 0;
  unsigned threads = 1;
  double budget_seconds = 0;  // what is not begun by then is left out; 0: no bound
  const std::atomic<bool>* stop = nullptr;
  /// After each fit: done, of how many, the best mean so far (NaN: none yet).
  std::function<void(size_t, size_t, double)> progress;
};

struct TrainingRun {
  training::Problem problem;
  std::vector<training::Candidate> candidates;
  std::vector<training::CandidateScores> scores;  // one for each candidate
  std::vector<size_t> ranking;                    // places of those that were judged, best first
  std::string scoring;
  std::string partition;  // in words
  size_t folds = 0;       // that each candidate was judged on
  size_t train_rows = 0;
  training::MetricValues test_metrics;  // of the rows that were kept back; empty: none were
  std::vector<std::string> warnings;    // of the last fit
  training::HyperparameterTexts hyperparameters;  // of the best, defaults filled in
  std::vector<std::string> features;              // names of what the learner saw
  bool was_stopped = false;                       // the best of what was done by then
  std::shared_ptr<const Graph> graph;             // the best, with its preparation
};

/// INVALID_ARGUMENT, NOT_FOUND: of the problem, the learners, the grid, the metric; or all
/// candidates failed, with the first one's reason. CANCELLED: stopped before anything was judged.
Result<TrainingRun> run_training(const data::Frame& frame, const TrainingPlan& plan);

}  // namespace slipway::cli
