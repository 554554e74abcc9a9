#include "training/preparation/row_steps.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "data/read_frame.h"
#include "training/preparation/training_rows.h"
#include "training/random.h"

namespace slipway::training {
namespace {

using Resample = PreparationPlan::Resample;
using Outliers = PreparationPlan::Outliers;

data::Frame frame_of(const std::string& csv) {
  auto frame = data::read_frame_bytes(csv, "test.csv", {});
  if (!frame.ok()) throw std::runtime_error(frame.status().message());
  return std::move(frame).value();
}

TEST(RowSteps, IncompleteAndEqualRowsAreLeftOut) {
  const data::Frame frame =
      frame_of("a,c,extra\n1,x,\n,x,1\n1,x,2\n1,y,3\n2,,4\n1,x,5\n0,x,6\n-0,x,7\n");
  const std::vector<std::string> columns = {"a", "c"};
  std::vector<uint32_t> rows(8);
  std::iota(rows.begin(), rows.end(), 0U);
  const std::vector<int32_t> classes = {0, 0, 1, 0, 0, 0, 1, 1};
  PreparationInput input;
  input.frame = &frame;
  input.columns = columns;
  input.rows = rows;
  input.target.classes = classes;
  input.target.class_count = 2;
  PreparationPlan plan;
  EXPECT_EQ(keep_rows(input, plan)->rows, rows);
  plan.drop_missing = true;
  EXPECT_EQ(keep_rows(input, plan)->rows, (std::vector<uint32_t>{0, 2, 3, 5, 6, 7}));
  plan.drop_duplicates = true;
  const auto kept = keep_rows(input, plan);
  EXPECT_EQ(kept->rows, (std::vector<uint32_t>{0, 2, 3, 6}));  // row 2 has another target
  ASSERT_EQ(kept->notes.size(), 2U);
  EXPECT_EQ(kept->notes[0], "2 of 8 rows to learn from are left out: they are incomplete");
  plan.drop_missing = false;
  EXPECT_EQ(keep_rows(input, plan)->rows, (std::vector<uint32_t>{0, 1, 2, 3, 4, 6}));
}

TEST(RowSteps, SeeTextsAsCleaningRulesLeaveThem) {
  const data::Frame frame = frame_of(
      "c,height\nx,100 cm\nX,1 m\nn/a,101 cm\ny,1.02 m\ny,99 cm\nx,90 m\ny,98 cm\nx,97 cm\n");
  const std::vector<std::string> columns = {"c", "height"};
  std::vector<uint32_t> rows(8);
  std::iota(rows.begin(), rows.end(), 0U);
  PreparationInput input;
  input.frame = &frame;
  input.columns = columns;
  input.rows = rows;
  PreparationPlan plan;
  plan.rules = std::make_shared<data::CleaningRules>(
      data::parse_cleaning_rules("rules: {c: [lower, {map: {n/a: null}}], height: [{unit: {to: cm, "
                                 "units: {cm: 1, m: 100}}}]}")
          .value());
  plan.drop_duplicates = true;
  EXPECT_EQ(keep_rows(input, plan)->rows, (std::vector<uint32_t>{0, 2, 3, 4, 5, 6, 7}));
  plan.drop_missing = true;
  EXPECT_EQ(keep_rows(input, plan)->rows, (std::vector<uint32_t>{0, 3, 4, 5, 6, 7}));
  plan.outliers = Outliers::kDropIqr;
  EXPECT_EQ(keep_rows(input, plan)->rows, (std::vector<uint32_t>{0, 3, 4, 6, 7}));
}

TEST(RowSteps, RowsWithOutliersAreLeftOut) {
  std::string csv = "a,flag\n";
  for (int i = 0; i < 20; ++i) csv += std::to_string(i % 5) + (i == 3 ? ",true\n" : ",false\n");
  csv += "100,false\n,false\n";
  const data::Frame frame = frame_of(csv);
  const std::vector<std::string> columns = {"a", "flag"};
  std::vector<uint32_t> rows(frame.rows);
  std::iota(rows.begin(), rows.end(), 0U);
  PreparationInput input;
  input.frame = &frame;
  input.columns = columns;
  input.rows = rows;
  PreparationPlan plan;
  for (const Outliers outliers : {Outliers::kDropIqr, Outliers::kDropZ}) {
    plan.outliers = outliers;
    const auto kept = keep_rows(input, plan);
    EXPECT_EQ(kept->rows.size(), 21U);  // a truth value is none, nor is a missing number
    EXPECT_EQ(std::ranges::count(kept->rows, 20U), 0);
  }
  plan.outliers = Outliers::kClipIqr;
  EXPECT_EQ(keep_rows(input, plan)->rows.size(), 22U);
}

TEST(RowSteps, AClassThatLosesAllRowsIsToldOf) {
  const data::Frame frame = frame_of("a,b\n1,1\n2,1\n,1\n");
  const std::vector<std::string> columns = {"a"};
  const std::vector<uint32_t> rows = {0, 1, 2};
  const std::vector<int32_t> classes = {0, 0, 1};
  PreparationInput input;
  input.frame = &frame;
  input.columns = columns;
  input.rows = rows;
  input.target.classes = classes;
  input.target.class_count = 2;
  PreparationPlan plan;
  plan.drop_missing = true;
  const Status status = keep_rows(input, plan).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("a class has no row"), std::string::npos);
}

/// 12 rows of class 0, 40 of class 1, 25 of class 2, three numbers each.
class ResampleTest : public testing::Test {
 protected:
  ResampleTest() {
    Random random(7);
    for (uint32_t i = 0; i < 77; ++i) {
      rows_.push_back(i);
      classes_.push_back(i < 12 ? 0 : i < 52 ? 1 : 2);
      for (int j = 0; j < 3; ++j) matrix_.push_back(random.uniform() * 10 + classes_.back());
    }
    input_.target.classes = classes_;
    input_.target.class_count = 3;
    input_.seed = 5;
    input_.threads = 2;
  }
  ResampledRows resampled(Resample how) {
    PreparationPlan plan;
    plan.resample = how;
    ResampledRows sampled{rows_, matrix_};
    std::vector<std::string> notes;
    const Status status = resample(input_, plan, sampled, notes);
    EXPECT_TRUE(status.ok()) << status.to_string();
    EXPECT_EQ(notes.size(), 1U);
    EXPECT_EQ(sampled.matrix.size(), sampled.rows.size() * 3);
    return sampled;
  }
  std::map<int32_t, size_t> counts(const ResampledRows& sampled) const {
    std::map<int32_t, size_t> counts;
    for (const uint32_t row : sampled.rows) ++counts[classes_[row]];
    return counts;
  }
  bool holds_originals(const ResampledRows& sampled) const {
    return std::equal(rows_.begin(), rows_.end(), sampled.rows.begin()) &&
           std::equal(matrix_.begin(), matrix_.end(), sampled.matrix.begin());
  }
  bool is_original(const ResampledRows& sampled, size_t i) const {
    return std::equal(&sampled.matrix[i * 3], &sampled.matrix[i * 3] + 3,
                      &matrix_[sampled.rows[i] * size_t{3}]);
  }
  double distance(const double* a, const double* b) const {
    return std::sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                     (a[2] - b[2]) * (a[2] - b[2]));
  }
  /// The k nearest rows of the same class.
  std::vector<uint32_t> neighbors(uint32_t row, size_t k) const {
    std::vector<uint32_t> others;
    for (const uint32_t other : rows_) {
      if (other != row && classes_[other] == classes_[row]) others.push_back(other);
    }
    std::ranges::sort(others, [&](uint32_t a, uint32_t b) {
      return distance(&matrix_[row * size_t{3}], &matrix_[a * size_t{3}]) <
             distance(&matrix_[row * size_t{3}], &matrix_[b * size_t{3}]);
    });
    others.resize(k);
    return others;
  }

