// Candidates: what a search is to try, spelt out.
//
//   SearchPlan, Problem --make_candidates--> learner, hyperparameters and preparation of each
//
// All of it is checked, before anything is fitted. Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "training/selection/cross_validation.h"
#include "training/selection/halving.h"
#include "training/selection/space.h"

namespace slipway::training {

/// A learner with the spaces that are searched; without any it keeps its defaults.
struct LearnerSpaces {
  std::string learner;
  std::vector<Space> spaces;
};

struct SearchPlan {
  std::vector<LearnerSpaces> learners;  // empty: those that are usual for the task
  Space shared;                         // of each learner that has all of these hyperparameters
  Space preparation;     // lists of words of the base: scale, impute, encode, select, ...
  size_t draws = 0;      // combinations that are drawn of each learner; 0: the grid, all of it
  PreparationPlan base;  // where `preparation` says nothing
  bool scale_as_needed = true;  // trees and their like are not scaled, unless `preparation` says so
  std::optional<HalvingPlan> halving;
  uint64_t seed = 0;
};

/// The base plan as this learner needs it.
PreparationPlan plan_for(const Learner& learner, const SearchPlan& plan);

/// `notes`: which of the usual learners are left out. INVALID_ARGUMENT, NOT_FOUND: learners,
/// hyperparameters, values; weights where a learner has no use for them.
Result<std::vector<Candidate>> make_candidates(const SearchPlan& plan, const Problem& problem,
                                               std::vector<std::string>& notes);

/// "knn n_neighbors=3 (scale=robust)".
std::string candidate_text(const Candidate& candidate);

}  // namespace slipway::training
