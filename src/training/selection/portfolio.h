// Portfolio: a search that needs no one to say what to try.
//
//   Problem, Partition --select_automatically--> Selection
//
// First each learner of the portfolio with its defaults, the quick ones first. Then combinations
// drawn from each learner's space: the learner that leads gets half of the draws, the next a
// quarter, and so on, as the ranking changes. What is tried depends on the scores and the seed, not
// on the clock: a longer time goes on where a shorter one ended, and the same number of draws gives
// the same result.
//
// Thread rule: as selection.h.
#pragma once

#include "base/status.h"
#include "training/selection/candidates.h"
#include "training/selection/selection.h"

namespace slipway::training {

/// Of `plan` what holds for all learners: preparation, draws (at most so many beside the defaults;
/// 0: until the time is over or nothing new is left), seed. `notes`: which learners are left out.
/// Errors as select().
Result<Selection> select_automatically(const Problem& problem, const Partition& partition,
                                       const SearchPlan& plan, const SelectionOptions& options,
                                       std::vector<std::string>& notes);

}  // namespace slipway::training
