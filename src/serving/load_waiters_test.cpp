#include "serving/load_waiters.h"

#include <gtest/gtest.h>

#include <chrono>

namespace slipway::serving {
namespace {

using std::chrono::seconds;

class LoadWaitersTest : public testing::Test {
 protected:
  void wait_for(const std::string& name, SteadyTime deadline = SteadyTime::max()) {
    waiters_.add(name, deadline, [this, name](const Status& status) {
      heard_ += name + "=" + std::string(status_code_name(status.code())) + " ";
    });
  }
  std::string heard(std::vector<LoadAnswer> answers) {
    heard_.clear();
    send(answers);
    return heard_;
  }
  std::string done(const LoadWaiters::Outcome& outcome) {
    std::vector<LoadAnswer> answers;
    waiters_.take_done(outcome, answers);
    return heard(std::move(answers));
  }

  LoadWaiters waiters_;
  std::string heard_;
};

TEST_F(LoadWaitersTest, EachHearsOnceWhatCameOfItsModel) {
  wait_for("iris");
  wait_for("wine");
  wait_for("iris", SteadyTime(seconds(5)));
  const auto outcome = [](const std::string& name, bool) {
    return name == "iris" ? std::optional<Status>(not_found("no file")) : std::nullopt;
  };
  EXPECT_EQ(done(outcome), "iris=NOT_FOUND iris=NOT_FOUND ");
  EXPECT_EQ(done(outcome), "");
  EXPECT_EQ(heard(waiters_.take_all(unavailable("stopping"))), "wine=UNAVAILABLE ");
}

TEST_F(LoadWaitersTest, ARequestIsKnownByItsDeadline) {
  wait_for("admin");
  wait_for("request", SteadyTime(seconds(5)));
  EXPECT_EQ(done([](const std::string&, bool is_request) {
              return is_request ? std::optional<Status>(Status()) : std::nullopt;
            }),
            "request=OK ");
}

TEST_F(LoadWaitersTest, RequestsThatWaitedForTooLongHearIt) {
  wait_for("forever");
  EXPECT_EQ(waiters_.earliest_deadline(), SteadyTime::max());
  wait_for("late", SteadyTime(seconds(9)));
  wait_for("early", SteadyTime(seconds(5)));
  EXPECT_EQ(waiters_.earliest_deadline(), SteadyTime(seconds(5)));
  EXPECT_EQ(heard(waiters_.expire(SteadyTime(seconds(4)))), "");
  EXPECT_EQ(heard(waiters_.expire(SteadyTime(seconds(5)))), "early=DEADLINE_EXCEEDED ");
  EXPECT_EQ(waiters_.earliest_deadline(), SteadyTime(seconds(9)));
  EXPECT_EQ(heard(waiters_.expire(SteadyTime(seconds(99)))), "late=DEADLINE_EXCEEDED ");
  EXPECT_EQ(waiters_.earliest_deadline(), SteadyTime::max());
}

}  // namespace
}  // namespace slipway::serving
