#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "data/read_frame.h"
#include "training/selection/candidates.h"
#include "training/selection/partition.h"
#include "training/selection/portfolio.h"
#include "training/selection/selection.h"

namespace slipway::training {
namespace {

/// 60 rows of two classes in 12 groups, in an order of time that is not the table's.
data::Frame table() {
  std::string csv = "a,b,who,day,w,y\n";
  for (int i = 0; i < 60; ++i) {
    const int a = i * 7 % 31;
    const bool yes = (a > 15) != (i % 20 == 0);
    csv += std::to_string(a) + "," + std::to_string(i % 5) + ",g" + std::to_string(i % 12) + "," +
           std::to_string(i * 37 % 60) + "," + std::to_string(i % 3) + (yes ? ",yes\n" : ",no\n");
  }
  auto frame = data::read_frame_bytes(csv, "test.csv", {});
  if (!frame.ok()) throw std::runtime_error(frame.status().message());
  return std::move(frame).value();
}

class SelectTest : public testing::Test {
 protected:
  SelectTest() : frame_(table()) { setenv("SLIPWAY_PLUGIN_DIR", SLIPWAY_TEST_PLUGIN_DIR, 0); }

  Problem problem(ProblemOptions options = {}) const {
    options.target = "y";
    return make_problem(frame_, options).value();
  }
  static Partition partition(const Problem& problem, const FoldPlan& plan = {}) {
    auto made = make_partition(problem, plan);
    if (!made.ok()) throw std::runtime_error(made.status().message());
    return *made;
  }
  static std::string refused(const Problem& problem, const FoldPlan& plan) {
    return make_partition(problem, plan).status().message();
  }

