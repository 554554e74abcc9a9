#include "tensor/batch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tensor/dtype.h"

namespace slipway {
namespace {

TEST(BatchTest, FreshCellsAreMissing) {
  InputBuffer buffer;
  buffer.reset(2, 3, {.strings = true});
  EXPECT_TRUE(std::isnan(buffer.number_row(1)[2]));
  EXPECT_TRUE(buffer.string_row(1)[2].missing());
  buffer.reset(1, 3, {});
  EXPECT_EQ(buffer.batch().strings, nullptr);
}

TEST(BatchTest, StoredTextsStayWhereTheyAreWhenMoreFollow) {
  InputBuffer buffer;
  buffer.reset(1, 1, {.strings = true});
  const StringCell first = buffer.store("first");
  const StringCell large = buffer.store(std::string(100'000, 'x'));
  for (int i = 0; i < 10'000; ++i) static_cast<void>(buffer.store("more text"));
  EXPECT_EQ(first.view(), "first");
  EXPECT_EQ(large.size, 100'000U);
  EXPECT_EQ(buffer.store("").view(), "");
  EXPECT_FALSE(buffer.store("").missing());
}

TEST(BatchTest, AddRowKeepsEarlierRows) {
  InputBuffer buffer;
  buffer.reset(0, 2, {});
  for (int i = 0; i < 5; ++i) {
    buffer.add_row();
    buffer.number_row(static_cast<size_t>(i))[1] = i;
  }
  EXPECT_EQ(buffer.rows(), 5U);
  EXPECT_EQ(buffer.number_row(3)[1], 3);
}

TEST(BatchTest, OipNamesGoBothWays) {
  EXPECT_EQ(oip_name(DType::kFloat32), "FP32");
  EXPECT_EQ(dtype_from_oip_name("BYTES"), DType::kString);
  EXPECT_EQ(dtype_from_oip_name("FP8"), std::nullopt);
}

std::vector<std::string> fields_of(const InputBuffer& buffer, size_t cell) {
  const Batch batch = buffer.batch();
  const Record& record = batch.records[cell];
  std::vector<std::string> found;
  for (uint32_t i = 0; i < record.count; ++i) {
    const RecordField& field = batch.fields[record.first + i];
    found.push_back(std::string(field.key) + "=" + std::string(field.value.view()));
  }
  return found;
}

TEST(BatchTest, RecordsKeepTheirFieldsInOrder) {
  InputBuffer buffer;
  buffer.reset(0, 1, {.records = true});
  for (const char* city : {"London", "Köln"}) {
    buffer.add_row();
    buffer.begin_record(buffer.rows() - 1, 0);
    ASSERT_TRUE(buffer.add_field(buffer.store_key("city"), buffer.store(city)).ok());
    const std::string_view tags = buffer.store_key("tags");  // a list: one field for each text
    ASSERT_TRUE(buffer.add_field(tags, buffer.store("a")).ok());
    ASSERT_TRUE(buffer.add_field(tags, buffer.store("b")).ok());
    ASSERT_TRUE(buffer.add_field(buffer.store_key(""), StringCell::number(2.5)).ok());
    ASSERT_TRUE(buffer.end_record().ok());
  }
  EXPECT_EQ(fields_of(buffer, 0),
            (std::vector<std::string>{"city=London", "tags=a", "tags=b", "="}));
  EXPECT_EQ(fields_of(buffer, 1)[0], "city=Köln");
  const Batch batch = buffer.batch();
  EXPECT_EQ(batch.fields[3].value.real, 2.5);
  EXPECT_FALSE(batch.fields[3].value.missing());
  buffer.reset(1, 1, {.records = true});
  EXPECT_FALSE(buffer.batch().records[0].is_set());
  buffer.reset(1, 1, {.strings = true});
  EXPECT_EQ(buffer.batch().records, nullptr);
}

TEST(BatchTest, ARecordTakesAKeyOnceEvenTheEmptyOne) {
  InputBuffer buffer;
  for (const char* key : {"city", ""}) {
    buffer.reset(1, 1, {.records = true});
    buffer.begin_record(0, 0);
    for (const char* name : {key, "between", key}) {
      ASSERT_TRUE(buffer.add_field(buffer.store_key(name), StringCell::number(1)).ok());
    }
    EXPECT_EQ(buffer.end_record().code(), StatusCode::kInvalidArgument) << key;
    buffer.begin_record(0, 0);  // begun anew, it is empty
    EXPECT_TRUE(buffer.end_record().ok());
    EXPECT_EQ(buffer.batch().records[0].count, 0U);
  }
}

TEST(BatchTest, ARecordIsBounded) {
  InputBuffer buffer;
  buffer.reset(1, 1, {.records = true});
  buffer.begin_record(0, 0);
  const std::string_view key = buffer.store_key("k");
  for (uint32_t i = 0; i < kRecordFieldsMax; ++i) {
    ASSERT_TRUE(buffer.add_field(key, StringCell::number(i)).ok());
  }
  EXPECT_EQ(buffer.add_field(key, StringCell::none()).code(), StatusCode::kInvalidArgument);
}

TEST(BatchTest, RowsOfSeveralBuffersAreJoinedInOrder) {
  const auto fill = [](InputBuffer& buffer, double number, std::string_view text) {
    buffer.reset(1, 2, {.strings = true, .records = true});
    buffer.number_row(0)[0] = number;
    buffer.string_row(0)[1] = buffer.store(text);
    buffer.begin_record(0, 1);
    ASSERT_TRUE(buffer.add_field(buffer.store_key("key"), buffer.store(text)).ok());
    ASSERT_TRUE(buffer.end_record().ok());
  };
  InputBuffer first;
  InputBuffer second;
  fill(first, 1, "one");
  fill(second, 2, "two");
  InputBuffer joined;
  joined.reset(0, 2, {.strings = true, .records = true});
  ASSERT_TRUE(joined.append_rows(first));
  ASSERT_TRUE(joined.append_rows(second));
  ASSERT_TRUE(joined.append_rows(first));
  ASSERT_EQ(joined.rows(), 3U);
  EXPECT_EQ(joined.number_row(1)[0], 2);
  EXPECT_EQ(joined.string_row(2)[1].view(), "one");
  const Batch batch = joined.batch();
  for (size_t row = 0; row < 3; ++row) {
    EXPECT_FALSE(batch.records[row * 2].is_set());
    const Record& record = batch.records[row * 2 + 1];
    ASSERT_EQ(record.count, 1U);
    EXPECT_EQ(batch.fields[record.first].value.view(), row == 1 ? "two" : "one");
  }
}

}  // namespace
}  // namespace slipway
