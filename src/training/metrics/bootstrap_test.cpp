#include "training/metrics/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>

#include "training/metrics/classification.h"
#include "training/metrics/regression.h"
#include "training/random.h"

namespace slipway::training {
namespace {

TEST(BootstrapTest, TheIntervalOfAShareIsTheBinomialOne) {
  // 70 of 100 right: the accuracy's standard error is sqrt(0.7 * 0.3 / 100) = 0.0458.
  std::vector<int32_t> truth(100, 1);
  std::vector<int32_t> predicted(100, 1);
  for (size_t i = 0; i < 30; ++i) predicted[i] = 0;
  const auto metrics = ClassificationMetrics::create({2, truth, predicted});
  const auto intervals = bootstrap(*metrics, {.replicates = 4000, .seed = 5});
  ASSERT_EQ(metrics->names()[0], "accuracy");
  EXPECT_NEAR(intervals[0].lower, 0.7 - 1.96 * 0.0458, 0.015);
  EXPECT_NEAR(intervals[0].upper, 0.7 + 1.96 * 0.0458, 0.015);
  const auto narrow = bootstrap(*metrics, {.replicates = 4000, .seed = 5, .level = 0.5});
  EXPECT_NEAR(narrow[0].upper - narrow[0].lower, 2 * 0.6745 * 0.0458, 0.015);
}

TEST(BootstrapTest, TheResultDependsOnTheSeedAndNotOnTheThreads) {
  Random random(1);
  std::vector<double> truth(200), predicted(200);
  for (size_t i = 0; i < 200; ++i) {
    truth[i] = random.uniform();
    predicted[i] = truth[i] + random.uniform() - 0.5;
  }
  const auto metrics = RegressionMetrics::create({truth, predicted});
  const auto one = bootstrap(*metrics, {.replicates = 200, .seed = 9, .threads = 1});
  const auto four = bootstrap(*metrics, {.replicates = 200, .seed = 9, .threads = 4});
  const auto other = bootstrap(*metrics, {.replicates = 200, .seed = 10, .threads = 4});
  const std::vector<double> values = metrics->values({});
  for (size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].lower, four[i].lower);
    EXPECT_EQ(one[i].upper, four[i].upper);
    EXPECT_NE(one[i].lower, other[i].lower);
    EXPECT_LT(one[i].lower, values[i]) << metrics->names()[i];
    EXPECT_GE(one[i].upper, values[i]) << metrics->names()[i];
  }
}

TEST(BootstrapTest, ReplicatesWhereAMetricIsUndefinedDoNotCount) {
  // One positive row of four: about a third of the samples have none, and no ROC AUC.
  const std::vector<int32_t> truth{1, 0, 0, 0};
  const std::vector<double> p{.2, .8, .7, .3, .6, .4, .9, .1};
  const auto metrics = ClassificationMetrics::create({2, truth, truth, p});
  const auto intervals = bootstrap(*metrics, {.replicates = 500});
  for (size_t i = 0; i < intervals.size(); ++i) {
    if (metrics->names()[i] != "roc_auc") continue;
    EXPECT_EQ(intervals[i].lower, 1);
    EXPECT_EQ(intervals[i].upper, 1);
  }
  const std::vector<int32_t> same{1, 1};
  const auto one_class = ClassificationMetrics::create({2, same, same, std::span(p).first(4)});
  EXPECT_TRUE(std::isnan(bootstrap(*one_class, {.replicates = 10})[16].lower));
  EXPECT_EQ(one_class->names()[16], "roc_auc");
}

}  // namespace
}  // namespace slipway::training
