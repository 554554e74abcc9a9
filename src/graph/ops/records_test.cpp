#include "graph/ops/records.h"

#include <gtest/gtest.h>

namespace slipway {
namespace {

std::vector<std::string> words(size_t count) {
  std::vector<std::string> made;
  for (size_t i = 0; i < count; ++i) made.push_back("w" + std::to_string(i));
  return made;
}

Result<ValueType> infer(size_t entries, VectorizeRecordsOp::Options options,
                        std::vector<ValueType> inputs) {
  return VectorizeRecordsOp(words(entries), std::move(options)).infer(inputs);
}

constexpr ValueType kRecords{ValueKind::kRecord, 2};

TEST(RecordsTest, OneColumnForEachEntryOfTheVocabulary) {
  EXPECT_EQ(*infer(3, {}, {kRecords}), (ValueType{ValueKind::kDense, 3}));
  EXPECT_EQ(*infer(0, {}, {kRecords}), (ValueType{ValueKind::kDense, 0}));
  EXPECT_EQ(*infer(3, {.sparse = true}, {kRecords}), (ValueType{ValueKind::kSparse, 3, 3}));
}

TEST(RecordsTest, ASparseRowHoldsAtMostWhatARecordHolds) {
  const auto type = infer(kRecordFieldsMax + 5, {.sparse = true}, {kRecords});
  EXPECT_EQ(type->nonzeros_max, kRecordFieldsMax);
}

TEST(RecordsTest, RefusesWhatIsNoRecordColumn) {
  EXPECT_FALSE(infer(3, {.column = 2}, {kRecords}).ok());
  EXPECT_FALSE(infer(3, {}, {ValueType{ValueKind::kString, 2}}).ok());
  EXPECT_FALSE(infer(3, {}, {}).ok());
}

Status finish(Signature signature) {
  GraphBuilder builder(1);
  const auto value =
      builder.add(std::make_unique<VectorizeRecordsOp>(words(2), VectorizeRecordsOp::Options{}),
                  {kRecordsInput}, "");
  signature.outputs = {{"transform", *value, DType::kFloat64, 2, false, {}, {}}};
  return std::move(builder).finish(std::move(signature)).status();
}

TEST(RecordsTest, TheVerifierWantsRecordsPromisedInTheSignature) {
  Signature signature;
  signature.columns = {{"record", ColumnType::kRecord}};
  EXPECT_EQ(finish(signature).code(), StatusCode::kInternal);
  signature.matrices.records = true;
  EXPECT_TRUE(finish(signature).ok());
  signature.rows_are_records = true;
  EXPECT_TRUE(finish(signature).ok());
  signature.columns[0].type = ColumnType::kNumber;
  EXPECT_EQ(finish(signature).code(), StatusCode::kInternal);
}

TEST(RecordsTest, RecordsAreNoOutput) {
  Signature signature;
  signature.columns = {{"record", ColumnType::kRecord}};
  signature.matrices.records = true;
  signature.outputs = {{"x", kRecordsInput, DType::kString, 1, false, {}, {}}};
  EXPECT_FALSE(GraphBuilder(1).finish(std::move(signature)).ok());
}

}  // namespace
}  // namespace slipway
