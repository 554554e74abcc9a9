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

TEST(Preparation, NeighborsFillWhatIsMissing) {
  const data::Frame frame = frame_of("a,b\n1,10\n2,20\n3,30\n,21\n100,1000\n,\n");
  PreparationPlan plan;
  plan.scale = PreparationPlan::Scale::kNone;
  plan.numbers = PreparationPlan::Fill::kNeighbors;
  plan.neighbors = 2;
  const Numbers got = transformed(frame, {"a", "b"}, plan, 5);
  EXPECT_EQ(got[6], 2.5);    // of 2 and 3, whose b are nearest to 21
  EXPECT_EQ(got[10], 26.5);  // of nothing that is known: the mean
}

TEST(Preparation, OutliersAreClippedToFencesOfTheTrainingRows) {
  const data::Frame frame = frame_of("a,z\n1,0\n2,0\n3,0\n4,0\n50,0\n,0\n-70,0\n");
  PreparationPlan plan;
  plan.scale = PreparationPlan::Scale::kNone;
  plan.numbers = PreparationPlan::Fill::kKeep;
  plan.outliers = PreparationPlan::Outliers::kClipIqr;
  const Numbers got = transformed(frame, {"a"}, plan, 5);  // quartiles 2 and 4
  EXPECT_EQ(Numbers(got.begin(), got.begin() + 5), (Numbers{1, 2, 3, 4, 7}));
  EXPECT_TRUE(std::isnan(got[5]));
  EXPECT_EQ(got[6], -1);
  plan.outliers = PreparationPlan::Outliers::kClipZ;
  plan.outlier_factor = 1;
  EXPECT_NEAR(transformed(frame, {"a"}, plan, 5)[4], 12 + std::sqrt(362.0), 1e-9);
}

TEST(Preparation, NumbersBecomeBins) {
  const data::Frame frame = frame_of("a\n0\n1\n2\n3\n4\n5\n6\n8\n-3\n99\n");
  PreparationPlan plan;
  plan.bins = 4;
  plan.bins_by = PreparationPlan::Bins::kUniform;
  plan.bins_encode = PreparationPlan::Encode::kOrdinal;
  EXPECT_EQ(transformed(frame, {"a"}, plan, 8), (Numbers{0, 0, 1, 1, 2, 2, 3, 3, 0, 3}));
  plan.bins = 2;
  plan.bins_encode = PreparationPlan::Encode::kOneHot;
  const auto made = fitted(frame, {"a"}, plan, 8);
  EXPECT_EQ(made->preparation.names(), (std::vector<std::string>{"a (-inf, 4)", "a [4, inf)"}));
  EXPECT_EQ(Numbers(made->training_matrix.begin(), made->training_matrix.begin() + 4),
            (Numbers{1, 0, 1, 0}));
}

TEST(Preparation, ProductsOfFeatures) {
  const data::Frame frame = frame_of("a,b,c\n2,3,5\n1,0,4\n");
  PreparationPlan plan;
  plan.scale = PreparationPlan::Scale::kNone;
  plan.degree = 2;
  const auto made = fitted(frame, {"a", "b", "c"}, plan, 2);
  EXPECT_EQ(made->preparation.names(), (std::vector<std::string>{"a", "b", "c", "a^2", "a * b",
                                                                 "a * c", "b^2", "b * c", "c^2"}));
  EXPECT_EQ(Numbers(made->training_matrix.begin(), made->training_matrix.begin() + 9),
            (Numbers{2, 3, 5, 4, 6, 10, 9, 15, 25}));
  plan.degree = 3;
  plan.interactions_only = true;
  EXPECT_EQ(fitted(frame, {"a", "b", "c"}, plan, 2)->preparation.names().back(), "a * b * c");
  plan.degree = 10;
  EXPECT_EQ(fitted(frame, {"a", "b", "c"}, plan, 2)->preparation.width(), 7U);
}

TEST(Preparation, ProductsHaveABound) {
  std::string csv;
  std::vector<std::string> columns;
  for (int i = 0; i < 250; ++i) {
    columns.push_back("c" + std::to_string(i));
    csv += (i == 0 ? "" : ",") + columns.back();
  }
  csv += "\n";
  for (int i = 0; i < 250; ++i) csv += i == 0 ? "1" : ",1";
  PreparationPlan plan;
  plan.degree = 2;
  const auto many = fitted(frame_of(csv + "\n"), columns, plan, 1);
  EXPECT_NE(many.status().message().find("over 20000"), std::string::npos);
}

TEST(Preparation, FeaturesAreSelected) {
  const data::Frame frame =
      frame_of("a,b,c,d\n1,5,1,0\n2,1,1,0.1\n3,4,1,0\n4,2,1,0.1\n5,3,1,0\n6,3,1,0.1\n");
  const std::vector<double> target = {1, 2, 3, 4, 5, 7};
  const std::vector<std::string> columns = {"a", "b", "c", "d"};
  const std::vector<uint32_t> rows = rows_of(6);
  PreparationInput input;
  input.frame = &frame;
  input.columns = columns;
  input.rows = rows;
  input.target.values = target;
  PreparationPlan plan;
  plan.scale = PreparationPlan::Scale::kNone;
  plan.variance_threshold = 0;
  EXPECT_EQ(Preparation::fit(input, plan)->preparation.names(),
            (std::vector<std::string>{"a", "b", "d"}));
  plan.variance_threshold = 0.01;
  EXPECT_EQ(Preparation::fit(input, plan)->preparation.names(),
            (std::vector<std::string>{"a", "b"}));
  plan.select = PreparationPlan::Select::kF;
  plan.select_count = 1;
  const auto one = Preparation::fit(input, plan);
  EXPECT_EQ(one->preparation.names(), (std::vector<std::string>{"a"}));
  EXPECT_EQ(*one->preparation.transform(frame, rows), (Numbers{1, 2, 3, 4, 5, 6}));
  plan.variance_threshold = 100;
  EXPECT_NE(Preparation::fit(input, plan).status().message().find("no feature varies more"),
            std::string::npos);
  plan.variance_threshold.reset();
  plan.select = PreparationPlan::Select::kChi2;
  EXPECT_NE(Preparation::fit(input, plan).status().message().find("regression"), std::string::npos);
}

TEST(Preparation, FeaturesWithGapsAreNotSelectedBy) {
  const data::Frame frame = frame_of("a,b\n1,1\n,2\n3,4\n");
  PreparationPlan plan;
  plan.numbers = PreparationPlan::Fill::kKeep;
  plan.select = PreparationPlan::Select::kF;
  EXPECT_NE(fitted(frame, {"a", "b"}, plan, 3).status().message().find("'a' has missing"),
            std::string::npos);
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
