#include "serving/memory_plan.h"

#include <gtest/gtest.h>

namespace slipway::serving {
namespace {

using Names = std::vector<std::string>;

SteadyTime at(int seconds) { return SteadyTime(std::chrono::seconds(seconds)); }

ResidentModel model(const std::string& name, uint64_t bytes, int last_used, bool pinned = false) {
  return {name, bytes, at(last_used), at(0), pinned};
}

constexpr bool kMayEvict = true;

TEST(MemoryPlanTest, WhatFitsIsLoadedNow) {
  const RoomPlan plan = plan_room({100, 60, 0, 0}, {model("a", 60, 1)}, {40, 1, kMayEvict}, at(9));
  EXPECT_EQ(plan.room, Room::kNow);
  EXPECT_TRUE(plan.evict.empty());
}

TEST(MemoryPlanTest, TheLeastRecentlyUsedGoFirstAndNoMoreThanNeeded) {
  const std::vector<ResidentModel> models = {model("a", 30, 3), model("b", 30, 1),
                                             model("c", 30, 2)};
  EXPECT_EQ(plan_room({100, 90, 0, 0}, models, {20, 20, kMayEvict}, at(9)).evict, Names{"b"});
  EXPECT_EQ(plan_room({100, 90, 0, 0}, models, {50, 50, kMayEvict}, at(9)).evict,
            (Names{"b", "c"}));
}

TEST(MemoryPlanTest, OfEquallyOldOnesTheFirstByNameGoes) {
  const std::vector<ResidentModel> models = {model("b", 50, 1), model("a", 50, 1)};
  EXPECT_EQ(plan_room({100, 100, 0, 0}, models, {1, 1, kMayEvict}, at(9)).evict, Names{"a"});
}

TEST(MemoryPlanTest, WhatDrainsIsWaitedForAndNotEvictedAnew) {
  const RoomPlan plan =
      plan_room({100, 50, 50, 0}, {model("a", 50, 1)}, {50, 50, kMayEvict}, at(9));
  EXPECT_EQ(plan.room, Room::kLater);
  EXPECT_TRUE(plan.evict.empty());
}

TEST(MemoryPlanTest, PinnedModelsStay) {
  const std::vector<ResidentModel> models = {model("a", 50, 1, true), model("b", 40, 2)};
  EXPECT_EQ(plan_room({100, 90, 0, 0}, models, {40, 40, kMayEvict}, at(9)).evict, Names{"b"});
  EXPECT_EQ(plan_room({100, 90, 0, 0}, models, {60, 60, kMayEvict}, at(9)).room, Room::kNone);
}

TEST(MemoryPlanTest, AModelLargerThanTheBudgetNeverFits) {
  EXPECT_EQ(plan_room({100, 0, 0, 0}, {}, {101, 101, kMayEvict}, at(9)).room, Room::kNone);
}

TEST(MemoryPlanTest, AnEstimateBeyondTheBudgetIsTriedAlone) {
  EXPECT_EQ(plan_room({100, 0, 0, 0}, {}, {300, 50, kMayEvict}, at(9)).room, Room::kNow);
  EXPECT_EQ(plan_room({100, 0, 0, 10}, {}, {300, 50, kMayEvict}, at(9)).room, Room::kLater);
  const std::vector<ResidentModel> models = {model("a", 20, 1), model("b", 20, 2)};
  EXPECT_EQ(plan_room({100, 40, 0, 0}, models, {300, 50, kMayEvict}, at(9)).evict,
            (Names{"a", "b"}));
}

TEST(MemoryPlanTest, WhatNobodyAskedForEvictsNothing) {
  const std::vector<ResidentModel> models = {model("a", 90, 1)};
  EXPECT_EQ(plan_room({100, 90, 0, 0}, models, {20, 20, false}, at(9)).room, Room::kNone);
  EXPECT_EQ(plan_room({100, 90, 0, 0}, models, {10, 10, false}, at(9)).room, Room::kNow);
}

TEST(MemoryPlanTest, AModelThatHasJustComeStaysForAWhile) {
  std::vector<ResidentModel> models = {model("a", 90, 1)};
  models[0].stays_until = at(12);
  const RoomPlan early = plan_room({100, 90, 0, 0}, models, {20, 20, kMayEvict}, at(9));
  EXPECT_EQ(early.room, Room::kLater);
  EXPECT_TRUE(early.evict.empty());
  EXPECT_EQ(early.not_before, at(12));
  EXPECT_EQ(plan_room({100, 90, 0, 0}, models, {20, 20, kMayEvict}, at(12)).evict, Names{"a"});
}

}  // namespace
}  // namespace slipway::serving
