#include "serving/model_queue.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace slipway::serving {
namespace {

/// So many requests are looked at for one batch: others may lie between those that go together.
constexpr size_t kLookedAtMax = 256;
constexpr double kLearningRate = 0.125;
constexpr double kCostFactorMin = 0.02;
constexpr double kCostFactorMax = 50;

SteadyTime::duration as_duration(double seconds) {
  return std::chrono::duration_cast<SteadyTime::duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

void ModelQueue::count(const PendingRequest& request, int sign) {
  Level& level = levels_[request.priority - 1];
  level.requests += static_cast<size_t>(sign);
  level.rows += static_cast<size_t>(sign) * request.rows();
  if (level.requests == 0) {  // so that rounding does not gather
    level = {};
    return;
  }
  level.run_seconds += sign * request.run_seconds;
  level.rows_seconds += sign * request.rows_seconds;
}

void ModelQueue::push(Requests request) {
  count(request.front(), 1);
  auto place = waiting_.end();
  while (place != waiting_.begin() && std::prev(place)->priority > request.front().priority) {
    --place;
  }
  waiting_.splice(place, request);
}

Requests ModelQueue::take_one(Requests::iterator place) {
  count(*place, -1);
  Requests taken;
  taken.splice(taken.begin(), waiting_, place);
  return taken;
}

Requests ModelQueue::take_less_urgent(uint32_t priority) {
  if (waiting_.empty() || waiting_.back().priority <= priority) return {};
  return take_one(std::prev(waiting_.end()));
}

Requests ModelQueue::take_expired(SteadyTime now) {
  Requests expired;
  for (auto place = waiting_.begin(); place != waiting_.end();) {
    const auto next = std::next(place);
    if (place->expires <= now) expired.splice(expired.end(), take_one(place));
    place = next;
  }
  return expired;
}

SteadyTime ModelQueue::next_expiry() const {
  SteadyTime next = SteadyTime::max();
  for (const PendingRequest& request : waiting_) next = std::min(next, request.expires);
  return next;
}

bool ModelQueue::goes_with(const PendingRequest& first, const PendingRequest& other) {
  return first.request->model == other.request->model &&
         first.request->wanted == other.request->wanted;
}

size_t ModelQueue::waiting_rows() const {
  size_t rows = 0;
  for (const Level& level : levels_) rows += level.rows;
  return rows;
}

ModelQueue::Plan ModelQueue::plan(SteadyTime now, size_t rows_max) const {
  const BatchSettings& batch = settings_.batch;
  const PendingRequest& first = waiting_.front();
  Plan plan{0, SteadyTime::max()};
  size_t preferred = 0;  // the requests of the largest preferred batch
  size_t rows = 0;
  size_t looked_at = 0;
  bool is_full = first.rows() >= rows_max;
  for (const PendingRequest& request : waiting_) {
    if (++looked_at > kLookedAtMax) break;
    if (!goes_with(first, request)) continue;
    if (plan.requests > 0 && rows + request.rows() > rows_max) {
      is_full = true;
      break;
    }
    rows += request.rows();
    ++plan.requests;
    const auto run = as_duration(request.seconds() * cost_factor_);
    plan.ready_at = std::min(plan.ready_at, request.queued + batch.delay_max);
    // Of the time that it can spare, a request spends half on company.
    if (request.expires != SteadyTime::max()) {
      plan.ready_at =
          std::min(plan.ready_at, request.queued + (request.expires - request.queued - run) / 2);
    }
    if (std::ranges::find(batch.preferred_rows, rows) != batch.preferred_rows.end()) {
      preferred = plan.requests;
    }
    is_full = is_full || rows >= rows_max;
    if (is_full) break;
  }
  if (preferred > 0) plan.requests = preferred;
  if (preferred > 0 || is_full) plan.ready_at = now;
  return plan;
}

SteadyTime ModelQueue::ready_at(SteadyTime now) const {
  const BatchSettings& batch = settings_.batch;
  if (batch.delay_max.count() == 0 || batch.rows_max <= 1) return now;
  return plan(now, batch.rows_max).ready_at;
}

Requests ModelQueue::take(SteadyTime now, size_t threads_free) {
  const BatchSettings& batch = settings_.batch;
  size_t rows_max = std::max<size_t>(batch.rows_max, 1);
  // Threads that have nothing else to do share what waits, unless large batches are asked for.
  if (batch.delay_max.count() == 0 && batch.preferred_rows.empty()) {
    const size_t share = (waiting_rows() + threads_free) / (threads_free + 1);
    rows_max = std::clamp<size_t>(share, 1, rows_max);
  }
  size_t left = plan(now, rows_max).requests;
  Requests taken = take_one(waiting_.begin());
  --left;
  for (auto place = waiting_.begin(); left > 0 && place != waiting_.end();) {
    const auto next = std::next(place);
    if (goes_with(taken.front(), *place)) {
      taken.splice(taken.end(), take_one(place));
      --left;
    }
    place = next;
  }
  return taken;
}

double ModelQueue::expected_seconds(uint32_t priority) const {
  Level sum;
  for (uint32_t i = 0; i < std::min(priority, kPriorityLevels); ++i) {
    sum.requests += levels_[i].requests;
    sum.rows += levels_[i].rows;
    sum.run_seconds += levels_[i].run_seconds;
    sum.rows_seconds += levels_[i].rows_seconds;
  }
  if (sum.requests == 0) return 0;
  const auto requests = static_cast<double>(sum.requests);
  const double full_batches =
      static_cast<double>(sum.rows) / std::max(settings_.batch.rows_max, 1U);
  const double runs = std::min(requests, std::ceil(full_batches));
  return (sum.run_seconds * runs / requests + sum.rows_seconds) * cost_factor_;
}

double ModelQueue::expected_seconds(const Requests& batch) const {
  double run = 0;
  double rows = 0;
  for (const PendingRequest& request : batch) {
    run = std::max(run, request.run_seconds);
    rows += request.rows_seconds;
  }
  return (run + rows) * cost_factor_;
}

void ModelQueue::learn(double load_measure_seconds, double measured_seconds) {
  if (!(load_measure_seconds > 0)) return;
  const double measured_factor = measured_seconds / load_measure_seconds;
  cost_factor_ = std::clamp(cost_factor_ + kLearningRate * (measured_factor - cost_factor_),
                            kCostFactorMin, kCostFactorMax);
}

}  // namespace slipway::serving
