#include "serving/pool_schedule.h"

#include <gtest/gtest.h>

#include <deque>
#include <set>
#include <string>

#include "serving/models_test.h"

namespace slipway::serving {
namespace {

using std::chrono::milliseconds;

/// A schedule under a made-up clock, with models that cost what a test says.
class PoolScheduleTest : public testing::Test {
 protected:
  const ServedModel* model(const std::string& name, double run_seconds, double row_seconds = 0) {
    auto& made = models_.emplace_back();
    made.name = name;
    made.loaded.executable = executable_;
    made.seconds_first_row = run_seconds + row_seconds;
    made.seconds_per_row = row_seconds;
    return &made;
  }

  struct Asked {
    size_t rows = 1;
    uint32_t priority = 0;
    SteadyTime deadline = SteadyTime::max();
    OutputMask wanted = 0;
  };
  /// Admits a request and gives what was shed for it.
  std::optional<ShedRequests> admit(const ServedModel* of, Asked asked) {
    InferRequest& request = requests_.emplace_back();
    request.model = of;
    request.input.reset(asked.rows, 4, {});
    request.priority = asked.priority;
    request.deadline = asked.deadline;
    request.wanted = asked.wanted;
    const ExpectedCost cost = expected_cost(request);
    Requests pending;
    pending.emplace_back();
    pending.front().request = &request;
    pending.front().run_seconds = cost.run_seconds;
    pending.front().rows_seconds = cost.rows_seconds;
    return schedule_->admit(std::move(pending), now_);
  }
  std::optional<ShedRequests> admit(const ServedModel* of) { return admit(of, Asked()); }

  /// Takes the next batch, lets it take what is expected, and gives its model and requests, as
  /// "name*requests".
  std::string run_next(size_t threads_free = 0) {
    auto work = schedule_->next(now_, threads_free);
    if (!work) return "";
    now_ += std::chrono::duration_cast<SteadyTime::duration>(
        std::chrono::duration<double>(work->expected_seconds));
    schedule_->finished(*work, work->expected_seconds, true);
    const std::string name = work->requests.front().request->model->name;
    const size_t count = work->requests.size();
    return count == 1 ? name : name + "*" + std::to_string(count);
  }
  std::string run_all() {
    std::string order;
    for (std::string name = run_next(); !name.empty(); name = run_next()) {
      order += (order.empty() ? "" : " ") + name;
    }
    return order;
  }
  static AdmissionSettings one_by_one() {
    AdmissionSettings settings;
    settings.batch.rows_max = 1;
    return settings;
  }
  void use(const AdmissionSettings& settings, uint32_t threads = 1) {
    schedule_ = std::make_unique<PoolSchedule>(threads, settings);
  }

