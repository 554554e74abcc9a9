#include "training/splits/holdout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "training/random.h"

namespace slipway::training {
namespace {

void expect_complete(const Parts& parts, size_t rows) {
  std::set<uint32_t> all;
  for (const auto* part : {&parts.train, &parts.validation, &parts.test}) {
    EXPECT_TRUE(std::is_sorted(part->begin(), part->end()));
    all.insert(part->begin(), part->end());
  }
  EXPECT_EQ(all.size(), rows);
  EXPECT_EQ(parts.train.size() + parts.validation.size() + parts.test.size(), rows);
}

TEST(HoldoutTest, PartsHaveTheirSharesRoundedUp) {
  const auto parts = split_shuffled(101, {.test_share = 0.2, .validation_share = 0.1, .seed = 3});
  expect_complete(*parts, 101);
  EXPECT_EQ(parts->test.size(), 21U);
  EXPECT_EQ(parts->validation.size(), 11U);
  EXPECT_EQ(split_shuffled(101, {.test_share = 0.2, .validation_share = 0.1, .seed = 3})->test,
            parts->test);
  EXPECT_NE(split_shuffled(101, {.test_share = 0.2, .validation_share = 0.1, .seed = 4})->test,
            parts->test);
}

TEST(HoldoutTest, ClassSharesAreWithinOneOfTheIdeal) {
  Random random(2);
  for (int round = 0; round < 50; ++round) {
    const size_t classes = 1 + random.below(6);
    const size_t rows = 10 + classes * 3 + random.below(300);
    std::vector<int32_t> labels;
    for (size_t i = 0; i < rows; ++i) {
      labels.push_back(static_cast<int32_t>(i < classes * 3 ? i % classes : random.below(classes)));
    }
    const auto parts =
        split_stratified(labels, {.test_share = 0.2, .validation_share = 0.15, .seed = 8});
    expect_complete(*parts, rows);
    EXPECT_EQ(parts->test.size(), std::ceil(0.2 * static_cast<double>(rows)));
    for (int32_t label = 0; label < static_cast<int32_t>(classes); ++label) {
      const auto count = [&](const std::vector<uint32_t>& part) {
        return static_cast<double>(std::count_if(
            part.begin(), part.end(), [&](uint32_t row) { return labels[row] == label; }));
      };
      const auto all = static_cast<double>(std::count(labels.begin(), labels.end(), label));
      const double test_ideal =
          all * static_cast<double>(parts->test.size()) / static_cast<double>(rows);
      EXPECT_LT(std::abs(count(parts->test) - test_ideal), 1);
      const double left = all - count(parts->test);
      const double rows_left = static_cast<double>(rows - parts->test.size());
      EXPECT_LT(std::abs(count(parts->validation) -
                         left * static_cast<double>(parts->validation.size()) / rows_left),
                1);
    }
  }
}

TEST(HoldoutTest, GroupsAreNeverDivided) {
  Random random(2);
  std::vector<int32_t> groups;
  for (int i = 0; i < 300; ++i) groups.push_back(static_cast<int32_t>(random.below(20)) * 7);
  const auto parts = split_grouped(groups, {.test_share = 0.25, .validation_share = 0.25});
  expect_complete(*parts, 300);
  std::map<int32_t, std::set<int>> found;
  for (const uint32_t row : parts->train) found[groups[row]].insert(0);
  for (const uint32_t row : parts->validation) found[groups[row]].insert(1);
  for (const uint32_t row : parts->test) found[groups[row]].insert(2);
  std::vector<int> counts(3);
  for (const auto& [group, in] : found) {
    ASSERT_EQ(in.size(), 1U) << group;
    ++counts.at(static_cast<size_t>(*in.begin()));
  }
  EXPECT_EQ(counts, (std::vector<int>{10, 5, 5}));
}

TEST(HoldoutTest, TimePutsTheLatestLastAndKeepsEqualTimesTogether) {
  Random random(3);
  std::vector<double> times;
  for (int i = 0; i < 200; ++i) times.push_back(static_cast<double>(random.below(40)));
  const auto parts = split_by_time(times, {.test_share = 0.3, .validation_share = 0.2});
  expect_complete(*parts, 200);
  EXPECT_GE(parts->test.size(), 60U);
  const auto range = [&](const std::vector<uint32_t>& rows) {
    std::vector<double> found;
    for (const uint32_t row : rows) found.push_back(times[row]);
    return std::pair(*std::min_element(found.begin(), found.end()),
                     *std::max_element(found.begin(), found.end()));
  };
  EXPECT_LT(range(parts->train).second, range(parts->validation).first);
  EXPECT_LT(range(parts->validation).second, range(parts->test).first);
}

TEST(HoldoutTest, WhatCannotBeSplitSaysWhy) {
  EXPECT_EQ(split_shuffled(10, {.test_share = 1.5}).status().message(),
            "expected shares between 0 and 1, together below 1, got 1.5 for the test part and 0 "
            "for the validation part");
  EXPECT_FALSE(split_shuffled(10, {.test_share = NAN}).ok());
  EXPECT_FALSE(split_shuffled(10, {.test_share = 0.5, .validation_share = 0.5}).ok());
  EXPECT_EQ(split_shuffled(1, {.test_share = 0.2}).status().message(),
            "1 rows do not suffice for a training part and a test part of 1");
  EXPECT_FALSE(split_shuffled(0, {.test_share = 0.2}).ok());
  const std::vector<int32_t> labels{0, 0, 0, 5, 0};
  EXPECT_EQ(split_stratified(labels, {.test_share = 0.2}).status().message(),
            "class 5 has fewer rows than there are parts: 1 for 2");
  const std::vector<int32_t> one_group(9, 4);
  EXPECT_EQ(split_grouped(one_group, {.test_share = 0.2}).status().message(),
            "1 groups do not suffice for a training part and a test part of 1");
  const std::vector<double> same(9, 4);
  EXPECT_EQ(split_by_time(same, {.test_share = 0.2}).status().message(),
            "too many rows have the same time: a part of the split by time would be empty");
  const std::vector<double> missing{1, NAN, 2};
  EXPECT_EQ(split_by_time(missing, {.test_share = 0.2}).status().message(),
            "row 1: the time is missing");
}

}  // namespace
}  // namespace slipway::training
