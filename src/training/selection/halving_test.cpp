#include "training/selection/halving.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "training/selection/space.h"

namespace slipway::training {
namespace {

using Least = HalvingPlan::Least;

struct Case {
  size_t rows, classes, folds, candidates;
  double factor;
  std::string_view resource;
  Least least;
  uint64_t least_given, most;
  bool is_aggressive;
  std::vector<size_t> counts;
  std::vector<uint64_t> resources;
};

/// n_candidates_ and n_resources_ of scikit-learn 1.9's HalvingGridSearchCV.
std::vector<Case> cases() {
  constexpr Least kAll = Least::kExhaust;
  constexpr Least kFew = Least::kSmallest;
  return {
      {150, 3, 5, 9, 3, "", kAll, 0, 0, false, {9, 3}, {30, 90}},
      {1000, 2, 5, 40, 3, "", kAll, 0, 0, false, {40, 14, 5, 2}, {37, 111, 333, 999}},
      {1000, 2, 5, 40, 3, "", kFew, 0, 0, false, {40, 14, 5, 2}, {20, 60, 180, 540}},
      {1000, 2, 5, 20, 2, "", kFew, 0, 0, false, {20, 10, 5, 3, 2}, {20, 40, 80, 160, 320}},
      {100, 2, 5, 60, 3, "", kFew, 0, 0, true, {60, 20, 7, 3}, {20, 20, 20, 60}},
      {1797, 10, 3, 243, 3, "", kAll, 0, 0, false, {243, 81, 27, 9}, {60, 180, 540, 1620}},
      {500, 2, 5, 27, 3, "n", kAll, 0, 90, false, {27, 9, 3, 1}, {3, 9, 27, 81}},
      {500, 2, 5, 27, 3, "n", kFew, 0, 90, false, {27, 9, 3, 1}, {1, 3, 9, 27}},
      {500, 2, 5, 10, 2.5, "", Least::kGiven, 100, 400, false, {10, 4}, {100, 250}},
      {442, 2, 5, 81, 3, "", kAll, 0, 0, false, {81, 27, 9}, {20, 60, 180}},
  };
}

TEST(Halving, RoundsAreScikitLearns) {
  for (const Case& one : cases()) {
    HalvingPlan plan;
    plan.factor = one.factor;
    plan.resource = one.resource;
    plan.least = one.least;
    plan.resources_min = one.least_given;
    plan.resources_max = one.most;
    plan.is_aggressive = one.is_aggressive;
    const auto rounds = halving_rounds(plan, one.candidates, one.rows, one.folds, one.classes);
    ASSERT_TRUE(rounds.ok()) << rounds.status().to_string();
    std::vector<size_t> counts;
    std::vector<uint64_t> resources;
    for (const HalvingRound& round : *rounds) {
      counts.push_back(round.candidates);
      resources.push_back(round.resources);
    }
    EXPECT_EQ(counts, one.counts) << one.rows << " rows, " << one.candidates << " candidates";
    EXPECT_EQ(resources, one.resources) << one.rows << " rows, " << one.candidates;
  }
}

TEST(Halving, WhatCannotBeIsSaid) {
  const auto said = [](const HalvingPlan& plan) {
    return halving_rounds(plan, 10, 100, 5, 2).status().message();
  };
  EXPECT_NE(said({.factor = 1}).find("factor above 1"), std::string::npos);
  EXPECT_NE(said({.resource = "n_estimators"}).find("max_resources"), std::string::npos);
  EXPECT_NE(said({.resources_max = 10}).find("expected 1 to 10"), std::string::npos);
  EXPECT_NE(said({.resources_max = 1000}).find("there are 100"), std::string::npos);
  EXPECT_NE(said({.least = Least::kGiven}).find("are 0"), std::string::npos);
}

TEST(Halving, APartOfAFoldHasRowsOfEachClass) {
  Problem problem;
  problem.task = Task::kClassification;
  problem.rows.resize(400);
  std::iota(problem.rows.begin(), problem.rows.end(), 0U);
  for (size_t i = 0; i < 400; ++i) problem.classes.push_back(i < 8 ? 1 : 0);
  Fold fold;
  for (uint32_t i = 0; i < 400; ++i) (i % 4 == 0 ? fold.test : fold.train).push_back(i);
  const auto parts = part_of_folds(problem, {fold}, 40, 400, 7);
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0].train.size(), 30U);
  EXPECT_EQ(parts[0].test.size(), 10U);
  for (const auto* part : {&parts[0].train, &parts[0].test}) {
    EXPECT_TRUE(std::ranges::is_sorted(*part));
    EXPECT_EQ(std::set<uint32_t>(part->begin(), part->end()).size(), part->size());
    const auto rare = std::ranges::count_if(*part, [](uint32_t place) { return place < 8; });
    EXPECT_EQ(rare, 1);
  }
  EXPECT_TRUE(std::ranges::includes(fold.train, parts[0].train));
  EXPECT_EQ(part_of_folds(problem, {fold}, 40, 400, 7)[0].train, parts[0].train);
  EXPECT_EQ(part_of_folds(problem, {fold}, 400, 400, 7)[0].train, fold.train);
}

