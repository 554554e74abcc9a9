// What the ops of text, selection, columns, kernel approximations and imputation refuse: constants
// that would lead their kernels out of bounds.
#include <gtest/gtest.h>

#include <limits>

#include "graph/ops/basic.h"
#include "graph/ops/column_functions.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/impute_model.h"
#include "graph/ops/random_features.h"
#include "graph/ops/records.h"
#include "graph/ops/text.h"

namespace slipway {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
const ValueType kThree{ValueKind::kDense, 3};
const ValueType kWideSparse{ValueKind::kSparse, 100, 20};
const ValueType kTexts{ValueKind::kString, 2};

template <typename OpType>
Result<ValueType> infer(const OpType& op, const ValueType& input) {
  return op.infer(std::span(&input, 1));
}

std::shared_ptr<const text::TextAnalyzer> words() {
  return std::make_shared<const text::TextAnalyzer>(*text::TextAnalyzer::create({}));
}

TEST(TextOp, GivesAColumnForEachEntryAndNoMoreThanASparseRowHolds) {
  const VectorizeTextOp dense(words(), {"a", "b"}, {});
  EXPECT_EQ(infer(dense, kTexts).value(), (ValueType{ValueKind::kDense, 2}));
  VectorizeTextOp::Options options;
  options.sparse = true;
  options.hashed_columns = 1U << 20;
  const VectorizeTextOp hashed(words(), {}, options);
  EXPECT_EQ(infer(hashed, kTexts).value(),
            (ValueType{ValueKind::kSparse, 1U << 20, VectorizeTextOp::kNonzerosMax}));
  EXPECT_FALSE(infer(hashed, kThree).ok());
  EXPECT_FALSE(infer(VectorizeTextOp(words(), {"a"}, options), kTexts).ok());
  options.column = 2;
  EXPECT_FALSE(infer(VectorizeTextOp(words(), {}, options), kTexts).ok());
  EXPECT_FALSE(infer(VectorizeTextOp(nullptr, {"a"}, {}), kTexts).ok());
}

TEST(HashRecordsOp, NeedsAColumnAndAWidth) {
  const ValueType records{ValueKind::kRecord, 1};
  EXPECT_TRUE(infer(HashRecordsOp({0, 8, false, true}), records).ok());
  EXPECT_FALSE(infer(HashRecordsOp({1, 8, false, true}), records).ok());
  EXPECT_FALSE(infer(HashRecordsOp({0, 0, false, true}), records).ok());
  EXPECT_FALSE(infer(HashRecordsOp({0, kWidthMax + 1, true, true}), records).ok());
}

TEST(SelectSparseOp, TakesAscendingColumnsThatAreThere) {
  EXPECT_EQ(infer(SelectSparseOp({1, 5, 99}), kWideSparse).value(),
            (ValueType{ValueKind::kSparse, 3, 3}));
  EXPECT_FALSE(infer(SelectSparseOp({1, 100}), kWideSparse).ok());
  EXPECT_FALSE(infer(SelectSparseOp({5, 5}), kWideSparse).ok());
  EXPECT_FALSE(infer(SelectSparseOp({1}), kThree).ok());
}

TEST(ElementwiseOp, TakesASparseMatrixWhereZerosStay) {
  using Function = ElementwiseOp::Function;
  EXPECT_EQ(infer(ElementwiseOp(Function::kLogPlusOne), kWideSparse).value(), kWideSparse);
  EXPECT_FALSE(infer(ElementwiseOp(Function::kCos), kWideSparse).ok());
  EXPECT_FALSE(infer(ElementwiseOp(Function::kBinarize, {-1, 0, 0}), kWideSparse).ok());
}

TEST(ColumnFunctions, RefuseWhatDoesNotAscend) {
  EXPECT_TRUE(infer(BinsOp({{1, 2}, {}, {0}}), kThree).ok());
  EXPECT_FALSE(infer(BinsOp({{2, 1}, {}, {0}}), kThree).ok());
  EXPECT_FALSE(infer(BinsOp({{kNan}, {}, {0}}), kThree).ok());
  EXPECT_FALSE(infer(BinsOp({{1}, {2}}), kThree).ok());
  EXPECT_FALSE(infer(PowerOp(PowerOp::Method::kBoxCox, {1, 2}), kThree).ok());
  EXPECT_TRUE(infer(QuantileOp(false, {0, 1}, {1, 2, 3, 3, kNan, kNan}), kThree).ok());
  EXPECT_FALSE(infer(QuantileOp(false, {0, 1}, {1, 2, 3, 2, 5, 6}), kThree).ok());
  EXPECT_FALSE(infer(QuantileOp(false, {}, {}), kThree).ok());
}

TEST(SplineOp, NeedsKnotsAndCoefficientsThatFit) {
  const ValueType one{ValueKind::kDense, 1};
  const std::vector<double> knots = {0, 1, 2, 3, 4};  // degree 1: three functions
  EXPECT_EQ(infer(SplineOp({1}, 3, {{knots, {}}}), one).value().width, 3U);
  EXPECT_EQ(infer(SplineOp({1}, 2, {{knots, {1, 0, 0, 1, 1, 1}}}), one).value().width, 2U);
  EXPECT_FALSE(infer(SplineOp({1}, 4, {{knots, {}}}), one).ok());
  EXPECT_FALSE(infer(SplineOp({2}, 2, {{knots, {}}}), one).ok());
  EXPECT_FALSE(infer(SplineOp({1}, 3, {{{0, 2, 1, 3, 4}, {}}}), one).ok());
  EXPECT_FALSE(infer(SplineOp({1}, 0, {{knots, {}}}), one).ok());
  EXPECT_FALSE(infer(SplineOp({SplineOp::kDegreeMax + 1}, 3, {{knots, {}}}), one).ok());
}

TEST(RandomFeatures, RefuseTablesOutOfBounds) {
  EXPECT_EQ(infer(AdditiveChi2Op(2, 0.5), kThree).value().width, 9U);
  EXPECT_FALSE(infer(AdditiveChi2Op(0, 0.5), kThree).ok());
  EXPECT_FALSE(infer(AdditiveChi2Op(2, 0), kThree).ok());
  const CountSketchOp::Options options{3, 1, 4, 1, 0};
  EXPECT_TRUE(infer(CountSketchOp(options, {0, 3, 1}, {1, -1, 1}), kThree).ok());
  EXPECT_FALSE(infer(CountSketchOp(options, {0, 4, 1}, {1, -1, 1}), kThree).ok());
  EXPECT_FALSE(infer(CountSketchOp(options, {0, 3}, {1, -1}), kThree).ok());
}

TEST(KnnImputeOp, NeedsAGiverForEachColumn) {
  KnnImputeOp::Options options;
  options.missing = kNan;
  EXPECT_TRUE(infer(KnnImputeOp(options, 3, {1, kNan, 2, 4, kNan, 6}, {0, 2}), kThree).ok());
  EXPECT_FALSE(infer(KnnImputeOp(options, 3, {1, kNan, 2, 4, kNan, 6}, {1}), kThree).ok());
  EXPECT_FALSE(infer(KnnImputeOp(options, 3, {1, 2}, {0}), kThree).ok());
  EXPECT_FALSE(infer(KnnImputeOp(options, 3, {1, 2, 3}, {3}), kThree).ok());
  options.neighbors = 0;
  EXPECT_FALSE(infer(KnnImputeOp(options, 3, {1, 2, 3}, {0}), kThree).ok());
}

TEST(FillPredictedOp, NeedsThreeColumnsAndBounds) {
  const std::vector<ValueType> columns(3, ValueType{ValueKind::kDense, 1});
  EXPECT_TRUE(FillPredictedOp(kNan, 0, 1).infer(columns).ok());
  EXPECT_FALSE(FillPredictedOp(kNan, 1, 0).infer(columns).ok());
  EXPECT_FALSE(FillPredictedOp(kNan, kNan, 0).infer(columns).ok());
  EXPECT_FALSE(infer(FillPredictedOp(kNan, 0, 1), kThree).ok());
}

}  // namespace
}  // namespace slipway
