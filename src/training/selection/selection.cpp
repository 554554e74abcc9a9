#include "training/selection/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "training/selection/internal/contest.h"

namespace slipway::training {
namespace {

Result<Selection> select_by_halving(const Problem& problem, std::vector<Candidate> candidates,
                                    const Partition& partition, const SelectionOptions& options) {
  const HalvingPlan& plan = *options.halving;
  const std::vector<Fold>& folds = partition.folds;
  const size_t rows = partition.train.size();
  const std::vector<HalvingRound> rounds =
      TRY(halving_rounds(plan, candidates.size(), rows, folds.size(), problem.labels.size()));
  Contest contest(problem, options);
  size_t fits = 0;
  for (const HalvingRound& round : rounds) fits += round.candidates * folds.size();
  contest.expect(fits);
  std::vector<size_t> left(candidates.size());
  std::iota(left.begin(), left.end(), size_t{0});
  contest.add(std::move(candidates));
  std::vector<HalvingRound> done;
  for (size_t i = 0; i < rounds.size() && !contest.is_over(); ++i) {
    if (i > 0) left = contest.ranked(left);
    left.resize(std::min(left.size(), rounds[i].candidates));
    if (left.empty()) break;  // all failed
    // Ties are broken by what was asked for first, in every round.
    std::ranges::sort(left);
    const uint64_t resources = rounds[i].resources;
    std::vector<Fold> parts;
    if (plan.resource.empty()) {
      parts = part_of_folds(problem, folds, resources, rows, options.seed);
    } else {
      for (const size_t place : left) {
        contest.candidates()[place].hyperparameters[plan.resource] = fmt::format("{}", resources);
      }
    }
    TRY_STATUS(contest.judge(left, plan.resource.empty() ? parts : folds,
                             {static_cast<uint32_t>(i), resources}));
    done.push_back({left.size(), resources});
    for (const size_t place : left) {  // those that were broken off stay what they were
      const CandidateScores& scores = contest.scores()[place];
      if (plan.resource.empty() || !scores.status.ok()) continue;
      contest.candidates()[place].hyperparameters[plan.resource] =
          fmt::format("{}", scores.resources);
    }
  }
  return std::move(contest).finish(std::move(done));
}

}  // namespace

bool is_better(double a, double b, std::string_view metric) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(b) && !std::isnan(a);
  return is_loss(metric) ? a < b : a > b;
}

Status check_metric(const Problem& problem, const std::string& scoring) {
  const std::vector<std::string> names = metric_names(problem);
  if (std::ranges::find(names, scoring) != names.end()) return {};
  return invalid_argument(fmt::format("there is no metric '{}' of a {}; there are {}", scoring,
                                      task_name(problem.task), fmt::join(names, ", ")));
}

Result<Selection> select(const Problem& problem, std::vector<Candidate> candidates,
                         const Partition& partition, const SelectionOptions& options) {
  TRY_STATUS(check_metric(problem, options.scoring));
  if (options.halving) return select_by_halving(problem, std::move(candidates), partition, options);
  const std::vector<Fold>& folds = partition.folds;
  Contest contest(problem, options);
  contest.expect(candidates.size() * folds.size());
  std::vector<size_t> all(candidates.size());
  std::iota(all.begin(), all.end(), size_t{0});
  contest.add(std::move(candidates));
  TRY_STATUS(contest.judge(all, folds, {}));
  return std::move(contest).finish({});
}

}  // namespace slipway::training