  const data::Frame frame_;
};

std::set<int32_t> groups_of(const Problem& problem, const std::vector<uint32_t>& places) {
  std::set<int32_t> groups;
  for (const uint32_t place : places) groups.insert(problem.groups[problem.rows[place]]);
  return groups;
}

bool are_apart(const std::set<int32_t>& a, const std::set<int32_t>& b) {
  return std::ranges::none_of(a, [&](int32_t one) { return b.contains(one); });
}

TEST_F(SelectTest, ColumnsOfGroupsTimesAndWeightsAreNoFeatures) {
  const Problem made = problem({.group = "who", .time = "day", .weight = "w"});
  EXPECT_EQ(made.features, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(made.groups.size(), 60U);
  EXPECT_EQ(made.weights[4], 1);
  for (size_t i = 1; i < 60; ++i) {
    EXPECT_LT(made.times[made.rows[i - 1]], made.times[made.rows[i]]);
  }
}

TEST_F(SelectTest, RolesThatCannotBeAreRefused) {
  const auto said = [&](ProblemOptions options) {
    options.target = "y";
    return make_problem(frame_, options).status().message();
  };
  EXPECT_NE(said({.group = "whom"}).find("did you mean 'who'"), std::string::npos);
  EXPECT_NE(said({.time = "who"}).find("holds texts: expected times"), std::string::npos);
  EXPECT_NE(said({.weight = "who"}).find("holds texts"), std::string::npos);
  EXPECT_NE(said({.group = "y"}).find("is the target"), std::string::npos);
  auto negative = data::read_frame_bytes("a,w,y\n1,1,u\n2,-1,v\n3,1,u\n", "t.csv", {});
  const auto weights = make_problem(*negative, {.target = "y", .weight = "w"});
  EXPECT_NE(weights.status().message().find("holds -1 in row 2"), std::string::npos);
  auto missing = data::read_frame_bytes("a,w,y\n1,1,u\n2,,v\n3,1,u\n", "t.csv", {});
  const auto groups = make_problem(*missing, {.target = "y", .group = "w"});
  EXPECT_NE(groups.status().message().find("no value in 1 of 3 rows"), std::string::npos);
}

TEST_F(SelectTest, GroupsAreNeverDivided) {
  const Problem made = problem({.group = "who"});
  for (const auto kind : {FoldPlan::Kind::kGrouped, FoldPlan::Kind::kStratifiedGrouped}) {
    const Partition parts = partition(made, {.kind = kind, .folds = 3, .test_share = 0.25});
    EXPECT_EQ(groups_of(made, parts.test).size(), 3U);
    EXPECT_TRUE(are_apart(groups_of(made, parts.test), groups_of(made, parts.train)));
    ASSERT_EQ(parts.folds.size(), 3U);
    for (const Fold& fold : parts.folds) {
      EXPECT_TRUE(are_apart(groups_of(made, fold.train), groups_of(made, fold.test)));
      EXPECT_EQ(fold.train.size() + fold.test.size(), parts.train.size());
    }
  }
  EXPECT_EQ(partition(made).kind, FoldPlan::Kind::kStratifiedGrouped);
}

TEST_F(SelectTest, TimeIsTrainedOnThePastAndJudgedOnTheFuture) {
  const Problem made = problem({.time = "day"});
  const Partition parts = partition(made, {.folds = 3, .gap = 2, .test_share = 0.2});
  EXPECT_EQ(parts.kind, FoldPlan::Kind::kTime);
  // Places are in the order of time.
  EXPECT_EQ(parts.test.front(), 48U);
  EXPECT_EQ(parts.train.back(), 45U) << "two rows before the test part are left out";
  for (const Fold& fold : parts.folds) EXPECT_EQ(fold.train.back() + 3, fold.test.front());
}

TEST_F(SelectTest, RepeatedFoldsAreDrawnAnew) {
  const Partition parts = partition(problem(), {.folds = 4, .repeats = 3});
  ASSERT_EQ(parts.folds.size(), 12U);
  EXPECT_NE(parts.folds[0].test, parts.folds[4].test);
  EXPECT_EQ(partition_text({.folds = 4, .repeats = 3}, parts), "3 times 4-fold cross-validation");
}

TEST_F(SelectTest, AValidationPartStandsForFolds) {
  const FoldPlan plan{.test_share = 0.2, .validation_share = 0.25};
  const Partition parts = partition(problem(), plan);
  EXPECT_EQ(parts.test.size(), 12U);
  EXPECT_EQ(parts.train.size(), 48U) << "the last fit is on the validation part too";
  ASSERT_EQ(parts.folds.size(), 1U);
  EXPECT_EQ(parts.folds[0].test.size(), 15U);
  EXPECT_EQ(parts.folds[0].train.size(), 33U);
  EXPECT_EQ(partition_text(plan, parts), "a validation part of 15 rows");
}

TEST_F(SelectTest, PartitionsThatCannotBeAreRefused) {
  using Kind = FoldPlan::Kind;
  const Problem plain = problem();
  EXPECT_NE(refused(plain, {.kind = Kind::kGrouped}).find("--group"), std::string::npos);
  EXPECT_NE(refused(plain, {.kind = Kind::kTime}).find("--time"), std::string::npos);
  EXPECT_NE(refused(plain, {.gap = 3}).find("folds by time"), std::string::npos);
  EXPECT_NE(refused(plain, {.repeats = 2, .shuffle = false}).find("shuffled"), std::string::npos);
  const Problem timed = problem({.time = "day"});
  EXPECT_NE(refused(timed, {.repeats = 2}).find("cannot be repeated"), std::string::npos);
  const Problem grouped = problem({.group = "who"});
  EXPECT_FALSE(make_partition(grouped, {.folds = 13}).ok());
}

TEST_F(SelectTest, WeightsCountInFitAndJudgement) {
  SearchPlan plan;
  plan.learners = {{"logistic_regression", {}}};
  const auto mean = [&](const Problem& made) {
    std::vector<std::string> notes;
    auto candidates = make_candidates(plan, made, notes).value();
    const auto found =
        select(made, std::move(candidates), partition(made), {.scoring = "log_loss"});
    return found.ok() ? found->scores[0].mean("log_loss") : -1;
  };
  EXPECT_NE(mean(problem({.ignored = {"who", "day"}, .weight = "w"})),
            mean(problem({.ignored = {"who", "day", "w"}})));
  plan.learners = {{"knn", {}}};
  std::vector<std::string> notes;
  const auto refused = make_candidates(plan, problem({.weight = "w"}), notes);
  EXPECT_NE(refused.status().message().find("no use for weights"), std::string::npos);
  plan.learners = {};
  const auto usual = make_candidates(plan, problem({.weight = "w"}), notes);
  ASSERT_TRUE(usual.ok());
  EXPECT_EQ(usual->size(), 4U);
  EXPECT_EQ(notes.size(), 1U);
}

TEST_F(SelectTest, PreparationIsTriedToo) {
  SearchPlan plan;
  plan.learners = {{"knn", {{{"n_neighbors", {Values::Kind::kList, {"1", "3"}}}}}}};
  plan.preparation = {{"scale", {Values::Kind::kList, {"standard", "robust", "none"}}}};
  std::vector<std::string> notes;
  const auto candidates = make_candidates(plan, problem(), notes);
  ASSERT_TRUE(candidates.ok()) << candidates.status().to_string();
  EXPECT_EQ(candidates->size(), 6U);
  EXPECT_EQ(candidate_text((*candidates)[1]), "knn n_neighbors=1 (scale=robust)");
  EXPECT_EQ((*candidates)[1].plan.scale, PreparationPlan::Scale::kRobust);
  plan.preparation = {{"scales", {Values::Kind::kList, {"x"}}}};
  EXPECT_NE(make_candidates(plan, problem(), notes).status().message().find("did you mean scale"),
            std::string::npos);
  plan.preparation = {{"scale", {Values::Kind::kList, {"x"}}}};
  EXPECT_NE(make_candidates(plan, problem(), notes).status().message().find("got 'x'"),
            std::string::npos);
}

TEST_F(SelectTest, HalvingKeepsTheBestAndGivesThemMore) {
  SearchPlan plan;
  const Values neighbors{Values::Kind::kList, {"1", "2", "3", "4", "5", "6", "7", "8", "9"}};
  plan.learners = {{"knn", {{{"n_neighbors", neighbors}}}}};
  std::vector<std::string> notes;
  const Problem made = problem({.ignored = {"who", "day", "w"}});
  auto candidates = make_candidates(plan, made, notes).value();
  SelectionOptions options;
  options.scoring = "accuracy";
  options.halving = HalvingPlan();
  const auto found = select(made, std::move(candidates), partition(made), options);
  ASSERT_TRUE(found.ok()) << found.status().to_string();
  ASSERT_EQ(found->rounds.size(), 2U);
  EXPECT_EQ(found->rounds[1].candidates, 3U);
  EXPECT_EQ(found->rounds[1].resources, 60U);
  EXPECT_EQ(found->scores[found->ranking[0]].round, 1U);
  const auto went_on = std::ranges::count_if(
      found->scores, [](const CandidateScores& scores) { return scores.round == 1; });
  EXPECT_EQ(went_on, 3);
}

/// Remembers, and says how often it was asked in vain.
class Notebook final : public FoldMemory {
 public:
  const FoldResult* find(const std::string& key) const override {
    const auto found = results_.find(key);
    return found == results_.end() ? nullptr : &found->second;
  }
  void add(const std::string& key, const Candidate&, const FoldResult& result) override {
    results_.insert_or_assign(key, result);
    ++added;
  }
  size_t added = 0;

 private:
  std::map<std::string, FoldResult> results_;
};

TEST_F(SelectTest, WhatIsKnownIsNotFittedAgain) {
  const Problem made = problem({.ignored = {"who", "day", "w"}});
  SearchPlan plan;
  plan.learners = {{"knn", {}}, {"naive_bayes", {}}};
  std::vector<std::string> notes;
  const auto candidates = make_candidates(plan, made, notes).value();
  Notebook notebook;
  SelectionOptions options;
  options.scoring = "accuracy";
  options.memory = &notebook;
  const auto first = select(made, candidates, partition(made), options);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(notebook.added, 10U);
  const auto second = select(made, candidates, partition(made), options);
  EXPECT_EQ(notebook.added, 10U);
  for (size_t i = 0; i < 2; ++i) EXPECT_EQ(first->scores[i].folds, second->scores[i].folds);
  // Other folds, another seed, other rows: nothing of it is known.
  EXPECT_TRUE(select(made, candidates, partition(made, {.seed = 1}), options).ok());
  EXPECT_EQ(notebook.added, 20U);
  options.seed = 1;
  EXPECT_TRUE(select(made, candidates, partition(made), options).ok());
  EXPECT_EQ(notebook.added, 30U);
  const Problem less = problem({.ignored = {"who", "day", "w", "b"}});
  EXPECT_TRUE(select(less, candidates, partition(less), options).ok());
  EXPECT_EQ(notebook.added, 40U);
}

TEST_F(SelectTest, ABudgetEndsASearchWithWhatThereIs) {
  const Problem made = problem({.ignored = {"who", "day", "w"}});
  SearchPlan plan;
  plan.learners = {{"naive_bayes", {{{"var_smoothing", {Values::Kind::kLog, {}, 1e-12, 1e-3}}}}}};
  plan.draws = 100'000;
  std::vector<std::string> notes;
  auto candidates = make_candidates(plan, made, notes).value();
  SelectionOptions options;
  options.scoring = "accuracy";
  options.budget_seconds = 1e-6;
  const auto found = select(made, std::move(candidates), partition(made), options);
  ASSERT_TRUE(found.ok()) << found.status().to_string();
  EXPECT_TRUE(found->was_stopped);
  EXPECT_GE(found->ranking.size(), 1U);
  EXPECT_LT(found->ranking.size(), 100'000U);
}

TEST_F(SelectTest, ThePortfolioDrawsTheSameWithMoreDraws) {
  const Problem made = problem({.ignored = {"who", "day"}, .weight = "w"});
  SelectionOptions options;
  options.scoring = "log_loss";
  std::vector<std::string> notes;
  const auto draw = [&](size_t draws, unsigned threads) {
    SearchPlan plan;
    plan.draws = draws;
    options.threads = threads;
    auto found = select_automatically(made, partition(made, {.folds = 3}), plan, options, notes);
    if (!found.ok()) throw std::runtime_error(found.status().message());
    return *std::move(found);
  };
  const Selection few = draw(4, 1);
  const Selection more = draw(8, 2);
  EXPECT_FALSE(notes.empty()) << "nearest neighbours have no use for weights";
  EXPECT_EQ(more.candidates.size(), few.candidates.size() + 4);
  for (size_t i = 0; i < few.candidates.size(); ++i) {
    EXPECT_EQ(candidate_text(few.candidates[i]), candidate_text(more.candidates[i]));
    EXPECT_EQ(few.scores[i].folds, more.scores[i].folds);
  }
}

}  // namespace
}  // namespace slipway::training
