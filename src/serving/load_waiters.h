// LoadWaiters: who waits for models to be loaded, requests with a deadline among them.
//
//   demand, when_done --add--> waiters --take_done, expire--> Answers --send, off the lock-->
//
// Thread rule: none of its own; the VersionManager's lock guards it. Answers are sent without it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace slipway::serving {

/// A callback whose time has come.
struct LoadAnswer {
  std::function<void(Status)> done;
  Status status;
};

void send(std::vector<LoadAnswer>& answers);

class LoadWaiters {
 public:
  /// What came of the model; nullopt: it is still being worked at. An empty name: of all models.
  /// `is_request`: any version will do.
  using Outcome = std::function<std::optional<Status>(const std::string& name, bool is_request)>;

  /// No more requests should wait.
  bool full() const;
  /// SteadyTime::max(): waits for as long as it takes.
  void add(std::string name, SteadyTime deadline, std::function<void(Status)> done);
  SteadyTime earliest_deadline() const { return earliest_deadline_; }

  void take_done(const Outcome& outcome, std::vector<LoadAnswer>& answers);
  /// Requests that have waited for too long.
  std::vector<LoadAnswer> expire(SteadyTime now);
  /// All that are left, each with the same error.
  std::vector<LoadAnswer> take_all(const Status& status);

 private:
  struct Waiter {
    std::string name;
    SteadyTime deadline;
    std::function<void(Status)> done;
  };
  std::vector<Waiter> waiters_;
  SteadyTime earliest_deadline_ = SteadyTime::max();
};

}  // namespace slipway::serving
