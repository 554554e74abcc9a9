#include "training/selection/internal/contest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "training/selection/candidates.h"

namespace slipway::training {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(10);  // a signal handler can only set a flag

CandidateScores not_tried() {
  CandidateScores scores;
  scores.status = Status(StatusCode::kCancelled, "not tried: the time was over");
  return scores;
}

}  // namespace

StopClock::~StopClock() {
  {
    const std::scoped_lock lock(mutex_);
    is_closed_ = true;
  }
  closed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void StopClock::set_end(std::optional<Clock::time_point> end) {
  const std::scoped_lock lock(mutex_);
  end_ = end;
  flag_ = is_stopped_by_user() || (end.has_value() && Clock::now() >= *end);
  const bool has_work = end.has_value() || user_ != nullptr;
  if (has_work && !thread_.joinable()) thread_ = std::thread([this] { watch(); });
}

void StopClock::watch() {
  std::unique_lock lock(mutex_);
  while (!is_closed_) {
    if (is_stopped_by_user() || (end_.has_value() && Clock::now() >= *end_)) flag_ = true;
    closed_.wait_for(lock, kPoll);
  }
}

Contest::Contest(const Problem& problem, const SelectionOptions& options)
    : problem_(problem),
      options_(options),
      clock_(options.stop),
      best_(std::numeric_limits<double>::quiet_NaN()) {
  clock_.set_end(std::nullopt);
}

size_t Contest::add(std::vector<Candidate> candidates) {
  const size_t first = selection_.candidates.size();
  std::ranges::move(candidates, std::back_inserter(selection_.candidates));
  selection_.scores.resize(selection_.candidates.size(), not_tried());
  return first;
}

double Contest::seconds_left() const {
  if (options_.budget_seconds <= 0) return std::numeric_limits<double>::quiet_NaN();
  const double gone = std::chrono::duration<double>(Clock::now() - begin_).count();
  return std::max(0.0, options_.budget_seconds - gone);
}

bool Contest::is_over() const {
  return clock_.is_stopped_by_user() || (has_judged_ && seconds_left() <= 0);
}

std::optional<Contest::Clock::time_point> Contest::end_of_next() const {
  if (!has_judged_ || options_.budget_seconds <= 0) return std::nullopt;
  const double seconds = std::min(seconds_left(), limit_seconds_.value_or(seconds_left()));
  return Clock::now() +
         std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

void Contest::told(size_t place, size_t folds, const MetricValues& metrics) {
  ++done_;
  CandidateScores& so_far = partial_[place];
  so_far.folds.push_back(metrics);
  if (so_far.folds.size() == folds) {
    if (!has_judged_) {
      has_judged_ = true;
      clock_.set_end(end_of_next());
    }
    const double mean = so_far.mean(options_.scoring);
    if (is_better(mean, best_, options_.scoring)) {
      best_ = mean;
      best_text_ = candidate_text(selection_.candidates[place]);
    }
  }
  if (!options_.progress) return;
  options_.progress({done_, total_, best_, best_text_, seconds_left()});
}

Status Contest::judge(const std::vector<size_t>& places, const std::vector<Fold>& folds,
                      Round round) {
  std::vector<Candidate> some;
  some.reserve(places.size());
  for (const size_t place : places) some.push_back(selection_.candidates[place]);
  partial_.assign(selection_.candidates.size(), {});
  clock_.set_end(end_of_next());
  CrossValidationOptions options;
  options.seed = options_.seed;
  options.threads = options_.threads;
  options.stop = &clock_.flag();
  options.memory = options_.memory;
  options.progress = [&](size_t candidate, size_t, const MetricValues& metrics) {
    told(places[candidate], folds.size(), metrics);
  };
  std::vector<CandidateScores> scores = TRY(cross_validate(problem_, some, folds, options));
  for (size_t i = 0; i < places.size(); ++i) {
    const bool is_broken_off = scores[i].status.code() == StatusCode::kCancelled;
    selection_.was_stopped = selection_.was_stopped || is_broken_off;
    CandidateScores& kept = selection_.scores[places[i]];
    if (is_broken_off && kept.status.ok()) continue;
    kept = std::move(scores[i]);
    kept.round = round.number;
    kept.resources = round.resources;
    if (is_broken_off) kept.status = not_tried().status;
  }
  return {};
}

std::vector<size_t> Contest::ranked(const std::vector<size_t>& places) const {
  std::vector<size_t> order;
  for (const size_t place : places) {
    if (is_judged(place)) order.push_back(place);
  }
  std::ranges::stable_sort(order, [&](size_t a, size_t b) {
    const uint32_t rounds[] = {selection_.scores[a].round, selection_.scores[b].round};
    if (rounds[0] != rounds[1]) return rounds[0] > rounds[1];
    return is_better(mean(a), mean(b), options_.scoring);
  });
  return order;
}

Result<Selection> Contest::finish(std::vector<HalvingRound> rounds) && {
  std::vector<size_t> all(selection_.candidates.size());
  std::iota(all.begin(), all.end(), size_t{0});
  selection_.ranking = ranked(all);
  selection_.rounds = std::move(rounds);
  selection_.was_stopped = selection_.was_stopped || clock_.is_stopped_by_user();
  if (selection_.ranking.empty()) {
    return all.empty() ? internal_error("nothing was tried") : selection_.scores[0].status;
  }
  if (std::isnan(mean(selection_.ranking[0]))) {
    return invalid_argument(fmt::format("{} cannot be told of these models", options_.scoring));
  }
  return std::move(selection_);
}

}  // namespace slipway::training
