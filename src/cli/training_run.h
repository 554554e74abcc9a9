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
#include "training/selection/candidates.h"
#include "training/selection/cross_validation.h"
#include "training/selection/partition.h"
#include "training/selection/selection.h"

namespace slipway::cli {

struct TrainingPlan {
  training::ProblemOptions problem;
  training::SearchPlan search;  // but for its base, scale_as_needed and seed, which stand here
  bool is_automatic = false;    // the portfolio (training/selection/portfolio.h) is tried
  training::PreparationPlan preparation;
  bool scale_as_needed = true;  // trees and their like are not scaled
  training::FoldPlan partition;
  std::string scoring;  // a metric; empty: accuracy or r2
  uint64_t seed = 0;
  unsigned threads = 1;
  double budget_seconds = 0;  // what is not done by then is left out; 0: no bound
  const std::atomic<bool>* stop = nullptr;
  training::FoldMemory* memory = nullptr;  // what was judged before; may be null
  std::function<void(const training::SelectionProgress&)> progress;  // after each fit
};

struct TrainingRun {
  training::Problem problem;
  std::vector<training::Candidate> candidates;
  std::vector<training::CandidateScores> scores;  // one for each candidate
  std::vector<size_t> ranking;                    // places of those that were judged, best first
  std::vector<training::HalvingRound> rounds;     // of a halving search
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
