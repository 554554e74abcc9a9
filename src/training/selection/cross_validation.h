// Cross-validation: how well candidates learn, each judged on rows that it did not see.
//
//   Problem, folds, candidates --cross_validate--> scores of each candidate on each fold
//
// Preparation is fitted on the training rows of each fold alone, so that nothing of the test rows
// leaks into it. A candidate that fails (a hyperparameter that does not go with another, a
// preparation that cannot be fitted) has its error and no scores; the others go on. The result does
// not depend on the number of threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "training/learners/learner.h"
#include "training/preparation/preparation.h"
#include "training/selection/judge.h"
#include "training/splits/folds.h"

namespace slipway::training {

struct Candidate {
  const Learner* learner = nullptr;
  HyperparameterTexts hyperparameters;
  PreparationPlan plan;
  HyperparameterTexts preparation;  // words of the plan that are tried, for reports
};

/// What one fit came to on one fold.
struct FoldResult {
  Status status;                      // why there are no metrics
  MetricValues metrics;               // of the rows that judge
  std::vector<std::string> warnings;  // of the fit
  double seconds = 0;                 // of the fit
};

/// Results that were found before, by this process or by one that ended too early. A key stands for
/// all that a result depends on: the prepared rows, learner, hyperparameters and seed.
/// Calls come one at a time, from any thread.
class FoldMemory {
 public:
  virtual ~FoldMemory() = default;
  /// Null if it is not known; valid until the next add().
  virtual const FoldResult* find(const std::string& key) const = 0;
  virtual void add(const std::string& key, const Candidate& candidate,
                   const FoldResult& result) = 0;
};

struct CandidateScores {
  Status status;                      // why there are no scores
  std::vector<MetricValues> folds;    // of each fold; names are the same in all
  std::vector<std::string> warnings;  // of the fits, each once
  double fit_seconds = 0;             // mean of the folds
  // Of a halving search (halving.h): the last round that the candidate came to, and what it had.
  uint32_t round = 0;
  uint64_t resources = 0;  // 0: all

  /// Of one metric over the folds; NaN if it is not there.
  double mean(std::string_view metric) const;
  /// Standard deviation over the folds (ddof 0, as scikit-learn's std_test_score).
  double deviation(std::string_view metric) const;
};

struct CrossValidationOptions {
  uint64_t seed = 0;
  unsigned threads = 1;
  const std::atomic<bool>* stop = nullptr;  // once true, what is not begun has the error CANCELLED
  /// Called after each fit, on any thread, one call at a time: candidate, fold, and the metrics.
  std::function<void(size_t, size_t, const MetricValues&)> progress;
  FoldMemory* memory = nullptr;  // asked before each fit, and told of each; may be null
};

/// `folds` hold places in problem.rows. INVALID_ARGUMENT: there are no folds.
Result<std::vector<CandidateScores>> cross_validate(const Problem& problem,
                                                    std::span<const Candidate> candidates,
                                                    std::span<const Fold> folds,
                                                    const CrossValidationOptions& options);

/// A candidate, fitted on some rows of the frame.
struct FittedCandidate {
  Preparation preparation;
  Fit fit;
  size_t rows = 0;                 // that it was fitted on
  std::vector<std::string> notes;  // of their preparation
};
Result<FittedCandidate> fit_candidate(const Problem& problem, const Candidate& candidate,
                                      std::span<const uint32_t> rows, const FitOptions& options);

}  // namespace slipway::training
