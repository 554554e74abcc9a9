// Preparation. What scikit-learn's transformers make of the same columns is in
// tests/e2e/test_train.py; here: what each plan does to small tables.
#include "training/preparation/preparation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "data/read_frame.h"

namespace slipway::training {
namespace {

data::Frame frame_of(const std::string& csv) {
  auto frame = data::read_frame_bytes(csv, "test.csv", {});
  if (!frame.ok()) throw std::runtime_error(frame.status().message());
  return std::move(frame).value();
}

std::vector<uint32_t> rows_of(size_t count) {
  std::vector<uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

/// Fitted on the first `rows` rows.
Result<FittedPreparation> fitted(const data::Frame& frame, const std::vector<std::string>& columns,
                                 const PreparationPlan& plan, size_t rows) {
  const std::vector<uint32_t> first = rows_of(rows);
  PreparationInput input;
  input.frame = &frame;
  input.columns = columns;
  input.rows = first;
  return Preparation::fit(input, plan);
}

/// All rows, prepared by what was fitted on the first `rows` ones.
std::vector<double> transformed(const data::Frame& frame, const std::vector<std::string>& columns,
                                const PreparationPlan& plan, size_t rows) {
  const auto made = fitted(frame, columns, plan, rows);
  EXPECT_TRUE(made.ok()) << made.status().to_string();
  const auto matrix = made->preparation.transform(frame, rows_of(frame.rows));
  EXPECT_TRUE(matrix.ok()) << matrix.status().to_string();
  const size_t trained = rows * made->preparation.width();
  EXPECT_EQ(made->training_matrix.size(), trained);
  for (size_t i = 0; i < trained; ++i) {
    const double served = (*matrix)[i];
    EXPECT_TRUE(made->training_matrix[i] == served || std::isnan(served));
  }
  return *matrix;
}

using Numbers = std::vector<double>;

TEST(Preparation, NumbersAreFilledAndScaled) {
  const data::Frame frame = frame_of("a,z\n1,0\n,0\n3,0\n8,0\n");
  PreparationPlan plan;
  plan.scale = PreparationPlan::Scale::kNone;
  EXPECT_EQ(transformed(frame, {"a"}, plan, 4), (Numbers{1, 3, 3, 8}));
  plan.numbers = PreparationPlan::Fill::kMean;
  EXPECT_EQ(transformed(frame, {"a"}, plan, 4), (Numbers{1, 4, 3, 8}));
  plan.numbers = PreparationPlan::Fill::kConstant;
  plan.constant = -5;
  EXPECT_EQ(transformed(frame, {"a"}, plan, 4), (Numbers{1, -5, 3, 8}));
  plan.indicate_missing = true;
  EXPECT_EQ(transformed(frame, {"a"}, plan, 4), (Numbers{1, 0, -5, 1, 3, 0, 8, 0}));
  plan = {};
  plan.scale = PreparationPlan::Scale::kMinMax;
  plan.numbers = PreparationPlan::Fill::kMostFrequent;
  EXPECT_EQ(transformed(frame, {"a"}, plan, 4)[3], 1);
  plan.numbers = PreparationPlan::Fill::kKeep;
  EXPECT_TRUE(std::isnan(transformed(frame, {"a"}, plan, 4)[1]));
}

TEST(Preparation, RowsThatAreNotLearntFromChangeNothing) {
  const data::Frame frame = frame_of("a,b\n1,x\n3,y\n1000,z\n");
  PreparationPlan plan;
  plan.scale = PreparationPlan::Scale::kMinMax;
  const Numbers got = transformed(frame, {"a", "b"}, plan, 2);
  EXPECT_EQ(got, (Numbers{0, 1, 0, 1, 0, 1, 499.5, 0, 0}));
}

TEST(Preparation, CategoriesAreColumnsOrNumbers) {
  const data::Frame frame = frame_of("c,n\nred,1\nblue,1\nred,1\n,1\ngreen,1\n");
  PreparationPlan plan;
  const auto made = fitted(frame, {"c"}, plan, 5);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->preparation.names(),
            (std::vector<std::string>{"c=red", "c=blue", "c=green", "c (missing)"}));
  EXPECT_EQ(made->training_matrix,
            (Numbers{1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0}));
  plan.category_rows_min = 2;
  plan.fill_categories = true;
  EXPECT_EQ(transformed(frame, {"c"}, plan, 5), (Numbers{1, 0, 0, 1, 1, 0, 1, 0, 0, 1}));
  plan = {};
  plan.encode = PreparationPlan::Encode::kOrdinal;
  EXPECT_EQ(transformed(frame, {"c"}, plan, 5), (Numbers{0, 1, 0, 3, 2}));
}

TEST(Preparation, AConstantColumnStaysFinite) {
  const data::Frame frame = frame_of("a,b\n0.1,2\n0.1,3\n0.1,4\n");
  const Numbers got = transformed(frame, {"a", "b"}, {}, 3);
  for (const double number : got) EXPECT_TRUE(std::isfinite(number));
  EXPECT_NEAR(got[0], 0, 1e-12);
}

TEST(Preparation, WhatCannotBeLearntFromIsNamed) {
  const data::Frame frame = frame_of("a,b\n,1\n,2\n3,4\n");
  const auto empty = fitted(frame, {"a"}, {}, 2);
  EXPECT_NE(empty.status().message().find("'a' has no value"), std::string::npos);
  const auto none = fitted(frame, {"zip"}, {}, 2);
  EXPECT_NE(none.status().message().find("'zip'"), std::string::npos);
  EXPECT_FALSE(fitted(frame, {}, {}, 2).ok());
}

}  // namespace
}  // namespace slipway::training
