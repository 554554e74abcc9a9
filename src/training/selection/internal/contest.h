// Contest: the state of a selection: who was judged, who is best, how much time is left.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "training/selection/selection.h"

namespace slipway::training {

/// Sets a flag when the user says stop or a time is over. Thread-safe.
class StopClock {
 public:
  using Clock = std::chrono::steady_clock;

  explicit StopClock(const std::atomic<bool>* user) : user_(user) {}
  ~StopClock();
  StopClock(const StopClock&) = delete;
  StopClock& operator=(const StopClock&) = delete;

  /// From now on this is the end; nullopt: none.
  void set_end(std::optional<Clock::time_point> end);
  const std::atomic<bool>& flag() const { return flag_; }
  bool is_stopped_by_user() const { return user_ != nullptr && user_->load(); }

 private:
  void watch();

  const std::atomic<bool>* user_;
  std::atomic<bool> flag_{false};
  std::mutex mutex_;  // of what follows
  std::optional<Clock::time_point> end_;
  bool is_closed_ = false;
  std::condition_variable closed_;
  std::thread thread_;  // runs once there is something to watch
};

/// Single-sequence.
class Contest {
 public:
  Contest(const Problem& problem, const SelectionOptions& options);

  /// Adds candidates, not yet judged; the place of the first.
  size_t add(std::vector<Candidate> candidates);
  /// Judges some on these folds. What is broken off keeps the scores of an earlier round.
  struct Round {
    uint32_t number = 0;
    uint64_t resources = 0;
  };
  Status judge(const std::vector<size_t>& places, const std::vector<Fold>& folds, Round round);

  /// Whether nothing more may be begun: once one candidate is judged, the time counts.
  bool is_over() const;
  double seconds_left() const;
  /// Until this is called again, what is not done by then is broken off; nullopt: by the budget.
  void limit_next(std::optional<double> seconds) { limit_seconds_ = seconds; }
  /// Of the fits that are to come, for progress; 0: unknown.
  void expect(size_t fits) { total_ = fits; }

  std::vector<Candidate>& candidates() { return selection_.candidates; }
  const std::vector<CandidateScores>& scores() const { return selection_.scores; }
  double mean(size_t place) const { return selection_.scores[place].mean(options_.scoring); }
  bool is_judged(size_t place) const {
    return selection_.scores[place].status.ok() && !selection_.scores[place].folds.empty();
  }
  /// Those that are judged, best first: later rounds before earlier ones.
  std::vector<size_t> ranked(const std::vector<size_t>& places) const;
  Result<Selection> finish(std::vector<HalvingRound> rounds) &&;

 private:
  using Clock = StopClock::Clock;

  void told(size_t place, size_t folds, const MetricValues& metrics);
  std::optional<Clock::time_point> end_of_next() const;

  const Problem& problem_;
  const SelectionOptions& options_;
  const Clock::time_point begin_ = Clock::now();
  StopClock clock_;
  std::optional<double> limit_seconds_;
  bool has_judged_ = false;
  size_t done_ = 0;
  size_t total_ = 0;
  double best_;
  std::string best_text_;
  std::vector<CandidateScores> partial_;  // of a call of judge(): folds so far
  Selection selection_;
};

}  // namespace slipway::training
