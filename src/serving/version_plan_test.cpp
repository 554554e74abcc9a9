#include "serving/version_plan.h"

#include <gtest/gtest.h>

namespace slipway::serving {
namespace {

using Versions = std::vector<uint64_t>;

VersionFacts on_disk(uint64_t version) { return {version, true, true, false, false, false}; }
VersionFacts live(uint64_t version) { return {version, true, true, false, true, true}; }
VersionFacts live_and_gone(uint64_t version) { return {version, false, false, false, true, false}; }
VersionFacts failed(uint64_t version) { return {version, true, true, true, false, false}; }
VersionFacts being_written(uint64_t version) { return {version, true, false, false, false, false}; }

VersionPolicy latest(uint32_t count) { return {VersionPolicy::Kind::kLatest, count, {}}; }
VersionPolicy specific(Versions versions) {
  return {VersionPolicy::Kind::kSpecific, 1, std::move(versions)};
}
constexpr VersionPolicy::Kind kAll = VersionPolicy::Kind::kAll;

VersionPlan plan(const VersionPolicy& policy, std::vector<VersionFacts> facts, bool held = false) {
  return plan_versions(policy, held, facts);
}

TEST(VersionPlan, LoadsWhatThePolicyChoosesTheNewestFirst) {
  const std::vector<VersionFacts> facts = {on_disk(10), on_disk(9), on_disk(2)};
  EXPECT_EQ(plan(latest(1), facts).load, Versions{10});
  EXPECT_EQ(plan(latest(2), facts).load, (Versions{10, 9}));
  EXPECT_EQ(plan({kAll, 1, {}}, facts).load, (Versions{10, 9, 2}));
  EXPECT_EQ(plan(specific({2, 9, 77}), facts).load, (Versions{9, 2}));
}

TEST(VersionPlan, UnloadsTheOldOneOnlyOnceTheNewOneIsLive) {
  const VersionPlan before = plan(latest(1), {on_disk(2), live(1)});
  EXPECT_EQ(before.load, Versions{2});
  EXPECT_TRUE(before.unload.empty());
  const VersionPlan after = plan(latest(1), {live(2), live(1)});
  EXPECT_TRUE(after.load.empty());
  EXPECT_EQ(after.unload, Versions{1});
}

TEST(VersionPlan, ABrokenNewestVersionLeavesTheOneBefore) {
  const VersionPlan running = plan(latest(1), {failed(2), live(1)});
  EXPECT_TRUE(running.load.empty());
  EXPECT_TRUE(running.unload.empty());
  EXPECT_EQ(plan(latest(1), {failed(2), on_disk(1)}).load, Versions{1});  // after a restart
  EXPECT_TRUE(plan(latest(1), {failed(2), live_and_gone(1)}).unload.empty());
}

TEST(VersionPlan, APinnedVersionIsServedBesideThoseOfThePolicy) {
  const std::vector<VersionFacts> facts = {live(4), on_disk(3), on_disk(2)};
  EXPECT_EQ(plan_versions(latest(1), false, facts, 2).load, Versions{2});
  EXPECT_EQ(plan_versions(specific({3}), false, facts, 2).load, (Versions{3, 2}));
  const std::vector<VersionFacts> both = {live(4), live(2)};
  EXPECT_TRUE(plan_versions(latest(1), false, both, 2).unload.empty());
  EXPECT_EQ(plan_versions(latest(1), true, both, 2).unload, (Versions{4, 2}));
}

TEST(VersionPlan, WhatIsBeingWrittenIsLeftAlone) {
  const VersionPlan plan_now = plan(latest(1), {being_written(2), live(1)});
  EXPECT_TRUE(plan_now.load.empty());
  EXPECT_TRUE(plan_now.unload.empty());
  EXPECT_TRUE(plan(latest(1), {being_written(1)}).load.empty());
}

TEST(VersionPlan, NewContentOfALiveVersionIsLoadedBesideIt) {
  VersionFacts replaced = live(1);
  replaced.current = false;
  EXPECT_EQ(plan(latest(1), {replaced}).load, Versions{1});
  EXPECT_TRUE(plan(latest(1), {replaced}).unload.empty());
  replaced.failed = true;
  EXPECT_TRUE(plan(latest(1), {replaced}).load.empty());
  EXPECT_TRUE(plan(latest(1), {replaced}).unload.empty());
}

TEST(VersionPlan, RemovedVersionsAndHeldModelsAreUnloaded) {
  EXPECT_EQ(plan({kAll, 1, {}}, {live(2), live_and_gone(1)}).unload, Versions{1});
  EXPECT_EQ(plan(latest(1), {live_and_gone(2), live_and_gone(1)}).unload, (Versions{2, 1}));
  const VersionPlan held = plan(latest(1), {on_disk(2), live(1)}, true);
  EXPECT_TRUE(held.load.empty());
  EXPECT_EQ(held.unload, Versions{1});
}

TEST(VersionPlan, GoesBackWhenTheNewestVersionIsRemoved) {
  const VersionPlan back = plan(latest(1), {live_and_gone(2), on_disk(1)});
  EXPECT_EQ(back.load, Versions{1});
  EXPECT_TRUE(back.unload.empty());
}

}  // namespace
}  // namespace slipway::serving
