#include "lifecycle/settling.h"

#include <gtest/gtest.h>

namespace slipway::lifecycle {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SettlingTest : public testing::Test {
 protected:
  void begin(std::vector<std::string> moved_in = {}) {
    settling_.begin(now_, wall_now_, std::move(moved_in));
  }
  void pass(milliseconds time) {
    settling_.end();
    now_ += time;
    wall_now_ += time;
    begin();
  }
  serving::FileStamp written(milliseconds ago, uint64_t bytes = 10) const {
    const auto time =
        std::chrono::duration_cast<std::chrono::nanoseconds>((wall_now_ - ago).time_since_epoch());
    return {1, 2, bytes, time.count(), time.count()};
  }
  static serving::ModelSource model(std::vector<uint64_t> versions) {
    serving::ModelSource source;
    source.name = "iris";
    for (const uint64_t version : versions) source.versions.push_back({version, "p", {}});
    return source;
  }

  Settling settling_{{milliseconds(500), true}};
  SteadyTime now_{seconds(1000)};
  std::chrono::system_clock::time_point wall_now_{seconds(1'700'000'000)};
};

TEST_F(SettlingTest, AnOldFileIsCompleteAtOnceAndAFreshOneAfterTheQuietTime) {
  begin();
  EXPECT_TRUE(settling_.complete("old", written(seconds(2))));
  const serving::FileStamp fresh = written(milliseconds(10));
  EXPECT_FALSE(settling_.complete("fresh", fresh));
  EXPECT_TRUE(settling_.waiting());
  pass(milliseconds(499));
  EXPECT_FALSE(settling_.complete("fresh", fresh));
  pass(milliseconds(1));
  EXPECT_TRUE(settling_.complete("fresh", fresh));
  EXPECT_FALSE(settling_.waiting());
}

TEST_F(SettlingTest, AFileThatGrowsStartsAnew) {
  begin();
  EXPECT_FALSE(settling_.complete("f", written(milliseconds(0), 10)));
  for (int i = 1; i < 20; ++i) {
    pass(milliseconds(400));
    EXPECT_FALSE(settling_.complete("f", written(milliseconds(0), 10 + i)));
  }
}

TEST_F(SettlingTest, ARenameBringsCompleteFiles) {
  begin({"models/iris.joblib", "models/wine/3"});
  EXPECT_TRUE(settling_.complete("models/iris.joblib", written(milliseconds(0))));
  EXPECT_TRUE(settling_.complete("models/wine/3/model.joblib", written(milliseconds(0))));
  EXPECT_FALSE(settling_.complete("models/wine/30/model.joblib", written(milliseconds(0))));
}

TEST_F(SettlingTest, ARenameThatIsHeardOfAfterTheFileWasSeenCountsToo) {
  begin();
  const serving::FileStamp stamp = written(milliseconds(0));
  EXPECT_FALSE(settling_.complete("f", stamp));
  settling_.end();
  begin({"f"});
  EXPECT_TRUE(settling_.complete("f", stamp));
}

TEST_F(SettlingTest, AForeignClockIsNotTrusted) {
  Settling remote({milliseconds(500), false});
  remote.begin(now_, wall_now_, {});
  const serving::FileStamp stamp = written(seconds(30));
  EXPECT_FALSE(remote.complete("f", stamp));
  EXPECT_TRUE(remote.complete("very old", written(seconds(3600))));
  remote.end();
  remote.begin(now_ + milliseconds(500), wall_now_, {});
  EXPECT_TRUE(remote.complete("f", stamp));
}

TEST_F(SettlingTest, WhatVanishesIsKeptForTheQuietTime) {
  std::vector<serving::ModelSource> models = {model({1, 2})};
  begin();
  settling_.keep_vanished(models, false);
  pass(milliseconds(100));
  models = {model({2})};
  settling_.keep_vanished(models, false);
  ASSERT_EQ(models[0].versions.size(), 2U);
  EXPECT_FALSE(models[0].versions[1].complete);
  pass(milliseconds(500));
  models = {model({2})};
  settling_.keep_vanished(models, false);
  EXPECT_EQ(models[0].versions.size(), 1U);
  pass(milliseconds(100));
  models.clear();
  settling_.keep_vanished(models, true);  // a folder cannot be read
  EXPECT_EQ(models.size(), 1U);
  pass(seconds(100));
  models.clear();
  settling_.keep_vanished(models, true);
  EXPECT_EQ(models.size(), 1U);
  pass(milliseconds(100));
  models.clear();
  settling_.keep_vanished(models, false);
  EXPECT_TRUE(models.empty());
}

}  // namespace
}  // namespace slipway::lifecycle
