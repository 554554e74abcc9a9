#include "engine/kernels/internal/neighbor_select.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace slipway::engine {
namespace {

TEST(NeighborHeap, KeepsTheFirstOfEquallyFarPoints) {
  std::vector<double> distances(3);
  std::vector<uint32_t> points(3);
  NeighborHeap heap(distances.data(), points.data(), 3);
  heap.reset();
  const std::vector<double> values{2, 1, 2, 2, 1, 2};
  for (uint32_t i = 0; i < values.size(); ++i) heap.push(values[i], i);
  sort_neighbors(distances.data(), points.data(), 3);
  EXPECT_EQ(distances, (std::vector<double>{1, 1, 2}));
  EXPECT_EQ(points[0], 1U);
  EXPECT_EQ(points[1], 4U);
}

TEST(ArgPartition, ChoosesWhatNumpyChooses) {
  // numpy 1.26.4: numpy.argpartition(values, k - 1)[:k], with i * 7919 % 10 / 3 (whole) as values.
  std::vector<double> values(40);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i * 7919 % 10 / 3);
  const auto choose = [&](size_t k) {
    std::vector<uint32_t> order(values.size());
    std::iota(order.begin(), order.end(), 0U);
    arg_partition(values.data(), order.data(), values.size(), k);
    order.resize(k);
    return order;
  };
  EXPECT_EQ(choose(3), (std::vector<uint32_t>{0, 8, 9}));
  EXPECT_EQ(choose(7), (std::vector<uint32_t>{28, 30, 20, 10, 29, 38, 19}));
  EXPECT_EQ(choose(21), (std::vector<uint32_t>{10, 19, 38, 30, 29, 28, 20, 18, 0,  9, 39,
                                               8,  25, 6,  27, 26, 35, 36, 5,  37, 16}));
  EXPECT_EQ(choose(40).size(), 40U);
}

TEST(ArgPartition, TakesNanAsTheFarthest) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> values{nan, 3, nan, 1, 2, nan, 0, 4};
  std::vector<uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0U);
  arg_partition(values.data(), order.data(), values.size(), 5);
  for (size_t i = 0; i < 5; ++i) EXPECT_FALSE(std::isnan(values[order[i]]));
}

TEST(SortNeighbors, OrdersByDistanceThenPoint) {
  std::vector<double> distances;
  std::vector<uint32_t> points;
  for (uint32_t i = 0; i < 100; ++i) {
    distances.push_back(i * 37 % 11);
    points.push_back(i * 61 % 100);
  }
  sort_neighbors(distances.data(), points.data(), 100);
  for (size_t i = 1; i < 100; ++i) {
    EXPECT_TRUE(distances[i - 1] < distances[i] ||
                (distances[i - 1] == distances[i] && points[i - 1] < points[i]));
  }
}

TEST(NumpySum, AddsInNumpysOrder) {
  // numpy.sum(1 / numpy.arange(1.0, n + 1)).
  const auto harmonic = [](size_t n) {
    std::vector<double> values(n);
    for (size_t i = 0; i < n; ++i) values[i] = 1.0 / static_cast<double>(i + 1);
    return numpy_sum(values.data(), n);
  };
  EXPECT_EQ(harmonic(5), 2.283333333333333);
  EXPECT_EQ(harmonic(100), 5.187377517639621);
  EXPECT_EQ(harmonic(1000), 7.485470860550345);
}

}  // namespace
}  // namespace slipway::engine