TEST(Space, DrawsLieInTheirRanges) {
  Random random(1);
  const Values log{Values::Kind::kLog, {}, 0.001, 100};
  const Values whole{Values::Kind::kInteger, {}, 1, 3};
  const Values log_whole{Values::Kind::kLogInteger, {}, 1, 1000};
  const Values uniform{Values::Kind::kUniform, {}, 0, 1};
  std::set<std::string> wholes;
  size_t small = 0;
  for (int i = 0; i < 2000; ++i) {
    const double drawn = std::stod(log.draw(random));
    EXPECT_TRUE(drawn >= 0.001 && drawn <= 100);
    small += drawn < 0.1 ? 1 : 0;
    wholes.insert(whole.draw(random));
    const std::string text = log_whole.draw(random);
    EXPECT_EQ(text.find('.'), std::string::npos);
    EXPECT_TRUE(std::stoi(text) >= 1 && std::stoi(text) <= 1000);
    EXPECT_NE(uniform.draw(random).find_first_of(".e"), std::string::npos) << "else it is a count";
  }
  EXPECT_EQ(wholes, (std::set<std::string>{"1", "2", "3"}));
  EXPECT_NEAR(static_cast<double>(small) / 2000, 0.4, 0.05) << "two of five decades";
}

TEST(Space, ListsAreDrawnWithoutRepetitionInTheirOrder) {
  const Values four{Values::Kind::kList, {"1", "2", "3", "4"}};
  const Values three{Values::Kind::kList, {"1", "2", "3"}};
  const std::vector<Space> spaces = {{{"a", four}, {"b", three}}, {{"c", three}}};
  const auto all = all_of_spaces(spaces);
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->size(), 15U);
  const auto drawn = draw_from_spaces(spaces, 5, 3);
  ASSERT_TRUE(drawn.ok());
  EXPECT_EQ(std::set<HyperparameterTexts>(drawn->begin(), drawn->end()).size(), 5U);
  EXPECT_EQ(*drawn, *draw_from_spaces(spaces, 5, 3));
  EXPECT_NE(*drawn, *draw_from_spaces(spaces, 5, 4));
  EXPECT_EQ(draw_from_spaces(spaces, 50, 3)->size(), 15U);
}

TEST(Space, RangesAreDrawnEachTimeAnew) {
  const Values range{Values::Kind::kUniform, {}, 2, 3};
  const Values few{Values::Kind::kInteger, {}, 1, 2};
  const std::vector<Space> spaces = {{{"a", range}}};
  EXPECT_FALSE(all_of_spaces(spaces).ok());
  const auto drawn = draw_from_spaces(spaces, 20, 3);
  ASSERT_TRUE(drawn.ok());
  EXPECT_EQ(std::set<HyperparameterTexts>(drawn->begin(), drawn->end()).size(), 20U);
  const std::vector<Space> two = {{{"a", few}}};
  EXPECT_EQ(draw_from_spaces(two, 20, 3)->size(), 2U) << "there are no more";
}

TEST(Space, WhatIsNoRangeIsSaid) {
  EXPECT_FALSE(check_values({Values::Kind::kList, {}}).ok());
  EXPECT_FALSE(check_values({Values::Kind::kUniform, {}, 1, 1}).ok());
  EXPECT_FALSE(check_values({Values::Kind::kLog, {}, 0, 1}).ok());
  EXPECT_FALSE(check_values({Values::Kind::kInteger, {}, 0.5, 2}).ok());
  EXPECT_FALSE(check_values({Values::Kind::kInteger, {}, 0, 1e18}).ok());
  EXPECT_TRUE(check_values({Values::Kind::kInteger, {}, -3, 2}).ok());
}

}  // namespace
}  // namespace slipway::training
