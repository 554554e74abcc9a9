#include "serving/load_waiters.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace slipway::serving {
namespace {

constexpr size_t kWaitersMax = 100'000;

}  // namespace

void send(std::vector<LoadAnswer>& answers) {
  for (LoadAnswer& answer : answers) answer.done(std::move(answer.status));
}

bool LoadWaiters::full() const { return waiters_.size() >= kWaitersMax; }

void LoadWaiters::add(std::string name, SteadyTime deadline, std::function<void(Status)> done) {
  waiters_.push_back({std::move(name), deadline, std::move(done)});
  earliest_deadline_ = std::min(earliest_deadline_, deadline);
}

void LoadWaiters::take_done(const Outcome& outcome, std::vector<LoadAnswer>& answers) {
  std::erase_if(waiters_, [&](Waiter& waiter) {
    std::optional<Status> status = outcome(waiter.name, waiter.deadline != SteadyTime::max());
    if (!status.has_value()) return false;
    answers.push_back({std::move(waiter.done), *std::move(status)});
    return true;
  });
}

std::vector<LoadAnswer> LoadWaiters::expire(SteadyTime now) {
  std::vector<LoadAnswer> answers;
  if (now < earliest_deadline_) return answers;
  earliest_deadline_ = SteadyTime::max();
  std::erase_if(waiters_, [&](Waiter& waiter) {
    if (waiter.deadline > now) {
      earliest_deadline_ = std::min(earliest_deadline_, waiter.deadline);
      return false;
    }
    std::string message =
        fmt::format("model \"{}\" is being loaded and was not ready in time", waiter.name);
    answers.push_back(
        {std::move(waiter.done), Status(StatusCode::kDeadlineExceeded, std::move(message))});
    return true;
  });
  return answers;
}

std::vector<LoadAnswer> LoadWaiters::take_all(const Status& status) {
  std::vector<LoadAnswer> answers;
  answers.reserve(waiters_.size());
  for (Waiter& waiter : waiters_) answers.push_back({std::move(waiter.done), status});
  waiters_.clear();
  return answers;
}

}  // namespace slipway::serving
