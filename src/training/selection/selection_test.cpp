#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <set>

#include "data/read_frame.h"
#include "training/selection/cross_validation.h"
#include "training/selection/problem.h"
#include "training/selection/search.h"

namespace slipway::training {
namespace {

data::Frame frame_of(const std::string& csv) {
  auto frame = data::read_frame_bytes(csv, "test.csv", {});
  if (!frame.ok()) throw std::runtime_error(frame.status().message());
  return std::move(frame).value();
}

/// Two classes that a line tells apart, but for a few rows.
std::string two_classes() {
  std::string csv = "a,b,kind,y\n";
  for (int i = 0; i < 60; ++i) {
    const int a = i * 7 % 31;
    const bool yes = (a > 15) != (i % 20 == 0);
    csv += std::to_string(a) + "," + std::to_string(i % 5) + (i % 2 == 0 ? ",u," : ",v,") +
           (yes ? "yes" : "no") + "\n";
  }
  return csv;
}

TEST(Search, AGridIsEveryCombination) {
  const auto all = expand_grid({{"C", {"1", "2"}}, {"tol", {"a", "b", "c"}}});
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->size(), 6U);
  EXPECT_EQ(combination_text((*all)[0]), "C=1 tol=a");
  EXPECT_EQ(combination_text((*all)[4]), "C=2 tol=b");
  EXPECT_EQ(std::set<HyperparameterTexts>(all->begin(), all->end()).size(), 6U);
  EXPECT_EQ(expand_grid({})->size(), 1U);
  EXPECT_FALSE(expand_grid({{"C", {}}}).ok());
  const std::vector<std::string> many(1000, "1");
  EXPECT_FALSE(expand_grid({{"a", many}, {"b", many}}).ok());
}

TEST(Problem, ATargetIsTakenForWhatItIs) {
  const data::Frame frame = frame_of(
      "text,flag,few,many,id,same\nx,true,1,0.5,a,1\ny,false,2,1.5,b,1\nx,true,1,2.5,c,1\n");
  const auto of = [&](const std::string& target) {
    return make_problem(frame, {.target = target});
  };
  EXPECT_EQ(of("text")->labels.strings, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(of("text")->classes, (std::vector<int32_t>{0, 1, 0}));
  EXPECT_EQ(of("flag")->labels.dtype, DType::kBool);
  EXPECT_EQ(of("few")->labels.ints, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(of("many")->task, Task::kRegression);
  EXPECT_EQ(make_problem(frame, {.target = "few", .task = Task::kRegression})->values[1], 2);
  EXPECT_NE(of("same").status().message().find("one class only (1)"), std::string::npos);
  EXPECT_NE(of("flg").status().message().find("did you mean 'flag'"), std::string::npos);
  EXPECT_FALSE(make_problem(frame, {.target = "text", .task = Task::kRegression}).ok());
  const auto problem = make_problem(frame, {.target = "many", .ignored = {"id"}});
  EXPECT_EQ(problem->features, (std::vector<std::string>{"text", "flag", "few"}));
  ASSERT_EQ(problem->notes.size(), 1U);
  EXPECT_NE(problem->notes[0].find("'same'"), std::string::npos);
}

TEST(Problem, RowsWithoutATargetAreLeftOut) {
  const data::Frame frame = frame_of("a,y\n1,x\n2,\n3,y\n");
  const auto problem = make_problem(frame, {.target = "y"});
  ASSERT_TRUE(problem.ok());
  EXPECT_EQ(problem->rows, (std::vector<uint32_t>{0, 2}));
  EXPECT_EQ(problem->classes[1], -1);
}

class CrossValidationTest : public testing::Test {
 protected:
  CrossValidationTest() : frame_(frame_of(two_classes())) {
    setenv("SLIPWAY_PLUGIN_DIR", SLIPWAY_TEST_PLUGIN_DIR, 0);
    problem_ = make_problem(frame_, {.target = "y"}).value();
    folds_ = stratified_k_fold(problem_.classes, 4, Shuffle{1}).value();
  }
  Candidate candidate(const std::string& learner, HyperparameterTexts texts) const {
    return {find_learner(learner, Task::kClassification).value(), std::move(texts), {}, {}};
  }

  const data::Frame frame_;
  Problem problem_;
  std::vector<Fold> folds_;
};

TEST_F(CrossValidationTest, CandidatesAreJudgedOnEachFold) {
  const std::vector<Candidate> candidates = {candidate("logistic_regression", {}),
                                             candidate("knn", {{"n_neighbors", "3"}})};
  CrossValidationOptions options;
  size_t calls = 0;
  options.progress = [&](size_t, size_t, const MetricValues&) { ++calls; };
  const auto one = cross_validate(problem_, candidates, folds_, options);
  ASSERT_TRUE(one.ok()) << one.status().to_string();
  EXPECT_EQ(calls, 8U);
  for (const CandidateScores& scores : *one) {
    ASSERT_TRUE(scores.status.ok()) << scores.status.to_string();
    ASSERT_EQ(scores.folds.size(), 4U);
    EXPECT_GT(scores.mean("accuracy"), 0.8);
    EXPECT_GE(scores.deviation("accuracy"), 0);
    EXPECT_TRUE(std::isnan(scores.mean("r2")));
  }
  options.threads = 2;
  const auto two = cross_validate(problem_, candidates, folds_, options);
  for (size_t i = 0; i < 2; ++i) EXPECT_EQ((*one)[i].folds, (*two)[i].folds);
}

TEST_F(CrossValidationTest, ACandidateThatFailsLeavesTheOthers) {
  const std::vector<Candidate> candidates = {candidate("knn", {{"n_neighbors", "1000"}}),
                                             candidate("knn", {})};
  const auto scores = cross_validate(problem_, candidates, folds_, {});
  ASSERT_TRUE(scores.ok());
  EXPECT_FALSE((*scores)[0].status.ok());
  EXPECT_TRUE((*scores)[0].folds.empty());
  EXPECT_TRUE((*scores)[1].status.ok());
}

TEST_F(CrossValidationTest, RowsAreJudgedOnWhateverIsDroppedOrMadeToLearnFrom) {
  Candidate plain = candidate("knn", {{"n_neighbors", "1"}});
  Candidate fewer = plain;
  fewer.plan.outliers = PreparationPlan::Outliers::kDropZ;
  fewer.plan.outlier_factor = 1.2;
  fewer.plan.resample = PreparationPlan::Resample::kUnder;
  Candidate more = plain;
  more.plan.resample = PreparationPlan::Resample::kSmote;
  const std::vector<Candidate> candidates = {plain, fewer, more};
  const auto all = cross_validate(problem_, candidates, folds_, {});
  ASSERT_TRUE(all.ok()) << all.status().to_string();
  for (const CandidateScores& scores : *all) {
    ASSERT_TRUE(scores.status.ok()) << scores.status.to_string();
    for (size_t fold = 0; fold < folds_.size(); ++fold) {
      // Parts of all of the fold's 15 rows.
      const auto rows = static_cast<double>(folds_[fold].test.size());
      const double right = scores.folds[fold][0].second * rows;
      EXPECT_EQ(scores.folds[fold][0].first, "accuracy");
      EXPECT_NEAR(right, std::round(right), 1e-9);
    }
  }
  const auto rows = frame_rows(problem_, folds_[0].train);
  EXPECT_EQ(fit_candidate(problem_, plain, rows, {})->rows, rows.size());
  EXPECT_LT(fit_candidate(problem_, fewer, rows, {})->rows, rows.size());
  EXPECT_EQ(fit_candidate(problem_, fewer, rows, {})->notes.size(), 2U);
  EXPECT_GT(fit_candidate(problem_, more, rows, {})->rows, rows.size());
}

TEST_F(CrossValidationTest, AStoppedRunFitsNoMore) {
  std::atomic<bool> stop{true};
  CrossValidationOptions options;
  options.stop = &stop;
  const std::vector<Candidate> candidates = {candidate("logistic_regression", {})};
  const auto scores = cross_validate(problem_, candidates, folds_, options);
  ASSERT_TRUE(scores.ok());
  EXPECT_EQ((*scores)[0].status.code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace slipway::training
