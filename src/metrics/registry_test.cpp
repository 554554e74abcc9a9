#include "metrics/registry.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>
#include <vector>

namespace slipway::metrics {
namespace {

std::string text_of(const Registry& registry) {
  std::string text;
  registry.write(text);
  return text;
}

TEST(Registry, WritesCountersMergedOverAllShards) {
  Registry registry(2);
  Counter& rows = registry.counter("slipway_rows_total", "Rows predicted.", {{"model", "iris"}});
  rows.add(0, 3);
  rows.add(1, 4);
  rows.add(kSharedShard, 5);
  EXPECT_EQ(text_of(registry),
            "# HELP slipway_rows_total Rows predicted.\n"
            "# TYPE slipway_rows_total counter\n"
            "slipway_rows_total{model=\"iris\"} 12\n");
}

TEST(Registry, GivesTheSameInstrumentForTheSameLabels) {
  Registry registry(1);
  Counter& first = registry.counter("a_total", "A.", {{"k", "v"}});
  Counter& second = registry.counter("a_total", "A.", {{"k", "v"}});
  Counter& other = registry.counter("a_total", "A.", {{"k", "w"}});
  EXPECT_EQ(&first, &second);
  EXPECT_NE(&first, &other);
  EXPECT_EQ(registry.names(), std::vector<std::string>{"a_total"});
}

TEST(Registry, EscapesLabelValuesAndHelp) {
  Registry registry(1);
  registry.gauge("g", "Line one\nback\\slash \"quoted\"", {{"path", "a\"b\\c\nd"}}).set(1.5);
  EXPECT_EQ(text_of(registry),
            "# HELP g Line one\\nback\\\\slash \"quoted\"\n"
            "# TYPE g gauge\n"
            "g{path=\"a\\\"b\\\\c\\nd\"} 1.5\n");
}

TEST(Registry, WritesCumulativeBucketsSumAndCount) {
  static constexpr double kBounds[] = {0.1, 1};
  Registry registry(1);
  Histogram& seconds = registry.histogram("h_seconds", "H.", {{"model", "m"}}, kBounds);
  seconds.observe(0, 0.1);  // a bound belongs to its bucket
  seconds.observe(0, 0.5);
  seconds.observe(kSharedShard, 7);
  EXPECT_EQ(text_of(registry),
            "# HELP h_seconds H.\n"
            "# TYPE h_seconds histogram\n"
            "h_seconds_bucket{model=\"m\",le=\"0.1\"} 1\n"
            "h_seconds_bucket{model=\"m\",le=\"1\"} 2\n"
            "h_seconds_bucket{model=\"m\",le=\"+Inf\"} 3\n"
            "h_seconds_sum{model=\"m\"} 7.6\n"
            "h_seconds_count{model=\"m\"} 3\n");
}

TEST(Registry, NamesValuesThatAreNotFinite) {
  Registry registry(1);
  registry.gauge("a", "A.", {}).set(std::nan(""));
  registry.gauge("b", "B.", {}).set(-std::numeric_limits<double>::infinity());
  const std::string text = text_of(registry);
  EXPECT_NE(text.find("\na NaN\n"), std::string::npos);
  EXPECT_NE(text.find("\nb -Inf\n"), std::string::npos);
}

TEST(Registry, AsksCallbacksAtEachScrape) {
  Registry registry(1);
  double value = 1;
  registry.callback("c", "C.", MetricType::kGauge, {}, [&value] { return value; });
  EXPECT_NE(text_of(registry).find("\nc 1\n"), std::string::npos);
  value = 2;
  EXPECT_NE(text_of(registry).find("\nc 2\n"), std::string::npos);
}

TEST(Registry, DropsTheSeriesThatCarryAllTheLabels) {
  Registry registry(1);
  for (const char* version : {"1", "2"}) {
    registry.gauge("ready", "R.", {{"model", "a"}, {"version", version}});
    registry.counter("n_total", "N.", {{"model", "a"}, {"version", version}, {"code", "X"}});
  }
  registry.gauge("ready", "R.", {{"model", "b"}, {"version", "1"}});
  registry.remove("ready", {{"version", "1"}, {"model", "a"}});
  EXPECT_EQ(text_of(registry).find("ready{model=\"a\",version=\"1\"}"), std::string::npos);
  EXPECT_NE(text_of(registry).find("n_total{model=\"a\",version=\"1\""), std::string::npos);
  registry.remove("", {{"model", "a"}});
  EXPECT_EQ(text_of(registry).find("model=\"a\""), std::string::npos);
  EXPECT_NE(text_of(registry).find("ready{model=\"b\",version=\"1\"} 0\n"), std::string::npos);
}

TEST(Registry, UpAndDownMayHappenOnDifferentShards) {
  Registry registry(1);
  UpDownCounter& in_flight = registry.up_down_counter("in_flight", "F.", {});
  in_flight.add(0, 1);
  in_flight.add(0, 1);
  in_flight.add(kSharedShard, -1);
  EXPECT_EQ(in_flight.value(), 1);
}

TEST(Registry, LosesNothingWhenLoopsAndOthersCountAtOnce) {
  constexpr uint32_t kLoops = 2;
  constexpr uint64_t kEach = 20'000;
  Registry registry(kLoops);
  Counter& counter = registry.counter("n_total", "N.", {});
  Histogram& histogram = registry.histogram("h", "H.", {}, latency_bounds());
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < kLoops + 2; ++i) {
    const uint32_t shard = i < kLoops ? i : kSharedShard;
    threads.emplace_back([&, shard] {
      for (uint64_t k = 0; k < kEach; ++k) {
        counter.add(shard);
        histogram.observe(shard, 1);
      }
    });
  }
  static_cast<void>(text_of(registry));  // a scrape in between
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), (kLoops + 2) * kEach);
  EXPECT_EQ(histogram.snapshot().total, (kLoops + 2) * kEach);
  EXPECT_EQ(histogram.snapshot().sum, static_cast<double>((kLoops + 2) * kEach));
}

}  // namespace
}  // namespace slipway::metrics
