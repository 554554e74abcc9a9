// The preprocessing kernels by themselves: small cases with known answers, and each row alone
// against the batch. tests/data/sklearn compares them with scikit-learn.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/kernels/op_chain_test.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/encode.h"
#include "graph/ops/impute.h"
#include "graph/ops/polynomial.h"
#include "graph/ops/scale.h"

namespace slipway::engine {
namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();

Batch text_batch(const std::vector<StringCell>& cells, size_t columns) {
  return {cells.size() / columns, nullptr, cells.data()};
}

TEST(PreprocessingKernelTest, ScaleHasTwoFormsAndClips) {
  const auto divide = chain(only<ScaleOp>(ScaleOp::Form::kSubtractDivide, 2U, std::vector{1.0, 2.0},
                                          std::vector{2.0, 4.0}),
                            2);
  EXPECT_EQ(run_numbers(*divide, {3, 6, 1, 0}), (std::vector<double>{1, 1, 0, -0.5}));
  const auto multiply = chain(only<ScaleOp>(ScaleOp::Form::kMultiplyAdd, 2U, std::vector{1.0, 2.0},
                                            std::vector{2.0, 4.0}, ScaleOp::Clip{0, 5}),
                              2);
  EXPECT_EQ(run_numbers(*multiply, {1, 1, -9, 0}), (std::vector<double>{3, 5, 0, 2}));
  EXPECT_TRUE(std::isnan(run_numbers(*multiply, {kNan, 1})[0])) << "clipping keeps NaN";
}

TEST(PreprocessingKernelTest, NormalizeLeavesRowsOfZeros) {
  using Norm = NormalizeOp::Norm;
  const std::vector<double> rows = {3, -4, 0, 0};
  EXPECT_EQ(run_numbers(*chain(only<NormalizeOp>(Norm::kL2, 1e-300), 2), rows),
            (std::vector<double>{0.6, -0.8, 0, 0}));
  EXPECT_EQ(run_numbers(*chain(only<NormalizeOp>(Norm::kL1, 1e-300), 2), rows),
            (std::vector<double>{3 / 7.0, -4 / 7.0, 0, 0}));
  EXPECT_EQ(run_numbers(*chain(only<NormalizeOp>(Norm::kMax, 1e-300), 2), rows),
            (std::vector<double>{0.75, -1, 0, 0}));
}

TEST(PreprocessingKernelTest, ElementwiseRoundsHalfToEvenAndByTens) {
  const auto round = [](double decimals, double x) {
    return run_numbers(*chain(only<ElementwiseOp>(ElementwiseOp::Function::kRound,
                                                  ElementwiseOp::Parameters{decimals, 0, 0}),
                              1),
                       {x})[0];
  };
  EXPECT_EQ(round(0, 2.5), 2);
  EXPECT_EQ(round(1, 0.25), 0.2);
  EXPECT_EQ(round(-2, 1250), 1200);
}

TEST(PreprocessingKernelTest, NanToNumReplacesAllThree) {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto model = chain(
      only<ElementwiseOp>(ElementwiseOp::Function::kNanToNum, ElementwiseOp::Parameters{7, 8, 9}),
      1);
  EXPECT_EQ(run_numbers(*model, {kNan, infinity, -infinity, 1}), (std::vector<double>{7, 8, 9, 1}));
}

TEST(PreprocessingKernelTest, ImputeReplacesNanOrANumber) {
  const auto nan =
      chain(only<ImputeOp>(kNan, std::vector<uint32_t>{1, 0}, std::vector{5.0, 6.0}), 2);
  EXPECT_EQ(run_numbers(*nan, {kNan, 1, 2, kNan}), (std::vector<double>{1, 6, 5, 2}));
  const auto minus = chain(only<ImputeOp>(-1.0, std::vector<uint32_t>{0}, std::vector{5.0}), 1);
  EXPECT_EQ(run_numbers(*minus, {-1, 3}), (std::vector<double>{5, 3}));
  const auto flags = chain(only<MissingIndicatorOp>(kNan, std::vector<uint32_t>{1}), 2);
  EXPECT_EQ(run_numbers(*flags, {1, kNan, 2, 3}), (std::vector<double>{1, 0}));
}

TEST(PreprocessingKernelTest, ImputeTellsNoneFromNanInText) {
  MissingText missing;
  missing.none = true;
  missing.refuse_nan = true;
  const auto model = chain(only<ImputeStringsOp>(missing, "SimpleImputer", std::vector<uint32_t>{0},
                                                 std::vector<std::string>{"most"}),
                           1, kStringsInput);
  const std::vector<StringCell> cells = {StringCell::none(), StringCell::text("a")};
  const OutputBuffer output = run(*model, text_batch(cells, 1)).value();
  EXPECT_EQ(output.strings[0].view(), "most");
  EXPECT_EQ(output.strings[1].view(), "a");
  const std::vector<StringCell> nan = {StringCell::text("a"), StringCell::nan()};
  const auto refused = run(*model, text_batch(nan, 1));
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(refused.status().message().find("row 1"), std::string::npos);
}

Categories texts(std::vector<std::string> names) {
  Categories categories;
  categories.from = {0, 0};
  categories.column = "column 0 ('sex')";
  categories.is_text = true;
  categories.texts = std::move(names);
  return categories;
}

TEST(PreprocessingKernelTest, UnknownCategoryIsRefusedWithRowColumnAndValue) {
  std::vector<OneHotOp::Column> columns = {{texts({"female", "male"}), {0, 1}}};
  const auto model = chain(only<OneHotOp>(2U, false, std::move(columns)), 1, kStringsInput);
  const std::vector<StringCell> cells = {StringCell::text("male"), StringCell::text("femalé")};
  EXPECT_EQ(run(*model, text_batch(cells, 1)).status().message(),
            "Found unknown categories ['femalé'] in column 0 ('sex'), row 1");
  EXPECT_EQ(run(*model, {1, nullptr, cells.data()}).value().numbers, (std::vector<double>{0, 1}));
}

TEST(PreprocessingKernelTest, TextLookupFindsEveryOneOfManyCategories) {
  std::vector<std::string> names;
  std::vector<double> codes;
  for (size_t i = 0; i < 3000; ++i) {
    names.push_back(std::string(i % 23, 'a') + std::to_string(i));
    codes.push_back(static_cast<double>(i));
  }
  const std::vector<std::string> kept = names;
  Categories categories = texts(std::move(names));
  categories.texts.push_back("");
  categories.nan = 3000;
  codes.push_back(-2);
  std::vector<OrdinalOp::Column> columns = {{std::move(categories), std::move(codes), -1.0}};
  const auto model = chain(only<OrdinalOp>(std::move(columns)), 1, kStringsInput);
  std::vector<StringCell> cells;
  for (const std::string& name : kept) cells.push_back(StringCell::text(name));
  cells.push_back(StringCell::nan());
  cells.push_back(StringCell::none());
  cells.push_back(StringCell::text(""));  // the NaN category's place, not its text
  const OutputBuffer output = run(*model, text_batch(cells, 1)).value();
  for (size_t i = 0; i < kept.size(); ++i) ASSERT_EQ(output.numbers[i], static_cast<double>(i));
  EXPECT_EQ(output.numbers[3000], -2);
  EXPECT_EQ(output.numbers[3001], -1);
  EXPECT_EQ(output.numbers[3002], -1);
}

TEST(PreprocessingKernelTest, NumberLookupTakesMinusZeroAndNan) {
  Categories categories;
  categories.from = {0, 0};
  categories.numbers = {2, 0, kNan};
  std::vector<OrdinalOp::Column> columns = {{categories, {10, 11, 12}, -1.0}};
  const auto model = chain(only<OrdinalOp>(std::move(columns)), 1);
  EXPECT_EQ(run_numbers(*model, {-0.0, 2, kNan, 3}), (std::vector<double>{11, 10, 12, -1}));
}

TEST(PreprocessingKernelTest, SparseOneHotScaledAndNormalizedEqualsDense) {
  const auto model = [](bool sparse) {
    Categories first;
    first.numbers = {0, 1, 2};
    first.from = {0, 0};
    Categories second = first;
    second.from = {0, 1};
    std::vector<OneHotOp::Column> columns = {
        {first, {0, OneHotOp::kNoColumn, 1}, OneHotOp::kNoColumn},
        {second, {2, 3, 4}, OneHotOp::kNoColumn}};
    auto ops = only<OneHotOp>(5U, sparse, std::move(columns));
    ops.push_back(std::make_unique<ScaleOp>(ScaleOp::Form::kSubtractDivide, 5U,
                                            std::vector<double>{},
                                            std::vector<double>{1, 2, 4, 8, 16}));
    ops.push_back(std::make_unique<NormalizeOp>(NormalizeOp::Norm::kL1, 1e-300));
    std::vector<ColumnPick> picks;
    for (uint32_t i = 0; i < 5; ++i) picks.push_back({0, i});
    ops.push_back(std::make_unique<SelectOp>(picks));
    return chain(std::move(ops), 2);
  };
  const std::vector<double> rows = {0, 0, 1, 1, 2, 2, 9, 9, 2, 9};
  EXPECT_EQ(run_numbers(*model(true), rows), run_numbers(*model(false), rows));
}

TEST(PreprocessingKernelTest, PolynomialMultipliesItsFactors) {
  const auto model = chain(
      only<PolynomialOp>(2U, std::vector<uint32_t>{0, 0, 1, 4}, std::vector<uint32_t>{1, 0, 0, 1}),
      2);
  EXPECT_EQ(run_numbers(*model, {2, 3, -1, 5}), (std::vector<double>{1, 3, 12, 1, 5, 5}));
}

}  // namespace
}  // namespace slipway::engine
