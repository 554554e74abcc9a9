// What the comparison measures prove of their constants.
#include "graph/ops/measure.h"

#include <gtest/gtest.h>

namespace slipway {
namespace {

ValueType dense(uint32_t width) { return {ValueKind::kDense, width}; }

Result<ValueType> infer(const Op& op, std::vector<ValueType> inputs) { return op.infer(inputs); }

MeasureOp measure(size_t fields, size_t numbers) {
  return {MeasureOp::Parameters(), std::vector<MeasureOp::Field>(fields),
          std::vector<double>(numbers)};
}

TEST(MeasureOpTest, GivesAColumnForEachPoint) {
  EXPECT_EQ(infer(measure(2, 6), {dense(2)})->width, 3U);
  EXPECT_EQ(measure(2, 6).describe(), "2 fields, 3 points");
}

TEST(MeasureOpTest, RefusesPointsThatAreNotOfItsFields) {
  EXPECT_FALSE(infer(measure(2, 5), {dense(2)}).ok());
  EXPECT_FALSE(infer(measure(2, 1), {dense(2)}).ok());
  EXPECT_FALSE(infer(measure(2, 0), {dense(2)}).ok());
  EXPECT_FALSE(infer(measure(0, 0), {dense(0)}).ok());
  EXPECT_FALSE(infer(measure(0, 2), {dense(2)}).ok());
}

TEST(MeasureOpTest, RefusesOtherInputs) {
  EXPECT_FALSE(infer(measure(2, 6), {dense(3)}).ok());
  EXPECT_FALSE(infer(measure(2, 6), {}).ok());
  EXPECT_FALSE(infer(measure(2, 6), {dense(2), dense(2)}).ok());
  EXPECT_FALSE(infer(measure(2, 6), {{ValueKind::kSparse, 2, 2}}).ok());
}

TEST(SmallestOpTest, GivesPositionsAndValuesOfAtMostAllColumns) {
  EXPECT_EQ(infer(SmallestOp(2), {dense(3)})->width, 4U);
  EXPECT_EQ(infer(SmallestOp(3), {dense(3)})->width, 6U);
  EXPECT_FALSE(infer(SmallestOp(4), {dense(3)}).ok());
  EXPECT_FALSE(infer(SmallestOp(0), {dense(3)}).ok());
  EXPECT_FALSE(infer(SmallestOp(1), {}).ok());
}

}  // namespace
}  // namespace slipway
