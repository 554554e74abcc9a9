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

TEST(Svm, DecidesAsScikitLearns) {
  simdjson::dom::parser parser;
  const auto document =
      parser.load(std::string(SLIPWAY_TEST_DATA_DIR) + "/learners/svm.json").value();
  size_t cases = 0;
  for (const auto entry : document["cases"].get_array()) {
    const Fixture fixture = read_fixture(std::string(entry["data"].get_string().value()));
    const std::string learner(entry["learner"].get_string().value());
    HyperparameterTexts parameters;
    for (const auto field : entry["hyperparameters"].get_object()) {
      parameters[std::string(field.key)] = std::string(field.value.get_string().value());
    }
    const std::vector<double> theirs = numbers_of(entry, "decisions");
    const auto fitted =
        fit(learner_of(learner, fixture.task()), fixture.rows.data(), parameters, {.threads = 2});
    ASSERT_TRUE(fitted.ok()) << fitted.status().to_string();
    EXPECT_TRUE(fitted->warnings.empty());
    std::vector<double> ours =
        answers(graph_of(*fitted, fixture.rows), learner == "svc" ? "decision_function" : "predict",
                fixture.rows);
    ours.resize(theirs.size());
    double largest = 0;
    for (size_t i = 0; i < theirs.size(); ++i) {
      largest =
          std::max(largest, std::fabs(ours[i] - theirs[i]) / std::max(1.0, std::fabs(theirs[i])));
    }
    // The same variables are chosen until roundings of the kernel make two of them change places;
    // from there on, both are solutions to the tolerance.
    EXPECT_LT(largest, 2e-3) << learner << " on " << entry["data"] << " "
                             << entry["hyperparameters"];
    ++cases;
  }
  EXPECT_EQ(cases, 21U);
}

TEST(Svm, IsTheSameHoweverFewKernelRowsAreKept) {
  const Fixture fixture = read_fixture("breast_cancer");
  const Learner& learner = learner_of("svc", Task::kClassification);
  std::vector<std::vector<double>> found;
  for (const char* megabytes : {"200", "1", "0.001"}) {
    const auto fitted =
        fit(learner, fixture.rows.data(), {{"cache_size", megabytes}, {"C", "30"}}, {});
    ASSERT_TRUE(fitted.ok()) << fitted.status().to_string();
    found.push_back(answers(graph_of(*fitted, fixture.rows), "decision_function", fixture.rows));
  }
  EXPECT_EQ(found[0], found[1]);
  EXPECT_EQ(found[0], found[2]);
}

TEST(Svm, SaysThatItWasNotSolvedInSoFewIterations) {
  const Fixture fixture = read_fixture("breast_cancer");
  const auto fitted =
      fit(learner_of("svc", Task::kClassification), fixture.rows.data(), {{"max_iter", "5"}}, {});
  ASSERT_TRUE(fitted.ok()) << fitted.status().to_string();
  EXPECT_EQ(fitted->warnings.size(), 1U);
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
