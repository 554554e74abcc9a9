#include "serving/pool_schedule.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"

namespace slipway::serving {
namespace {

/// Queues of models that have gone are dropped when there are many more than there were.
constexpr size_t kSharesMin = 64;
constexpr double kRetryAfterMin = 0.001;

}  // namespace

PoolSchedule::PoolSchedule(uint32_t threads, AdmissionSettings settings)
    : threads_(std::max(threads, 1U)), settings_(std::move(settings)) {
  running_.reserve(threads_);
}

AdmissionSettings PoolSchedule::settings_of(std::string_view name) const {
  const auto found = overrides_.find(name);
  return found == overrides_.end() ? settings_ : merged(settings_, found->second);
}

void PoolSchedule::set_overrides(std::map<std::string, AdmissionOverrides, std::less<>> overrides) {
  overrides_ = std::move(overrides);
  for (const auto& [name, share] : shares_) share->queue.set_settings(settings_of(name));
}

void PoolSchedule::drop_idle_shares() {
  if (shares_.size() < std::max(kSharesMin, 2 * shares_kept_)) return;
  std::erase_if(shares_, [](const auto& entry) {
    return entry.second->queue.empty() && entry.second->running == 0;
  });
  shares_kept_ = shares_.size();
}

PoolSchedule::Share& PoolSchedule::share_of(const std::string& name) {
  const auto found = shares_.find(name);
  if (found != shares_.end()) return *found->second;
  drop_idle_shares();
  auto& share = shares_[name];
  share = std::make_unique<Share>(name, settings_of(name));
  return *share;
}

double PoolSchedule::expected_wait(const Share* share, uint32_t priority, SteadyTime now) const {
  if (size_ == 0 && running_.size() < threads_) return 0;
  double ahead = 0;
  for (const Running& running : running_) {
    ahead += std::max(0.0, running.expected_seconds - seconds_between(running.begun, now));
  }
  const double own = share == nullptr ? 0 : share->queue.expected_seconds(priority);
  // Until its turn comes, each other model gets at most as much as this one.
  for (const Share* other : waiting_) {
    ahead += other == share ? own : std::min(other->queue.expected_seconds(), own);
  }
  return ahead / threads_;
}

double PoolSchedule::expected_wait(std::string_view model, uint32_t priority,
                                   SteadyTime now) const {
  const auto found = shares_.find(model);
  return expected_wait(found == shares_.end() ? nullptr : found->second.get(), priority, now);
}

std::optional<PoolSchedule::Refusal> PoolSchedule::hopeless(const Share& share,
                                                            const PendingRequest& request,
                                                            SteadyTime now) const {
  const SteadyTime deadline = request.request->deadline;
  if (deadline == SteadyTime::max()) return std::nullopt;
  const double left = seconds_between(now, deadline);
  if (left <= 0) return Refusal{ShedReason::kDeadlinePassed};
  // What a free thread could do: never more than the measure says, or a measure that is too high
  // would keep out all that could correct it.
  const double factor = share.queue.cost_factor();
  if (left < request.seconds() * std::min(factor, 1.0)) {
    return Refusal{ShedReason::kDeadlineTooClose};
  }
  const double wait = expected_wait(&share, request.priority, now);
  if (wait > 0 && left < wait + request.seconds() * factor) {
    return Refusal{ShedReason::kDeadlineTooClose, wait};
  }
  return std::nullopt;
}

std::optional<ShedRequests> PoolSchedule::admit(Requests request, SteadyTime now) {
  PendingRequest& pending = request.front();
  Share& share = share_of(pending.request->model->name);
  ModelQueue& queue = share.queue;
  const uint32_t asked = pending.request->priority;
  pending.priority =
      asked == 0 || asked > kPriorityLevels ? queue.settings().queue.priority : asked;
  pending.queued = now;
  pending.expires = pending.request->deadline;
  const auto timeout = queue.settings().queue.timeout;
  if (timeout.count() > 0) pending.expires = std::min(pending.expires, now + timeout);

  if (const auto refusal = hopeless(share, pending, now)) {
    return ShedRequests{std::move(request), refusal->reason, refusal->retry_after_seconds};
  }
  std::optional<ShedRequests> shed;
  if (queue.full()) {
    const double wait = std::max(expected_wait(&share, kPriorityLevels, now), kRetryAfterMin);
    Requests displaced = queue.take_less_urgent(pending.priority);
    if (displaced.empty()) return ShedRequests{std::move(request), ShedReason::kQueueFull, wait};
    shed = ShedRequests{std::move(displaced), ShedReason::kDisplaced, wait};
    --size_;
  }
  next_expiry_ = std::min(next_expiry_, pending.expires);
  if (queue.empty() && !shed) {
    share.held_since = SteadyTime::max();
    if (share.running == 0) share.virtual_seconds = std::max(share.virtual_seconds, virtual_now_);
    waiting_.push_back(&share);
  }
  queue.push(std::move(request));
  ++size_;
  return shed;
}

bool PoolSchedule::ready(Share& share, SteadyTime now) const {
  if (closed_ || share.queue.ready_at(now) <= now) return true;
  share.held_since = std::min(share.held_since, now);
  return false;
}

PoolSchedule::Share* PoolSchedule::choose(SteadyTime now) {
  Share* chosen = nullptr;
  for (Share* share : waiting_) {
    if (!ready(*share, now)) continue;
    if (chosen == nullptr || share->virtual_seconds < chosen->virtual_seconds) chosen = share;
  }
  return chosen;
}

std::optional<Work> PoolSchedule::next(SteadyTime now, size_t threads_free) {
  Share* share = choose(now);
  if (share == nullptr) return std::nullopt;
  Work work;
  work.requests = share->queue.take(now, threads_free);
  work.queue = &share->queue;
  work.begun = now;
  work.held_since = std::exchange(share->held_since, SteadyTime::max());
  work.expected_seconds = share->queue.expected_seconds(work.requests);
  work.load_measure_seconds = work.expected_seconds / share->queue.cost_factor();
  size_ -= work.requests.size();
  if (share->queue.empty()) std::erase(waiting_, share);
  virtual_now_ = std::max(virtual_now_, share->virtual_seconds);
  share->virtual_seconds += work.expected_seconds;
  ++share->running;
  running_.push_back({work.begun, work.expected_seconds});
  return work;
}

void PoolSchedule::finished(const Work& work, double measured_seconds, bool complete) {
  const auto found = shares_.find(work.queue->name());
  CHECK(found != shares_.end());
  Share& share = *found->second;
  --share.running;
  share.virtual_seconds += measured_seconds - work.expected_seconds;
  const auto running = std::ranges::find_if(running_, [&](const Running& one) {
    return one.begun == work.begun && one.expected_seconds == work.expected_seconds;
  });
  CHECK(running != running_.end());
  running_.erase(running);
  if (complete) share.queue.learn(work.load_measure_seconds, measured_seconds);
}

SteadyTime PoolSchedule::next_ready(SteadyTime now) const {
  SteadyTime next = SteadyTime::max();
  for (const Share* share : waiting_) next = std::min(next, share->queue.ready_at(now));
  return next;
}

Requests PoolSchedule::take_expired(SteadyTime now) {
  Requests expired;
  next_expiry_ = SteadyTime::max();
  std::erase_if(waiting_, [&](Share* share) {
    expired.splice(expired.end(), share->queue.take_expired(now));
    next_expiry_ = std::min(next_expiry_, share->queue.next_expiry());
    return share->queue.empty();
  });
  size_ -= expired.size();
  return expired;
}

}  // namespace slipway::serving
