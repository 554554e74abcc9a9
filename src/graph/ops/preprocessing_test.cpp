// What the verifier refuses of the preprocessing ops: each case is a promise that a kernel needs.
#include <gtest/gtest.h>

#include <limits>

#include "graph/ops/elementwise.h"
#include "graph/ops/encode.h"
#include "graph/ops/impute.h"
#include "graph/ops/polynomial.h"
#include "graph/ops/scale.h"

namespace slipway {
namespace {

constexpr ValueType kDense3{ValueKind::kDense, 3};
constexpr ValueType kSparse3{ValueKind::kSparse, 3, 2};
constexpr ValueType kString3{ValueKind::kString, 3};

bool accepts(const Op& op, std::vector<ValueType> inputs) { return op.infer(inputs).ok(); }

TEST(PreprocessingTest, ScaleNeedsConstantsForEveryColumn) {
  using Form = ScaleOp::Form;
  EXPECT_TRUE(accepts(ScaleOp(Form::kMultiplyAdd, 3, {1, 2, 3}, {}), {kDense3}));
  EXPECT_FALSE(accepts(ScaleOp(Form::kMultiplyAdd, 3, {1, 2}, {}), {kDense3}));
  EXPECT_FALSE(accepts(ScaleOp(Form::kMultiplyAdd, 3, {}, {1, 2, 3, 4}), {kDense3}));
  EXPECT_FALSE(accepts(ScaleOp(Form::kMultiplyAdd, 2, {1, 2}, {}), {kDense3}));
  EXPECT_FALSE(accepts(ScaleOp(Form::kMultiplyAdd, 3, {}, {}, ScaleOp::Clip{1, 0}), {kDense3}));
}

TEST(PreprocessingTest, ScaleKeepsSparseInputOnlyWhereZeroStaysZero) {
  using Form = ScaleOp::Form;
  const auto scaled = ScaleOp(Form::kSubtractDivide, 3, {}, {1, 2, 3}).infer(std::vector{kSparse3});
  ASSERT_TRUE(scaled.ok());
  EXPECT_EQ(*scaled, kSparse3);
  EXPECT_FALSE(accepts(ScaleOp(Form::kSubtractDivide, 3, {1, 1, 1}, {}), {kSparse3}));
  EXPECT_FALSE(accepts(ScaleOp(Form::kMultiplyAdd, 3, {}, {}, ScaleOp::Clip{0, 1}), {kSparse3}));
}

TEST(PreprocessingTest, NormalizeNeedsAPositiveLeastNorm) {
  EXPECT_TRUE(accepts(NormalizeOp(NormalizeOp::Norm::kL2, 1e-300), {kSparse3}));
  EXPECT_FALSE(accepts(NormalizeOp(NormalizeOp::Norm::kL2, 0), {kDense3}));
  EXPECT_FALSE(accepts(
      NormalizeOp(NormalizeOp::Norm::kL2, std::numeric_limits<double>::quiet_NaN()), {kDense3}));
}

TEST(PreprocessingTest, RoundTakesWholeDecimals) {
  using Function = ElementwiseOp::Function;
  EXPECT_TRUE(accepts(ElementwiseOp(Function::kRound, {-2, 0, 0}), {kDense3}));
  EXPECT_FALSE(accepts(ElementwiseOp(Function::kRound, {0.5, 0, 0}), {kDense3}));
  EXPECT_FALSE(accepts(ElementwiseOp(Function::kRound, {1e9, 0, 0}), {kDense3}));
  EXPECT_FALSE(accepts(ElementwiseOp(Function::kLog), {kSparse3}));
}

TEST(PreprocessingTest, ImputeNeedsColumnsOfItsInputAndAFillForEach) {
  EXPECT_TRUE(accepts(ImputeOp(0.0, {2, 0}, {1, 2}), {kDense3}));
  EXPECT_FALSE(accepts(ImputeOp(0.0, {3}, {1}), {kDense3}));
  EXPECT_FALSE(accepts(ImputeOp(0.0, {0}, {1, 2}), {kDense3}));
  EXPECT_FALSE(accepts(ImputeOp(0.0, {0}, {1}), {kString3}));
  EXPECT_TRUE(accepts(ImputeStringsOp({}, "SimpleImputer", {1}, {"x"}), {kString3}));
  EXPECT_FALSE(accepts(ImputeStringsOp({}, "SimpleImputer", {3}, {"x"}), {kString3}));
  EXPECT_FALSE(accepts(MissingIndicatorOp(0.0, {7}), {kDense3}));
  EXPECT_FALSE(accepts(MissingStringsIndicatorOp({}, {7}), {kString3}));
}

Categories colours(uint32_t column) {
  Categories categories;
  categories.from = {0, column};
  categories.column = "colour";
  categories.is_text = true;
  categories.texts = {"green", "red"};
  return categories;
}

TEST(PreprocessingTest, OneHotTargetsStayInsideTheOutputAndApart) {
  const auto op = [](int32_t first, int32_t second, int32_t unknown, uint32_t width = 4) {
    return OneHotOp(width, true, {{colours(0), {0, 1}}, {colours(1), {first, second}, unknown}});
  };
  const auto good = op(2, 3, OneHotOp::kNoColumn).infer(std::vector{kString3});
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(*good, (ValueType{ValueKind::kSparse, 4, 2}));
  EXPECT_FALSE(accepts(op(2, 4, OneHotOp::kNoColumn), {kString3})) << "outside";
  EXPECT_FALSE(accepts(op(2, 1, OneHotOp::kNoColumn), {kString3})) << "the other column's";
  EXPECT_FALSE(accepts(op(2, 3, 0), {kString3})) << "unknown in the other column's";
  EXPECT_FALSE(accepts(op(2, 3, -3), {kString3})) << "no such action";
  EXPECT_FALSE(accepts(op(2, OneHotOp::kRefuse, 3), {kString3})) << "a category that is refused";
  EXPECT_FALSE(accepts(op(2, 3, 3), {kDense3})) << "numbers for text";
  EXPECT_FALSE(accepts(OneHotOp(2, false, {{colours(0), {0}}}), {kString3})) << "a target missing";
  EXPECT_FALSE(accepts(OneHotOp(2, false, {{colours(3), {0, 1}}}), {kString3})) << "no column 3";
}

TEST(PreprocessingTest, CategoriesForMissingValuesMustExist) {
  Categories categories = colours(0);
  categories.nan = 1;
  EXPECT_TRUE(accepts(OrdinalOp({{categories, {0, 1}, std::nullopt}}), {kString3}));
  categories.nan = 2;
  EXPECT_FALSE(accepts(OrdinalOp({{categories, {0, 1}, std::nullopt}}), {kString3}));
  EXPECT_FALSE(accepts(OrdinalOp({{colours(0), {0}, std::nullopt}}), {kString3}));
}

TEST(PreprocessingTest, PolynomialTermsCoverTheirFactorsAndFactorsAreFeatures) {
  EXPECT_TRUE(accepts(PolynomialOp(3, {0, 0, 2}, {0, 2}), {kDense3}));
  EXPECT_FALSE(accepts(PolynomialOp(3, {0, 1}, {3}), {kDense3}));
  EXPECT_FALSE(accepts(PolynomialOp(3, {0, 2, 1, 2}, {0, 1}), {kDense3}));
  EXPECT_FALSE(accepts(PolynomialOp(3, {0, 1}, {0, 1}), {kDense3}));
  EXPECT_FALSE(accepts(PolynomialOp(3, {}, {}), {kDense3}));
}

}  // namespace
}  // namespace slipway