  SteadyTime now_{std::chrono::hours(1)};
  std::shared_ptr<const Executable> executable_ = iris_executable();
  std::deque<ServedModel> models_;
  std::deque<InferRequest> requests_;
  std::unique_ptr<PoolSchedule> schedule_ = std::make_unique<PoolSchedule>(1, one_by_one());
};

TEST_F(PoolScheduleTest, ModelsTakeTurnsHoweverMuchOneHasQueued) {
  const auto* a = model("a", 1);
  const auto* b = model("b", 1);
  for (int i = 0; i < 5; ++i) admit(a);
  EXPECT_EQ(run_next(), "a");
  for (int i = 0; i < 2; ++i) admit(b);
  EXPECT_EQ(run_all(), "b a b a a a");
}

TEST_F(PoolScheduleTest, AShareIsOfComputeTimeAndNotOfRequests) {
  const auto* slow = model("slow", 1);
  const auto* fast = model("f", 0.25);
  for (int i = 0; i < 3; ++i) admit(slow);
  for (int i = 0; i < 12; ++i) admit(fast);
  EXPECT_EQ(run_all(), "slow f f f f slow f f f f slow f f f f");
}

TEST_F(PoolScheduleTest, AnIdleModelSavesNothingUp) {
  const auto* a = model("a", 1);
  const auto* b = model("b", 1);
  admit(b);
  EXPECT_EQ(run_next(), "b");
  for (int i = 0; i < 9; ++i) {
    admit(a);
    EXPECT_EQ(run_next(), "a");
  }
  for (int i = 0; i < 3; ++i) admit(a);
  for (int i = 0; i < 3; ++i) admit(b);
  const std::string order = run_all();  // and not "b b b a a a"
  EXPECT_TRUE(order == "a b a b a b" || order == "b a b a b a") << order;
}

TEST_F(PoolScheduleTest, MeasuredTimeCountsWhereTheExpectationWasWrong) {
  const auto* a = model("a", 1);
  const auto* b = model("b", 1);
  admit(a);
  auto work = schedule_->next(now_, 0);
  admit(a);
  admit(b);
  admit(b);
  admit(b);
  schedule_->finished(*work, 3, false);  // three times what was expected
  EXPECT_EQ(run_all(), "b b b a");
}

TEST_F(PoolScheduleTest, UrgentRequestsOfAModelGoFirstAndEqualOnesAsTheyCame) {
  AdmissionSettings settings = one_by_one();
  settings.queue.priority = 3;
  use(settings);
  const auto* a = model("a", 1);
  for (const uint32_t priority : {4U, 0U, 3U, 1U, 10U, 11U}) admit(a, {.priority = priority});
  std::vector<uint32_t> order;
  while (auto work = schedule_->next(now_, 0)) {
    order.push_back(work->requests.front().request->priority);
    schedule_->finished(*work, 1, true);
  }
  // 0 and what is beyond the levels mean the model's own, 3.
  EXPECT_EQ(order, (std::vector<uint32_t>{1, 0, 3, 11, 4, 10}));
}

TEST_F(PoolScheduleTest, AFullQueueRefusesUnlessALessUrgentRequestCanGo) {
  AdmissionSettings settings = one_by_one();
  settings.queue.requests_max = 2;
  use(settings);
  const auto* a = model("a", 2);
  EXPECT_FALSE(admit(a));
  auto running = schedule_->next(now_, 0);
  EXPECT_FALSE(admit(a));
  EXPECT_FALSE(admit(a, {.priority = 7}));
  auto shed = admit(a);
  ASSERT_TRUE(shed);
  EXPECT_EQ(shed->reason, ShedReason::kDisplaced);
  EXPECT_EQ(shed->requests.front().request->priority, 7U);
  shed = admit(a);
  ASSERT_TRUE(shed);
  EXPECT_EQ(shed->reason, ShedReason::kQueueFull);
  EXPECT_EQ(shed->requests.front().request, &requests_.back());
  EXPECT_DOUBLE_EQ(shed->retry_after_seconds, 6);  // one runs and two wait, for two seconds each
  EXPECT_EQ(schedule_->size(), 2U);
  EXPECT_FALSE(admit(model("other", 2)));  // each model has a queue of its own
}

TEST_F(PoolScheduleTest, WhatCannotBeAnsweredInTimeIsRefusedAtOnce) {
  const auto* a = model("a", 1);
  const auto at = [&](double seconds) {
    return now_ +
           std::chrono::duration_cast<SteadyTime::duration>(std::chrono::duration<double>(seconds));
  };
  EXPECT_EQ(admit(a, {.deadline = now_})->reason, ShedReason::kDeadlinePassed);
  auto shed = admit(a, {.deadline = at(0.9)});
  EXPECT_EQ(shed->reason, ShedReason::kDeadlineTooClose);
  EXPECT_EQ(shed->retry_after_seconds, 0);  // it takes a second even alone
  EXPECT_FALSE(admit(a, {.deadline = at(1.1)}));
  auto running = schedule_->next(now_, 0);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(admit(a));
  shed = admit(a, {.deadline = at(4.9)});
  EXPECT_EQ(shed->reason, ShedReason::kDeadlineTooClose);
  EXPECT_DOUBLE_EQ(shed->retry_after_seconds, 4);
  EXPECT_FALSE(admit(a, {.deadline = at(5.1)}));
  // An urgent one only waits for what runs; one for another model, for its turn.
  EXPECT_FALSE(admit(a, {.priority = 1, .deadline = at(2.1)}));
  EXPECT_FALSE(admit(model("b", 1), {.deadline = at(2.1)}));
}

TEST_F(PoolScheduleTest, ExpectationsFollowWhatRealRequestsTake) {
  const auto* a = model("a", 1);
  for (int i = 0; i < 200; ++i) {
    admit(a);
    auto work = schedule_->next(now_, 0);
    schedule_->finished(*work, 0.25, true);
  }
  for (int i = 0; i < 8; ++i) admit(a);
  const double wait = schedule_->expected_wait("a", kPriorityLevels, now_);
  EXPECT_NEAR(wait, 2, 0.01);
  EXPECT_FALSE(admit(a, {.deadline = now_ + milliseconds(2300)}));
  // One that failed early says nothing.
  auto work = schedule_->next(now_, 0);
  schedule_->finished(*work, 0.0001, false);
  EXPECT_NEAR(schedule_->expected_wait("a", kPriorityLevels, now_), wait, 0.01);
}

TEST_F(PoolScheduleTest, AMeasureThatIsTooHighDoesNotKeepEverythingOut) {
  const auto* a = model("a", 0.1);
  admit(a);
  auto work = schedule_->next(now_, 0);
  schedule_->finished(*work, 60, true);  // the machine was asleep
  EXPECT_FALSE(admit(a, {.deadline = now_ + milliseconds(200)}));
}

TEST_F(PoolScheduleTest, RequestsExpireAtTheirDeadlineOrWithTheQueuesPatience) {
  AdmissionSettings settings = one_by_one();
  settings.queue.timeout = milliseconds(500);
  use(settings, 4);
  const auto* a = model("a", 0.001);
  EXPECT_EQ(schedule_->next_expiry(), SteadyTime::max());
  admit(a);
  admit(a, {.deadline = now_ + milliseconds(200)});
  admit(model("b", 0.001), {.deadline = now_ + milliseconds(900)});
  EXPECT_EQ(schedule_->next_expiry(), now_ + milliseconds(200));
  Requests expired = schedule_->take_expired(now_ + milliseconds(200));
  ASSERT_EQ(expired.size(), 1U);
  EXPECT_EQ(expired.front().request, &requests_[1]);
  EXPECT_EQ(schedule_->next_expiry(), now_ + milliseconds(500));
  EXPECT_EQ(schedule_->take_expired(now_ + milliseconds(500)).size(), 2U);
  EXPECT_EQ(schedule_->size(), 0U);
  EXPECT_FALSE(schedule_->next(now_, 0));
  EXPECT_EQ(schedule_->next_expiry(), SteadyTime::max());
}

TEST_F(PoolScheduleTest, JoinsWhatWaitsUpToTheLargestBatch) {
  AdmissionSettings settings;
  settings.batch.rows_max = 8;
  use(settings);
  const auto* a = model("a", 1, 0.001);
  for (int i = 0; i < 5; ++i) admit(a, {.rows = 3});
  admit(a, {.rows = 20});  // larger than a batch: alone
  admit(a);
  EXPECT_EQ(run_all(), "a*2 a*2 a a a");
}

TEST_F(PoolScheduleTest, NeverJoinsVersionsOrDifferentOutputs) {
  use(AdmissionSettings());
  const auto* old_version = model("a", 1);
  const auto* new_version = model("a", 1);
  for (int i = 0; i < 3; ++i) {
    admit(old_version);
    admit(new_version);
    admit(new_version, {.wanted = 2});
  }
  std::set<std::pair<const ServedModel*, OutputMask>> seen;
  for (int i = 0; i < 3; ++i) {
    auto work = schedule_->next(now_, 0);
    ASSERT_TRUE(work);
    EXPECT_EQ(work->requests.size(), 3U);
    const InferRequest& first = *work->requests.front().request;
    for (const PendingRequest& one : work->requests) {
      EXPECT_EQ(one.request->model, first.model);
      EXPECT_EQ(one.request->wanted, first.wanted);
    }
    EXPECT_TRUE(seen.emplace(first.model, first.wanted).second);
    schedule_->finished(*work, 1, true);
  }
  EXPECT_EQ(schedule_->size(), 0U);
}

TEST_F(PoolScheduleTest, FreeThreadsShareWhatWaits) {
  use(AdmissionSettings(), 4);
  const auto* a = model("a", 1);
  for (int i = 0; i < 10; ++i) admit(a);
  EXPECT_EQ(run_next(3), "a*3");
  EXPECT_EQ(run_next(2), "a*3");
  EXPECT_EQ(run_next(0), "a*4");
}

TEST_F(PoolScheduleTest, ABatchWaitsForCompanyOnlySoLong) {
  AdmissionSettings settings;
  settings.batch.rows_max = 4;
  settings.batch.delay_max = milliseconds(10);
  use(settings, 2);
  const auto* a = model("a", 0.001);
  admit(a);
  EXPECT_EQ(run_next(), "");
  EXPECT_EQ(schedule_->next_ready(now_), now_ + milliseconds(10));
  now_ += milliseconds(4);
  admit(a);
  EXPECT_EQ(run_next(), "");
  now_ += milliseconds(6);
  auto work = schedule_->next(now_, 1);
  ASSERT_TRUE(work);
  EXPECT_EQ(work->requests.size(), 2U);
  EXPECT_EQ(work->held_since, now_ - milliseconds(10));
  schedule_->finished(*work, 0.001, true);
  for (int i = 0; i < 4; ++i) admit(a);
  EXPECT_EQ(run_next(), "a*4");  // full: at once
  admit(a, {.deadline = now_ + milliseconds(5)});
  EXPECT_EQ(schedule_->next_ready(now_), now_ + milliseconds(2));  // of 5 it takes 1
  admit(model("b", 0.001));
  schedule_->close();
  EXPECT_EQ(run_all(), "b a");
}

TEST_F(PoolScheduleTest, PreferredBatchesDoNotWait) {
  AdmissionSettings settings;
  settings.batch.rows_max = 16;
  settings.batch.delay_max = milliseconds(10);
  settings.batch.preferred_rows = {4, 8};
  use(settings);
  const auto* a = model("a", 0.001);
  for (int i = 0; i < 3; ++i) admit(a);
  EXPECT_EQ(run_next(), "");
  admit(a);
  EXPECT_EQ(run_next(), "a*4");
  for (int i = 0; i < 11; ++i) admit(a);
  EXPECT_EQ(run_next(), "a*8");
  EXPECT_EQ(run_next(), "");
  now_ += milliseconds(20);
  EXPECT_EQ(run_next(), "a*3");
}

TEST_F(PoolScheduleTest, AModelMayHaveSettingsOfItsOwnAndLoseThemAgain) {
  schedule_->set_overrides({{"a", {.rows_max = 4, .requests_max = 5}}});
  const auto* a = model("a", 1);
  const auto* b = model("b", 1);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(admit(a));
  EXPECT_TRUE(admit(a));
  EXPECT_EQ(run_next(), "a*4");
  admit(b);
  admit(b);
  EXPECT_EQ(run_next(), "b");
  schedule_->set_overrides({});
  admit(a);
  EXPECT_EQ(run_all(), "a b a");
}

TEST_F(PoolScheduleTest, QueuesOfModelsThatHaveGoneAreDropped) {
  schedule_->set_overrides({{"waits", {.rows_max = 4, .delay_max = std::chrono::hours(9)}}});
  admit(model("waits", 1));
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "m" + std::to_string(i);
    admit(model(name, 0.001));
    EXPECT_EQ(run_next(), name);
    EXPECT_LE(schedule_->queues(), 65U);
  }
  schedule_->close();
  EXPECT_EQ(run_all(), "waits");
}

}  // namespace
}  // namespace slipway::serving
