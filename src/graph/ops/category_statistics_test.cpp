#include "graph/ops/category_statistics.h"

#include <gtest/gtest.h>

#include <string>

namespace slipway {
namespace {

CategoryStatistics sound() {
  CategoryStatistics statistics;
  statistics.columns = {"city", "kind"};
  statistics.indicators = {{1, 7}};
  statistics.combinations = {{{0, 1}, {{0, 0.5F, false}}, {{1, 9}}}};
  statistics.tables = {{0, {3, 8}, {1, 2, 3, 4}, {0, 0}}};
  return statistics;
}

Result<ValueType> infer(const CategoryStatistics& statistics, uint32_t numbers = 1) {
  std::vector<ValueType> inputs = {{ValueKind::kString, 2}};
  if (numbers > 0) inputs.push_back({ValueKind::kDense, numbers});
  return CategoryStatisticsOp(statistics).infer(inputs);
}

TEST(CategoryStatisticsTest, SoundTablesGiveIndicatorsThenStatistics) {
  const Result<ValueType> type = infer(sound());
  ASSERT_TRUE(type.ok()) << type.status().message();
  EXPECT_EQ(type->width, 3U);
}

TEST(CategoryStatisticsTest, WhatAKernelCouldTripOverIsRefused) {
  const auto broken = [](auto change) {
    CategoryStatistics statistics = sound();
    change(statistics);
    return infer(statistics).ok();
  };
  EXPECT_FALSE(infer(sound(), 0).ok()) << "a threshold without numbers";
  EXPECT_FALSE(broken([](auto& s) { s.indicators[0].column = 2; }));
  EXPECT_FALSE(broken([](auto& s) { s.combinations[0].columns[1] = 2; }));
  EXPECT_FALSE(broken([](auto& s) { s.combinations[0].thresholds[0].column = 1; }));
  EXPECT_FALSE(broken([](auto& s) { s.combinations[0].indicators[0].column = 5; }));
  EXPECT_FALSE(broken([](auto& s) { s.tables[0].combination = 1; }));
  EXPECT_FALSE(broken([](auto& s) { s.tables[0].keys = {8, 8}; })) << "one key twice";
  EXPECT_FALSE(broken([](auto& s) { s.tables[0].values.pop_back(); }));
  EXPECT_FALSE(broken([](auto& s) { s.tables[0].fallback.clear(); }));
  EXPECT_FALSE(broken([](auto& s) {
    s.tables.clear();
    s.indicators.clear();
  })) << "no columns";
}

// Expected: CatBoost's own, in the JSON export of models with these categories.
TEST(CategoryHashTest, HashesTextsOfEveryLengthAsCatBoost) {
  EXPECT_EQ(category_hash(""), 797982799U);
  EXPECT_EQ(category_hash("x"), 3510494104U);
  EXPECT_EQ(category_hash("abc"), 978243121U);
  EXPECT_EQ(category_hash("abcd"), 345588365U);
  EXPECT_EQ(category_hash("Zürich"), 3409199112U);
  EXPECT_EQ(category_hash("12345678"), 1054993967U);
  EXPECT_EQ(category_hash("123456789"), 1389760245U);
  EXPECT_EQ(category_hash(std::string(16, 'a')), 2771219954U);
  EXPECT_EQ(category_hash(std::string(17, 'b')), 2474965030U);
  EXPECT_EQ(category_hash("0123456789abcdefghijklmnopqrstuv"), 2366114102U);
  EXPECT_EQ(category_hash(std::string(33, 'c')), 4054197616U);
  EXPECT_EQ(category_hash(std::string(64, 'd')), 2086956261U);
  EXPECT_EQ(category_hash(std::string(65, 'e')), 3120382230U);
  EXPECT_EQ(category_hash(std::string(130, 'f')), 2224447419U);
  EXPECT_EQ(category_hash("-3"), 1837837212U);
  EXPECT_EQ(category_hash("1000"), 901807697U);
}

}  // namespace
}  // namespace slipway
