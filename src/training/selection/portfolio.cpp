#include "training/selection/portfolio.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "training/selection/internal/contest.h"

namespace slipway::training {
namespace {

constexpr size_t kDrawsMax = 10'000;
constexpr size_t kTogether = 4;  // draws that are judged at once
constexpr size_t kDrawsWithoutNews = 20;
/// Kernel machines take time with the square of the rows.
constexpr size_t kKernelRowsMax = 20'000;

Values listed(std::vector<std::string> list) { return {Values::Kind::kList, std::move(list)}; }
Values uniform(double low, double high) { return {Values::Kind::kUniform, {}, low, high}; }
Values log_range(double low, double high) { return {Values::Kind::kLog, {}, low, high}; }
Values whole(double low, double high) { return {Values::Kind::kInteger, {}, low, high}; }
Values log_whole(double low, double high) { return {Values::Kind::kLogInteger, {}, low, high}; }

Space forest_space() {
  return {{"n_estimators", listed({"100", "200", "400"})},
          {"max_features", listed({"sqrt", "0.3", "0.5", "0.7", "1.0"})},
          {"min_samples_leaf", listed({"1", "2", "3", "5", "10"})},
          {"max_depth", listed({"none", "none", "5", "10", "20"})}};
}

Space boosting_space() {
  return {{"n_estimators", log_whole(50, 600)},
          {"learning_rate", log_range(0.02, 0.3)},
          {"max_depth", whole(2, 8)},
          {"subsample", uniform(0.5, 1.0)},
          {"colsample_bytree", uniform(0.4, 1.0)},
          {"min_child_weight", log_range(0.5, 10)},
          {"reg_lambda", log_range(0.1, 10)}};
}

/// More neighbours than half of the rows would blur everything.
Space neighbors_space(size_t rows) {
  const double most = std::clamp(static_cast<double>(rows) / 2, 3.0, 50.0);
  return {{"n_neighbors", log_whole(1, std::floor(most))},
          {"weights", listed({"uniform", "distance"})},
          {"p", listed({"1", "2"})}};
}

std::vector<LearnerSpaces> portfolio(Task task, size_t rows) {
  const Values cost = log_range(0.05, 1000);
  const Values width = log_range(1e-4, 1);
  if (task == Task::kClassification) {
    return {{"naive_bayes", {{{"var_smoothing", log_range(1e-10, 0.1)}}}},
            {"logistic_regression",
             {{{"C", log_range(1e-3, 1000)}, {"max_iter", listed({"1000"})}},
              {{"C", log_range(1e-2, 100)},
               {"penalty", listed({"l1"})},
               {"max_iter", listed({"1000"})}}}},
            {"knn", {neighbors_space(rows)}},
            {"svc", {{{"C", cost}}, {{"C", cost}, {"gamma", width}}}},
            {"extra_trees", {forest_space()}},
            {"random_forest", {forest_space()}},
            {"gradient_boosting", {boosting_space()}}};
  }
  const Values slack = log_range(1e-3, 10);
  return {
      {"ridge", {{{"alpha", log_range(1e-3, 1000)}}}},
      {"elastic_net", {{{"alpha", log_range(1e-4, 10)}, {"l1_ratio", uniform(0.05, 1.0)}}}},
      {"knn", {neighbors_space(rows)}},
      {"svr",
       {{{"C", cost}, {"epsilon", slack}}, {{"C", cost}, {"gamma", width}, {"epsilon", slack}}}},
      {"extra_trees", {forest_space()}},
      {"random_forest", {forest_space()}},
      {"gradient_boosting", {boosting_space()}}};
}

/// One learner in the race.
struct Runner {
  const Learner* learner = nullptr;
  std::vector<Space> spaces;
  std::vector<size_t> places;  // of its candidates
  std::set<HyperparameterTexts> tried;
  Random random{0};
  bool is_exhausted = false;
};

Result<std::vector<Runner>> runners_of(const Problem& problem, const Partition& partition,
                                       uint64_t seed, std::vector<std::string>& notes) {
  const size_t rows = partition.train.size();
  std::vector<Runner> runners;
  for (LearnerSpaces& one : portfolio(problem.task, rows)) {
    const auto learner = find_learner(one.learner, problem.task);
    if (!learner.ok()) continue;
    if (!problem.weights.empty() && !(*learner)->takes_weights) {
      notes.push_back(fmt::format("{} is left out: it has no use for weights", one.learner));
      continue;
    }
    const bool is_kernel = one.learner == "svc" || one.learner == "svr";
    if (is_kernel && rows > kKernelRowsMax) {
      notes.push_back(fmt::format("{} is left out: {} rows are more than {}", one.learner, rows,
                                  kKernelRowsMax));
      continue;
    }
    Runner runner;
    runner.learner = *learner;
    runner.spaces = std::move(one.spaces);
    runner.random = Random(seed, runners.size() + 1);
    runners.push_back(std::move(runner));
  }
  if (runners.empty()) return internal_error("the portfolio has no learner for this");
  return runners;
}

/// A combination that was not tried; nullopt: there is hardly one left.
std::optional<HyperparameterTexts> draw(Runner& runner) {
  for (size_t attempt = 0; attempt < kDrawsWithoutNews; ++attempt) {
    const Space& space = runner.spaces[runner.random.below(runner.spaces.size())];
    HyperparameterTexts texts;
    for (const auto& [name, values] : space) texts.emplace(name, values.draw(runner.random));
    if (runner.tried.insert(texts).second) return texts;
  }
  runner.is_exhausted = true;
  return std::nullopt;
}

/// Learners by their best candidates; those that nothing is known of are out.
std::vector<size_t> standing(const Contest& contest, const std::vector<Runner>& runners) {
  std::vector<size_t> best;
  std::map<size_t, size_t> owner;
  for (size_t i = 0; i < runners.size(); ++i) {
    const std::vector<size_t> ranked = contest.ranked(runners[i].places);
    if (ranked.empty() || std::isnan(contest.mean(ranked[0]))) continue;
    best.push_back(ranked[0]);
    owner[ranked[0]] = i;
  }
  std::vector<size_t> order;
  for (const size_t place : contest.ranked(best)) order.push_back(owner[place]);
  return order;
}

/// Who draws next: shares of 1/2, 1/4, ... by rank, dealt out by the greatest quotient of share and
/// draws so far (D'Hondt).
Runner* next_runner(std::vector<Runner>& runners, const std::vector<size_t>& order) {
  Runner* next = nullptr;
  double most = 0;
  double share = 1;
  for (const size_t i : order) {
    share /= 2;
    Runner& runner = runners[i];
    const double quotient = share / static_cast<double>(runner.tried.size());
    if (runner.is_exhausted || quotient <= most) continue;
    most = quotient;
    next = &runner;
  }
  return next;
}

/// The defaults of each, one learner after another: half of what is left of the time at most.
Status judge_defaults(Contest& contest, std::vector<Runner>& runners, const SearchPlan& plan,
                      const std::vector<Fold>& folds) {
  for (Runner& runner : runners) {
    const Candidate candidate{runner.learner, {}, plan_for(*runner.learner, plan), {}};
    runner.places.push_back(contest.add({candidate}));
    runner.tried.insert(HyperparameterTexts());
  }
  for (const Runner& runner : runners) {
    if (contest.is_over()) break;
    contest.limit_next(contest.seconds_left() / 2);
    TRY_STATUS(contest.judge(runner.places, folds, {}));
  }
  contest.limit_next(std::nullopt);
  return {};
}

/// Up to kTogether more; 0: there is nothing new.
size_t add_draws(Contest& contest, std::vector<Runner>& runners, const SearchPlan& plan,
                 size_t count, std::vector<size_t>& places) {
  const std::vector<size_t> order = standing(contest, runners);
  places.clear();
  while (places.size() < count) {
    Runner* runner = next_runner(runners, order);
    if (runner == nullptr) break;
    std::optional<HyperparameterTexts> texts = draw(*runner);
    if (!texts.has_value()) continue;
    Candidate candidate{runner->learner, std::move(*texts), plan_for(*runner->learner, plan), {}};
    const size_t place = contest.add({std::move(candidate)});
    runner->places.push_back(place);
    places.push_back(place);
  }
  return places.size();
}

}  // namespace

Result<Selection> select_automatically(const Problem& problem, const Partition& partition,
                                       const SearchPlan& plan, const SelectionOptions& options,
                                       std::vector<std::string>& notes) {
  TRY_STATUS(check_metric(problem, options.scoring));
  std::vector<Runner> runners = TRY(runners_of(problem, partition, options.seed, notes));
  Contest contest(problem, options);
  const size_t draws = plan.draws > 0 ? std::min(plan.draws, kDrawsMax) : kDrawsMax;
  const bool is_known = plan.draws > 0 && options.budget_seconds <= 0;
  contest.expect(is_known ? (runners.size() + draws) * partition.folds.size() : 0);
  TRY_STATUS(judge_defaults(contest, runners, plan, partition.folds));
  std::vector<size_t> places;
  for (size_t done = 0; done < draws && !contest.is_over(); done += places.size()) {
    const size_t count = std::min(kTogether, draws - done);
    if (add_draws(contest, runners, plan, count, places) == 0) break;
    TRY_STATUS(contest.judge(places, partition.folds, {}));
  }
  Selection found = TRY(std::move(contest).finish({}));
  // That the time ends is how such a search ends.
  found.was_stopped = options.stop != nullptr && options.stop->load();
  return found;
}

}  // namespace slipway::training
