#include "training/learners/learner.h"

#include <cmath>
#include <limits>

#include "base/limits.h"
#include "training/learners/fixture_test.h"
#include "writers/onnx/write_onnx.h"

// oneDAL's and XGBoost's workers live to the end of the process, where the leak check of
// AddressSanitizer cannot stop them and dies itself. The learners that have none of them are held
// to it by selection_test.
extern "C" int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() { return 1; }

namespace slipway::training {
namespace {

std::string error_of(const std::string& name, Task task, const Rows& rows,
                     const HyperparameterTexts& texts = {}) {
  const auto fitted = fit(learner_of(name, task), rows.data(), texts, {});
  return fitted.ok() ? "" : fitted.status().to_string();
}

Rows small_classes() {
  return {.x = {0, 1, 1, 0, 2, 2, 3, 1, 4, 5, 5, 3},
          .columns = 2,
          .classes = {0, 0, 0, 1, 1, 1},
          .class_count = 2};
}

Rows small_values() {
  return {.x = {0, 1, 1, 0, 2, 2, 3, 1, 4, 5, 5, 3}, .columns = 2, .values = {1, 2, 3, 4, 5, 6}};
}

Rows rows_for(Task task) {
  return task == Task::kClassification ? small_classes() : small_values();
}

TEST(Learner, IsFoundByNameAndTask) {
  EXPECT_TRUE(find_learner("knn", Task::kClassification).ok());
  EXPECT_TRUE(find_learner("knn", Task::kRegression).ok());
  const auto other = find_learner("ridge", Task::kClassification);
  ASSERT_FALSE(other.ok());
  EXPECT_TRUE(other.status().message().starts_with("ridge is not for classification; there are "));
  const auto misspelt = find_learner("logistic_regresion", Task::kClassification);
  ASSERT_FALSE(misspelt.ok());
  EXPECT_EQ(misspelt.status().message(),
            "there is no learner 'logistic_regresion'; did you mean logistic_regression?");
}

TEST(Learner, DefaultsPassTheirOwnChecks) {
  for (const Learner& learner : learners()) {
    const auto checked = Hyperparameters::check(learner.name, learner.hyperparameters, {});
    EXPECT_TRUE(checked.ok()) << checked.status().to_string();
  }
}

TEST(Learner, RefusesWhatNobodyCanLearnFrom) {
  for (const Learner& learner : learners()) {
    SCOPED_TRACE(learner.name);
    const std::string name(learner.name);
    const Rows good = rows_for(learner.task);

    Rows rows = good;
    rows.x[3] = std::numeric_limits<double>::infinity();
    EXPECT_EQ(error_of(name, learner.task, rows),
              "INVALID_ARGUMENT: " + name + " takes no infinity: row 1, column 1");
    rows.x[3] = std::nan("");
    if (!learner.takes_missing) {
      EXPECT_EQ(error_of(name, learner.task, rows),
                "INVALID_ARGUMENT: " + name +
                    " takes no missing values (impute them, or drop the rows): row 1, column 1");
    }
    rows = good;
    rows.x.resize(2);
    EXPECT_EQ(error_of(name, learner.task, rows),
              "INVALID_ARGUMENT: " + name + ": expected at least 2 rows, got 1");
    rows = good;
    rows.weights = {1, 1, -1, 1, 1, 1};
    EXPECT_EQ(error_of(name, learner.task, rows),
              "INVALID_ARGUMENT: " + name + ": the weight of row 2 is -1");
    rows.weights.assign(6, 0);
    EXPECT_EQ(error_of(name, learner.task, rows),
              "INVALID_ARGUMENT: " + name + ": the weights have the sum 0");
    rows = good;
    if (learner.task == Task::kClassification) {
      rows.classes.assign(6, 1);
      EXPECT_EQ(error_of(name, learner.task, rows),
                "INVALID_ARGUMENT: " + name + ": expected rows of at least two classes, got 1");
      rows = good;
      rows.class_count = 3;
      EXPECT_EQ(error_of(name, learner.task, rows),
                "INVALID_ARGUMENT: " + name + ": class 2 has no rows");
      rows.classes[0] = 3;
      EXPECT_EQ(error_of(name, learner.task, rows),
                "INVALID_ARGUMENT: " + name + ": row 0 has class 3 of 3");
    } else {
      rows.values[4] = std::nan("");
      EXPECT_EQ(error_of(name, learner.task, rows),
                "INVALID_ARGUMENT: " + name + ": the target of row 4 is missing");
    }
    EXPECT_TRUE(error_of(name, learner.task, good, {{"no_such", "1"}})
                    .starts_with("INVALID_ARGUMENT: " + name + " has no hyperparameter 'no_such'"));
  }
}

TEST(Learner, EndsWhenItIsStopped) {
  const std::atomic<bool> stop = true;
  for (const Learner& learner : learners()) {
    SCOPED_TRACE(learner.name);
    const Rows rows = rows_for(learner.task);
    const auto fitted =
        fit(learner_of(std::string(learner.name), learner.task), rows.data(), {}, {.stop = &stop});
    ASSERT_FALSE(fitted.ok());
    EXPECT_EQ(fitted.status().code(), StatusCode::kCancelled);
  }
}

TEST(Learner, SaysWhichHyperparametersGoTogether) {
  const Rows rows = small_classes();
  EXPECT_EQ(
      error_of("logistic_regression", Task::kClassification, rows, {{"penalty", "elasticnet"}}),
      "INVALID_ARGUMENT: hyperparameter l1_ratio of logistic_regression: penalty elasticnet "
      "needs it, 0 to 1");
  EXPECT_EQ(error_of("knn", Task::kClassification, rows, {{"n_neighbors", "7"}}),
            "INVALID_ARGUMENT: hyperparameter n_neighbors of knn: expected at most the number of "
            "rows, 6, got 7");
}

TEST(Learner, GivesTheSameModelForTheSameSeedWhateverTheThreads) {
  for (const Learner& learner : learners()) {
    SCOPED_TRACE(learner.name);
    const Fixture fixture =
        read_fixture(learner.task == Task::kClassification ? "breast_cancer" : "diabetes");
    Rows rows = fixture.rows;
    for (double& x : rows.x) x = learner.name == "multinomial_nb" ? std::fabs(x) : x;
    std::vector<std::string> models;
    for (const unsigned threads : {1U, 2U, 2U}) {
      const auto fitted = fit(learner_of(std::string(learner.name), learner.task), rows.data(), {},
                              {.seed = 7, .threads = threads});
      ASSERT_TRUE(fitted.ok()) << fitted.status().to_string();
      const auto bytes = writers::write_onnx(*graph_of(*fitted, rows), {});
      ASSERT_TRUE(bytes.ok()) << bytes.status().to_string();
      models.push_back(*bytes);
    }
    EXPECT_EQ(models[1], models[2]);
    EXPECT_EQ(models[0], models[1]) << "one thread beside two";
  }
}

TEST(Learner, WarnsWhereItDidNotConverge) {
  const Fixture fixture = read_fixture("breast_cancer");
  const auto fitted = fit(learner_of("logistic_regression", Task::kClassification),
                          fixture.rows.data(), {{"max_iter", "2"}}, {});
  ASSERT_TRUE(fitted.ok()) << fitted.status().to_string();
  ASSERT_EQ(fitted->warnings.size(), 1U);
  EXPECT_EQ(fitted->warnings[0], "did not converge in 2 iterations (max_iter)");
}

}  // namespace
}  // namespace slipway::training
