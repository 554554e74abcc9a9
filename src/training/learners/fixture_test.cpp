// Every learner against the scikit-learn estimator of the same hyperparameters.
#include "training/learners/fixture_test.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "graph/ops/linear.h"

namespace slipway::training {
namespace {

/// The linear node of a graph.
const LinearOp* linear_of(const Graph& graph) {
  for (const Node& node : graph.nodes()) {
    if (const auto* op = dynamic_cast<const LinearOp*>(node.op.get())) return op;
  }
  return nullptr;
}

void expect_near_all(const std::vector<double>& ours, const std::vector<double>& theirs,
                     double tolerance) {
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    ASSERT_NEAR(ours[i], theirs[i], tolerance * std::max(1.0, std::fabs(theirs[i]))) << i;
  }
}

class LearnerFixtures : public testing::TestWithParam<std::string> {};

TEST_P(LearnerFixtures, CoefficientsAreScikitLearns) {
  const Fixture fixture = read_fixture(GetParam());
  size_t cases = 0;
  for (const FixtureCase& one : fixture.cases) {
    if (one.coef.empty()) continue;
    SCOPED_TRACE(one.text());
    Rows rows = fixture.rows;
    rows.weights = one.weights;
    const auto fitted =
        fit(learner_of(one.learner, fixture.task()), rows.data(), one.hyperparameters, {});
    ASSERT_TRUE(fitted.ok()) << fitted.status().to_string();
    const auto graph = graph_of(*fitted, rows);
    const LinearOp* linear = linear_of(*graph);
    ASSERT_NE(linear, nullptr);
    expect_near_all(linear->weights, one.coef, 1e-4);
    // scikit-learn gives one 0 where there is no intercept.
    std::vector<double> intercept = one.intercept;
    if (intercept.size() == 1) intercept.resize(linear->outputs, intercept[0]);
    expect_near_all(linear->intercept, intercept, 1e-4);
    ++cases;
  }
  EXPECT_GT(cases, 3U);
}

TEST_P(LearnerFixtures, AnswersAreScikitLearns) {
  const Fixture fixture = read_fixture(GetParam());
  size_t cases = 0;
  for (const FixtureCase& one : fixture.cases) {
    const std::string output = one.predict_proba.empty() ? "predict" : "predict_proba";
    const std::vector<double>& expected =
        one.predict_proba.empty() ? one.predict : one.predict_proba;
    if (expected.empty()) continue;
    SCOPED_TRACE(one.text());
    const auto fitted =
        fit(learner_of(one.learner, fixture.task()), fixture.rows.data(), one.hyperparameters, {});
    ASSERT_TRUE(fitted.ok()) << fitted.status().to_string();
    std::vector<double> ours = answers(graph_of(*fitted, fixture.rows), output, fixture.rows);
    ours.resize(expected.size());
    expect_near_all(ours, expected, 1e-8);
    ++cases;
  }
  EXPECT_GT(cases, 1U);
}

TEST_P(LearnerFixtures, CrossValidatedScoresAreWithinAStandardError) {
  const Fixture fixture = read_fixture(GetParam());
  for (const FixtureCase& one : fixture.cases) {
    if (one.scores.empty()) continue;
    SCOPED_TRACE(one.text());
    const auto folds = static_cast<double>(one.scores.size());
    const double mean = std::accumulate(one.scores.begin(), one.scores.end(), 0.0) / folds;
    double variance = 0;
    for (const double each : one.scores) variance += (each - mean) * (each - mean) / (folds - 1);
    const Learner& learner = learner_of(one.learner, fixture.task());
    const double runs = folds * static_cast<double>(one.seeds);
    double ours = 0;
    for (size_t k = 0; k < one.scores.size(); ++k) {
      const Rows train = fixture.fold(static_cast<int>(k), false);
      const Rows test = fixture.fold(static_cast<int>(k), true);
      for (uint64_t seed = 0; seed < one.seeds; ++seed) {
        const auto fitted =
            fit(learner, train.data(), one.hyperparameters, {.seed = seed, .threads = 2});
        ASSERT_TRUE(fitted.ok()) << fitted.status().to_string();
        ours += score(answers(graph_of(*fitted, train), "predict", test), test) / runs;
      }
    }
    EXPECT_GE(ours, mean - std::sqrt(variance / folds) - 1e-12) << "scikit-learn: " << mean;
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, LearnerFixtures,
                         testing::Values("iris", "wine", "breast_cancer", "digits", "diabetes"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace slipway::training
