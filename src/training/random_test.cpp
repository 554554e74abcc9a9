#include "training/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>

#include "training/parallel.h"

namespace slipway::training {
namespace {

TEST(RandomTest, TheSameSeedAndStreamGiveTheSameSequence) {
  Random a(7, 3);
  Random b(7, 3);
  Random other_seed(8, 3);
  Random other_stream(7, 4);
  size_t as_other_seed = 0;
  size_t as_other_stream = 0;
  for (int i = 0; i < 1000; ++i) {
    const uint64_t drawn = a.below(1U << 20);
    EXPECT_EQ(drawn, b.below(1U << 20));
    as_other_seed += drawn == other_seed.below(1U << 20) ? 1 : 0;
    as_other_stream += drawn == other_stream.below(1U << 20) ? 1 : 0;
  }
  EXPECT_LT(as_other_seed, 5U);
  EXPECT_LT(as_other_stream, 5U);
}

TEST(RandomTest, BelowIsUniform) {
  // Chi-squared with 9 degrees of freedom is below 27.9 with probability 0.999.
  Random random(1);
  std::vector<double> counts(10);
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) ++counts.at(random.below(10));
  double chi = 0;
  for (const double count : counts) chi += (count - kDraws / 10.0) * (count - kDraws / 10.0);
  EXPECT_LT(chi / (kDraws / 10.0), 27.9);
  EXPECT_EQ(random.below(1), 0U);
  EXPECT_LT(random.below(uint64_t{3} << 62), uint64_t{3} << 62);
}

TEST(RandomTest, UniformLiesInTheUnitIntervalWithItsMean) {
  Random random(2);
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double drawn = random.uniform();
    ASSERT_TRUE(drawn >= 0 && drawn < 1);
    sum += drawn;
  }
  EXPECT_NEAR(sum / 100'000, 0.5, 0.005);
}

TEST(RandomTest, APermutationHoldsEachOnceAndEveryOrderIsAsLikely) {
  Random random(3);
  std::vector<uint32_t> sorted(1000);
  std::iota(sorted.begin(), sorted.end(), 0U);
  std::vector<uint32_t> values = random.permutation(1000);
  EXPECT_NE(values, sorted);
  std::sort(values.begin(), values.end());
  EXPECT_EQ(values, sorted);
  EXPECT_TRUE(random.permutation(0).empty());
  std::vector<double> counts(6);
  for (int i = 0; i < 60'000; ++i) {
    const std::vector<uint32_t> three = random.permutation(3);
    ++counts.at(three[0] * 2 + (three[1] > three[2] ? 1 : 0));
  }
  for (const double count : counts) EXPECT_NEAR(count, 10'000, 400);
}

TEST(ParallelTest, EachIndexIsVisitedOnceByAnyNumberOfThreads) {
  for (const uint32_t threads : {1U, 3U, 64U}) {
    std::vector<std::atomic<int>> visits(500);
    for_each_index(visits.size(), threads, [&](size_t i) { ++visits[i]; });
    for (const auto& visit : visits) EXPECT_EQ(visit.load(), 1);
  }
  for_each_index(0, 4, [](size_t) { FAIL(); });
}

}  // namespace
}  // namespace slipway::training
