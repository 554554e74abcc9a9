#include "serving/inference_stats.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "metrics/instruments.h"

namespace slipway::serving {
namespace {

InferenceSample sample(uint64_t rows, uint64_t batch_rows, bool leads) {
  return {.ok = true,
          .rows = rows,
          .batch_rows = batch_rows,
          .leads_batch = leads,
          .request_ns = 100,
          .queue_ns = 10,
          .input_ns = 20,
          .infer_ns = 30,
          .output_ns = 40,
          .ended = std::chrono::steady_clock::now()};
}

TEST(InferenceStatsTest, AddsUpWhatTheLoopsAndOthersRecord) {
  InferenceStats stats(2);
  stats.record(0, sample(1, 1, true));
  stats.record(1, sample(4, 4, true));
  stats.record(metrics::kSharedShard, sample(1, 3, true));
  stats.record(metrics::kSharedShard, sample(2, 3, false));
  stats.record(0, {.ok = false, .request_ns = 7});
  const InferenceStats::Snapshot got = stats.snapshot();
  EXPECT_EQ(got.success, 4U);
  EXPECT_EQ(got.success_ns, 400U);
  EXPECT_EQ(got.fail, 1U);
  EXPECT_EQ(got.fail_ns, 7U);
  EXPECT_EQ(got.queue_ns, 40U);
  EXPECT_EQ(got.rows, 8U);
  EXPECT_EQ(got.executions, 3U);
  ASSERT_EQ(got.batches.size(), 3U);
  EXPECT_EQ(got.batches[1].rows, 3U);
  EXPECT_EQ(got.batches[1].count, 1U);
  EXPECT_EQ(got.batches[1].input_ns, 40U);
  EXPECT_EQ(got.batches[1].infer_ns, 30U);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_NEAR(static_cast<double>(got.last_unix_ms),
              static_cast<double>(now / std::chrono::milliseconds(1)), 60'000);
}

TEST(InferenceStatsTest, NothingIsKnownBeforeTheFirstRequest) {
  const InferenceStats stats(1);
  EXPECT_EQ(stats.snapshot().last_unix_ms, 0U);
  EXPECT_TRUE(stats.snapshot().batches.empty());
}

TEST(InferenceStatsTest, TellsSixtyFourLargeSizesApart) {
  InferenceStats stats(1);
  for (uint64_t i = 0; i < 100; ++i) stats.record(0, sample(1, 1000 + i * 64, true));
  stats.record(0, sample(1, 64, true));
  const InferenceStats::Snapshot got = stats.snapshot();
  EXPECT_EQ(got.executions, 101U);
  ASSERT_EQ(got.batches.size(), 65U);
  EXPECT_EQ(got.batches[0].rows, 64U);
  EXPECT_EQ(got.batches[64].rows, 1000U + 63 * 64);
}

TEST(InferenceStatsTest, LosesNothingWhenManyThreadsShareACell) {
  InferenceStats stats(1);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&stats] {
      for (uint64_t i = 0; i < 1000; ++i) {
        stats.record(metrics::kSharedShard, sample(1, 100 + i % 10, true));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const InferenceStats::Snapshot got = stats.snapshot();
  EXPECT_EQ(got.success, 4000U);
  ASSERT_EQ(got.batches.size(), 10U);
  for (const InferenceStats::Batch& batch : got.batches) EXPECT_EQ(batch.count, 400U);
}

}  // namespace
}  // namespace slipway::serving