  std::vector<uint32_t> rows_;
  std::vector<int32_t> classes_;
  std::vector<double> matrix_;
  PreparationInput input_;
};

TEST_F(ResampleTest, SmallClassesAreDrawnAgain) {
  const ResampledRows sampled = resampled(Resample::kOver);
  EXPECT_EQ(counts(sampled), (std::map<int32_t, size_t>{{0, 40}, {1, 40}, {2, 40}}));
  EXPECT_TRUE(holds_originals(sampled));
  for (size_t i = 0; i < sampled.rows.size(); ++i) EXPECT_TRUE(is_original(sampled, i));
  EXPECT_EQ(resampled(Resample::kOver).rows, sampled.rows);
  input_.seed = 6;
  EXPECT_NE(resampled(Resample::kOver).rows, sampled.rows);
}

TEST_F(ResampleTest, LargeClassesAreDrawnFrom) {
  const ResampledRows sampled = resampled(Resample::kUnder);
  EXPECT_EQ(counts(sampled), (std::map<int32_t, size_t>{{0, 12}, {1, 12}, {2, 12}}));
  EXPECT_TRUE(std::ranges::is_sorted(sampled.rows));
  EXPECT_EQ(std::ranges::adjacent_find(sampled.rows), sampled.rows.end());
  for (size_t i = 0; i < sampled.rows.size(); ++i) EXPECT_TRUE(is_original(sampled, i));
}

