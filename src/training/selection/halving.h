// Halving: many candidates judged with little, the best of them with more, and so on (Karnin, Koren
// and Somekh, Almost Optimal Exploration in Multi-Armed Bandits, 2013; Jamieson and Talwalkar,
// arXiv:1502.07943).
//
//   candidates, resource --halving_rounds--> how many are judged with how much, round by round
//
// Rounds are those of scikit-learn's HalvingGridSearchCV (1.9), number for number. What each
// candidate has in a round is rows of each fold, training and test part alike, or a hyperparameter
// such as n_estimators. Rows are drawn by lot, of a classification class by class, so that a small
// part has rows of each class.
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "training/selection/problem.h"
#include "training/splits/folds.h"

namespace slipway::training {

struct HalvingPlan {
  double factor = 3;     // above 1: of the candidates one in `factor` goes on
  std::string resource;  // a hyperparameter; empty: rows
  enum class Least : uint8_t {
    kExhaust,   // so much that the last round has all
    kSmallest,  // of rows 2 for each fold and class, of a hyperparameter 1
    kGiven,
  };
  Least least = Least::kExhaust;
  uint64_t resources_min = 0;  // of kGiven
  uint64_t resources_max = 0;  // 0: all rows; a hyperparameter needs it
  bool is_aggressive = false;  // rounds with the least are repeated until few enough are left
};

struct HalvingRound {
  size_t candidates = 0;
  uint64_t resources = 0;
};

/// `rows`: those that folds are made of; `class_count` 0: a regression. INVALID_ARGUMENT: a factor
/// that is not above 1, no candidates, a least of 0 or above the most, no most of a hyperparameter.
Result<std::vector<HalvingRound>> halving_rounds(const HalvingPlan& plan, size_t candidates,
                                                 size_t rows, size_t folds, size_t class_count);

/// Of each fold's training and test part the share `resources` / `rows`, rounded down, but one row
/// at least and of a classification one of each class, drawn by Random(seed).
std::vector<Fold> part_of_folds(const Problem& problem, const std::vector<Fold>& folds,
                                uint64_t resources, size_t rows, uint64_t seed);

}  // namespace slipway::training
