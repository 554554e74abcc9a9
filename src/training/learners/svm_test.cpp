#include <cmath>

#include "training/learners/fixture_test.h"
#include "training/learners/internal/platt.h"

namespace slipway::training {
namespace {

/// Mean negative logarithm of the probability of each row's own class.
double log_loss(const std::vector<double>& probabilities, const Rows& rows) {
  double sum = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const size_t own = i * rows.class_count + static_cast<size_t>(rows.classes[i]);
    sum -= std::log(std::max(probabilities[own], 1e-15));
  }
  return sum / static_cast<double>(rows.size());
}

TEST(Svm, GivesCalibratedProbabilitiesWhereAskedTo) {
  // Log losses of sklearn.svm.SVC(probability=True, random_state=0) on the first of the folds.
  const std::vector<std::pair<std::string, double>> cases = {
      {"iris", 0.0921}, {"wine", 0.0595}, {"breast_cancer", 0.0520}};
  for (const auto& [name, theirs] : cases) {
    const Fixture fixture = read_fixture(name);
    const Rows train = fixture.fold(0, false);
    const Rows test = fixture.fold(0, true);
    const auto fitted = fit(learner_of("svc", Task::kClassification), train.data(),
                            {{"probability", "true"}}, {.seed = 1, .threads = 2});
    ASSERT_TRUE(fitted.ok()) << fitted.status().to_string();
    const auto graph = graph_of(*fitted, train);
    // The folds of the calibration are drawn otherwise.
    EXPECT_NEAR(log_loss(answers(graph, "predict_proba", test), test), theirs, 0.04) << name;
  }
}

TEST(Svm, GivesNoProbabilitiesUnlessAskedTo) {
  const Fixture fixture = read_fixture("iris");
  const auto fitted =
      fit(learner_of("svc", Task::kClassification), fixture.rows.data(), {}, {.threads = 1});
  ASSERT_TRUE(fitted.ok()) << fitted.status().to_string();
  EXPECT_FALSE(graph_of(*fitted, fixture.rows)->signature().find_output("predict_proba"));
}

}  // namespace
}  // namespace slipway::training