TEST_F(ResampleTest, MadeRowsLieBetweenARowAndANearNeighborOfItsClass) {
  const ResampledRows sampled = resampled(Resample::kSmote);
  EXPECT_EQ(counts(sampled), (std::map<int32_t, size_t>{{0, 40}, {1, 40}, {2, 40}}));
  ASSERT_TRUE(holds_originals(sampled));
  size_t proper = 0;
  for (size_t i = rows_.size(); i < sampled.rows.size(); ++i) {
    const uint32_t from = sampled.rows[i];
    const double* made = &sampled.matrix[i * 3];
    const double* begin = &matrix_[from * size_t{3}];
    const std::vector<uint32_t> near = neighbors(from, 5);
    // On the segment: the ways to both ends add up to its length.
    EXPECT_TRUE(std::ranges::any_of(near, [&](uint32_t to) {
      const double* end = &matrix_[to * size_t{3}];
      return distance(begin, made) + distance(made, end) < distance(begin, end) + 1e-9;
    })) << i;
    proper += is_original(sampled, i) ? 0 : 1;
  }
  EXPECT_EQ(proper, sampled.rows.size() - rows_.size());
  EXPECT_EQ(resampled(Resample::kSmote).matrix, sampled.matrix);
  input_.threads = 1;
  EXPECT_EQ(resampled(Resample::kSmote).matrix, sampled.matrix);
}

TEST_F(ResampleTest, WhatCannotBeResampledIsSaid) {
  PreparationPlan plan;
  plan.resample = Resample::kSmote;
  plan.smote_neighbors = 12;
  ResampledRows sampled{rows_, matrix_};
  std::vector<std::string> notes;
  const Status few = resample(input_, plan, sampled, notes);
  EXPECT_NE(few.message().find("at least 13 rows"), std::string::npos) << few.message();
  plan.smote_neighbors = 5;
  sampled.matrix[1] = std::nan("");
  EXPECT_NE(resample(input_, plan, sampled, notes).message().find("missing"), std::string::npos);
  input_.target.class_count = 0;
  EXPECT_NE(resample(input_, plan, sampled, notes).message().find("regression"), std::string::npos);
}

TEST(TrainingRows, AreKeptPreparedAndResampled) {
  std::string csv = "a,b,kind\n";
  for (int i = 0; i < 30; ++i) {
    csv += (i % 10 == 0 ? "" : std::to_string(i)) + "," + std::to_string(i * 7 % 11) +
           (i % 3 == 0 ? ",x\n" : ",y\n");
  }
  const data::Frame frame = frame_of(csv);
  const std::vector<std::string> columns = {"a", "b"};
  std::vector<uint32_t> rows(20);
  std::iota(rows.begin(), rows.end(), 0U);
  PreparationInput input;
  input.frame = &frame;
  input.columns = columns;
  input.rows = rows;
  input.target.classes = frame.find("kind")->codes;
  input.target.class_count = 2;
  PreparationPlan plan;
  plan.drop_missing = true;
  plan.resample = Resample::kOver;
  const auto made = prepare_training_rows(input, plan);
  ASSERT_TRUE(made.ok()) << made.status().to_string();
  // Of 0 .. 19 without 0 and 10: 6 of x (3, 6, 9, 12, 15, 18), 12 of y.
  EXPECT_EQ(made->rows.size(), 24U);
  EXPECT_EQ(made->matrix.size(), 48U);
  EXPECT_EQ(made->notes.size(), 2U);
  // The matrix's rows are what is served of the frame's.
  EXPECT_EQ(*made->preparation.transform(frame, made->rows), made->matrix);
  input.target = {};
  EXPECT_FALSE(prepare_training_rows(input, plan).ok());
}

}  // namespace
}  // namespace slipway::training
