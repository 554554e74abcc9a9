// Arrow tables that pyarrow wrote (tests/data/arrow/make.py), and tables that go out and come in.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/file.h"
#include "rows/arrow_metadata.h"
#include "rows/arrow_plain.h"
#include "rows/arrow_rows.h"
#include "rows/flat_buffer.h"

namespace slipway::rows {
namespace {

constexpr std::string_view kLong = "twenty bytes of text";

std::string file(const std::string& name) {
  const auto bytes = read_file(std::string(SLIPWAY_TEST_DATA_DIR) + "/arrow/" + name, Limits{});
  EXPECT_TRUE(bytes.ok()) << name;
  return bytes.ok() ? *bytes : "";
}

Signature columns(const std::vector<InputColumn>& columns) {
  Signature signature;
  signature.columns = columns;
  signature.columns_named = true;
  for (const InputColumn& column : columns) {
    signature.matrices.strings = signature.matrices.strings || column.is_text();
    signature.matrices.records = signature.matrices.records || column.is_record();
  }
  return signature;
}

Signature texts(const std::vector<std::string>& names) {
  std::vector<InputColumn> all;
  for (const std::string& name : names) all.push_back({name, ColumnType::kText});
  return columns(all);
}

class Arrow : public testing::Test {
 protected:
  Arrow() { setenv("SLIPWAY_PLUGIN_DIR", SLIPWAY_TEST_PLUGIN_DIR, 0); }

  Status read(const std::string& bytes, const Signature& signature, size_t rows_max = 1 << 30) {
    auto source = open_arrow_rows(bytes, signature, {});
    if (!source.ok()) return std::move(source).status();
    key_names_ = (*source)->key_names();
    auto count = (*source)->next(rows_max, input_, keys_);
    return count.ok() ? Status() : std::move(count).status();
  }
  std::string error(const std::string& bytes, const Signature& signature) {
    return std::string(read(bytes, signature).message());
  }

  InputBuffer input_;
  std::vector<KeyCell> keys_;
  std::vector<std::string> key_names_;
};

TEST_F(Arrow, ReadsEveryTypeOfNumbersFromStreamsAndFiles) {
  const std::vector<std::string> names = {"int8",   "int16",  "int32",  "int64",
                                          "half",   "float",  "double", "uint8",
                                          "uint16", "uint32", "uint64", "dictionary"};
  std::vector<InputColumn> wanted;
  for (const std::string& name : names) wanted.push_back({name});
  for (const char* ending : {".arrow", ".arrows"}) {
    ASSERT_TRUE(read(file(std::string("numbers") + ending), columns(wanted)).ok()) << ending;
    ASSERT_EQ(input_.rows(), 5U);
    for (size_t row = 0; row < 5; ++row) {
      for (size_t column = 0; column < names.size(); ++column) {
        const double value = input_.number_row(row)[column];
        const double shift = names[column].starts_with("u") ? 0 : 1;
        if (row == 3) {
          EXPECT_TRUE(std::isnan(value)) << names[column];
        } else {
          EXPECT_EQ(value, static_cast<double>(row) - shift) << names[column];
        }
      }
    }
  }
}

bool is_plain(const std::string& bytes) {
  ArrowArrayStream stream{};
  const bool is_plain = open_plain_arrow(bytes, stream);
  if (is_plain) stream.release(&stream);
  return is_plain;
}

/// Arrow C++ reads the form without the mark that begins a message, too; it alone does.
std::string unmarked(const std::string& bytes) {
  return bytes.substr(std::min<size_t>(4, bytes.size()));
}

Signature plain_columns() {
  std::vector<InputColumn> wanted;
  for (const char* name : {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
                           "half", "float", "double", "bool", "whole"}) {
    wanted.push_back({name});
  }
  for (const char* name : {"utf8", "large"}) wanted.push_back({name, ColumnType::kText});
  return columns(wanted);
}

/// All cells, comparable.
std::string cells_of(InputBuffer& input, const Signature& signature) {
  std::string cells;
  for (size_t row = 0; row < input.rows(); ++row) {
    for (size_t column = 0; column < signature.columns.size(); ++column) {
      if (signature.columns[column].is_text()) {
        const StringCell& cell = input.string_row(row)[column];
        cells += cell.missing() ? "null" : "'" + std::string(cell.view()) + "'";
      } else {
        cells += std::to_string(input.number_row(row)[column]);
      }
      cells += ' ';
    }
    cells += '\n';
  }
  return cells;
}

TEST_F(Arrow, PlainStreamsAreReadWithoutThePlugIn) {
  for (const char* name : {"plain.arrows", "row.arrows"}) EXPECT_TRUE(is_plain(file(name))) << name;
  for (const char* name : {"plain.arrow", "numbers.arrows", "texts.arrows", "packed.arrows",
                           "struct.arrows", "nulls.arrows"}) {
    EXPECT_FALSE(is_plain(file(name))) << name;
  }
  EXPECT_FALSE(is_plain(""));
  EXPECT_FALSE(is_plain(unmarked(file("plain.arrows"))));
}

TEST_F(Arrow, PlainStreamsGiveWhatArrowGives) {
  const Signature signature = plain_columns();
  const std::string bytes = file("plain.arrows");
  std::vector<std::string> cells;
  for (const std::string& each : {bytes, unmarked(bytes), file("plain.arrow")}) {
    const Status status = read(each, signature);
    ASSERT_TRUE(status.ok()) << status.message();
    cells.push_back(cells_of(input_, signature));
  }
  EXPECT_EQ(cells[0], cells[1]);
  EXPECT_EQ(cells[0], cells[2]);
  EXPECT_EQ(input_.rows(), 5U);
  EXPECT_TRUE(std::isnan(input_.number_row(3)[10]));
  EXPECT_EQ(input_.number_row(4)[8], 3);
  EXPECT_EQ(input_.number_row(3)[12], 3);
  EXPECT_EQ(input_.string_row(2)[13].view(), kLong);
  EXPECT_TRUE(input_.string_row(1)[14].missing());
  EXPECT_EQ(input_.string_row(4)[14].view(), "é");
}

TEST_F(Arrow, ChangedPlainStreamsNeverGiveOtherCellsThanArrow) {
  const Signature signature = plain_columns();
  const std::string bytes = file("plain.arrows");
  size_t both = 0;
  for (size_t place = 4; place < bytes.size(); ++place) {
    for (const int change : {0x01, 0x80, 0xff}) {
      std::string changed = bytes;
      changed[place] = static_cast<char>(changed[place] ^ change);
      if (!is_plain(changed) || !read(changed, signature).ok()) continue;
      const std::string cells = cells_of(input_, signature);
      if (!read(unmarked(changed), signature).ok()) continue;
      EXPECT_EQ(cells, cells_of(input_, signature)) << place;
      ++both;
    }
  }
  EXPECT_GT(both, 1000U);
}

TEST_F(Arrow, CutPlainStreamsAreLeftToArrow) {
  const std::string bytes = file("row.arrows");
  EXPECT_TRUE(is_plain(bytes.substr(0, bytes.size() - 8)));  // the end may be left out
  EXPECT_FALSE(is_plain(bytes.substr(0, bytes.size() - 4)));
  EXPECT_FALSE(is_plain(bytes.substr(0, bytes.size() - 16)));
}

/// A stream of `count` fields that are one and the same, with a name of `size` letters, of the type
/// null.
std::string stream_of_one_field(size_t count, size_t size) {
  namespace meta = arrow_metadata;
  std::string metadata;
  FlatWriter flat(metadata);
  const size_t message = flat.table({0, 1, 2, 3});
  flat.point(0, message);
  flat.set(FlatWriter::field(message, meta::message::kVersion), meta::kVersion5);
  flat.set(FlatWriter::field(message, meta::message::kHeaderType), meta::message::kSchema);
  const size_t schema = flat.table({meta::schema::kFields});
  flat.point(FlatWriter::field(message, meta::message::kHeader), schema);
  const size_t fields = flat.vector(count, 4);
  flat.point(FlatWriter::field(schema, meta::schema::kFields), fields);
  const size_t field = flat.table({0, 1, 2, 3, 5});
  for (size_t i = 0; i < count; ++i) flat.point(FlatWriter::element(fields, i, 4), field);
  flat.set(FlatWriter::field(field, meta::field::kTypeType), uint8_t{1});
  flat.point(FlatWriter::field(field, meta::field::kType), flat.table({0}));
  flat.point(FlatWriter::field(field, meta::field::kChildren), flat.vector(0, 4));
  flat.point(FlatWriter::field(field, meta::field::kName), flat.text(std::string(size, 'x')));
  flat.pad();
  std::string stream(8, '\xff');
  const auto length = static_cast<uint32_t>(metadata.size());
  std::memcpy(stream.data() + 4, &length, sizeof length);
  return stream + metadata;
}

TEST_F(Arrow, ASchemaThatTakesFarMoreThanItsBytesIsRefused) {
  EXPECT_EQ(error(stream_of_one_field(1, 100'000), columns({{"y"}})), "column 'y' is missing");
  EXPECT_TRUE(read(stream_of_one_field(1, 1), columns({{"x"}})).ok());
  const std::string bomb = stream_of_one_field(4096, 100'000);
  EXPECT_NE(error(bomb, columns({{"y"}})).find("takes far more memory"), std::string::npos);
}

TEST_F(Arrow, ReadsTruthValuesAndDecimals) {
  ASSERT_TRUE(read(file("numbers.arrows"), columns({{"bool"}, {"decimal"}})).ok());
  EXPECT_EQ(input_.number_row(0)[0], 0);
  EXPECT_EQ(input_.number_row(2)[0], 1);
  EXPECT_EQ(input_.number_row(0)[1], -0.1);
  EXPECT_EQ(input_.number_row(4)[1], 0.3);
  EXPECT_TRUE(std::isnan(input_.number_row(3)[0]));
}

TEST_F(Arrow, ReadsEveryTypeOfTexts) {
  ASSERT_TRUE(read(file("texts.arrows"), texts({"utf8", "large", "view", "category"})).ok());
  ASSERT_EQ(input_.rows(), 5U);
  for (size_t column = 0; column < 4; ++column) {
    EXPECT_TRUE(input_.string_row(0)[column].missing());
    EXPECT_EQ(input_.string_row(1)[column].view(), kLong);
    EXPECT_TRUE(input_.string_row(2)[column].is_text());
    EXPECT_EQ(input_.string_row(2)[column].view(), "");
    EXPECT_EQ(input_.string_row(3)[column].view(), "a");
  }
}

TEST_F(Arrow, WholeNumbersAreTextsWhereTheModelTakesThem) {
  Signature signature = texts({"int64"});
  EXPECT_EQ(error(file("numbers.arrows"), signature), "column 'int64': expected texts, got int64");
  signature.columns[0].takes_integers = true;
  ASSERT_TRUE(read(file("numbers.arrows"), signature).ok());
  EXPECT_EQ(input_.string_row(0)[0].view(), "-1");
}

TEST_F(Arrow, StructsAreRecords) {
  ASSERT_TRUE(read(file("struct.arrows"), columns({{"record", ColumnType::kRecord}})).ok());
  ASSERT_EQ(input_.rows(), 3U);
  const Batch batch = input_.batch();
  EXPECT_EQ(batch.records[0].count, 0U);  // null
  ASSERT_EQ(batch.records[1].count, 1U);
  EXPECT_EQ(batch.fields[batch.records[1].first].key, "age");
  ASSERT_EQ(batch.records[2].count, 2U);
  EXPECT_EQ(batch.fields[batch.records[2].first].value.view(), "Rome");
  EXPECT_EQ(batch.fields[batch.records[2].first + 1].value.real, 3);
}

TEST_F(Arrow, AModelOfRecordsTakesAllColumnsAsKeys) {
  Signature signature = columns({{"record", ColumnType::kRecord}});
  signature.rows_are_records = true;
  ASSERT_TRUE(read(file("texts.arrows"), signature).ok());
  const Batch batch = input_.batch();
  EXPECT_EQ(batch.records[0].count, 0U);
  EXPECT_EQ(batch.records[1].count, 4U);
  EXPECT_EQ(batch.fields[batch.records[1].first + 2].value.view(), kLong);
}

TEST_F(Arrow, OtherColumnsAreKeys) {
  ASSERT_TRUE(read(file("texts.arrows"), texts({"utf8"}), 2).ok());
  EXPECT_EQ(key_names_, (std::vector<std::string>{"large", "view", "category"}));
  ASSERT_EQ(keys_.size(), 6U);
  EXPECT_EQ(keys_[0].text, "null");
  EXPECT_EQ(keys_[5].text, kLong);
  EXPECT_EQ(input_.rows(), 2U);
}

TEST_F(Arrow, AModelWithoutNamesTakesColumnsInTheirOrder) {
  Signature signature = columns({{"x0"}});
  signature.columns_named = false;
  ASSERT_TRUE(read(file("packed.arrows"), signature).ok());
  EXPECT_EQ(input_.rows(), 1000U);
  EXPECT_EQ(input_.number_row(999)[0], 0.5);
  EXPECT_NE(error(file("texts.arrows"), signature).find("takes 1 columns, got 4"),
            std::string::npos);
}

TEST_F(Arrow, NamesWhatIsMissingAndWhatIsOfAWrongType) {
  EXPECT_EQ(error(file("texts.arrows"), columns({{"utf9"}})),
            "column 'utf9' is missing (there is 'utf8')");
  EXPECT_EQ(error(file("texts.arrows"), columns({{"category"}})),
            "column 'category': expected numbers, got dictionary of utf8");
  EXPECT_EQ(error(file("struct.arrows"), texts({"record"})),
            "column 'record': expected texts, got struct");
}

TEST_F(Arrow, RowsThatTakeNoBytesAreBounded) {
  const std::string bytes = file("nulls.arrows");
  ASSERT_LT(bytes.size(), 1000U);
  const Status status = read(bytes, columns({{"x"}}));
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status.message();
  EXPECT_TRUE(read(bytes, columns({{"x"}}), 1000).ok());
  EXPECT_EQ(input_.rows(), 1000U);
}

TEST_F(Arrow, CutAndChangedBytesAreErrors) {
  for (const char* name : {"numbers.arrows", "texts.arrow", "packed.arrows"}) {
    const std::string bytes = file(name);
    const Signature signature = texts({"utf8"});
    for (size_t size = 0; size < bytes.size(); size += 37) {
      const Status status = read(bytes.substr(0, size), signature);  // no crash; ASan judges
      EXPECT_TRUE(size >= 8 || !status.ok()) << size;
    }
    for (size_t place = 0; place < bytes.size(); place += 7) {
      std::string changed = bytes;
      changed[place] = static_cast<char>(~changed[place]);
      (void)read(changed, signature).ok();
    }
  }
  EXPECT_NE(error("no arrow", texts({"a"})).find("not a valid Arrow stream"), std::string::npos);
}

TEST_F(Arrow, WhatIsWrittenIsReadAgain) {
  ArrowTable table;
  table.rows = 9;
  std::vector<bool> truths(9, false);
  truths[8] = true;
  std::vector<StringCell> cells(9, StringCell::text("Rome"));
  cells[1] = StringCell::none();
  cells[2] = StringCell::number(0.5);
  table.columns = {{"number", std::vector<double>(9, 0.25)},
                   {"integer", std::vector<int64_t>(9, -7)},
                   {"truth", truths},
                   {"text", cells}};
  std::string bytes;
  ASSERT_TRUE(write_arrow(table, bytes).ok());
  EXPECT_TRUE(holds_arrow(bytes));
  ASSERT_TRUE(
      read(bytes, columns({{"number"}, {"integer"}, {"truth"}, {"text", ColumnType::kText}})).ok());
  ASSERT_EQ(input_.rows(), 9U);
  EXPECT_EQ(input_.number_row(8)[0], 0.25);
  EXPECT_EQ(input_.number_row(8)[1], -7);
  EXPECT_EQ(input_.number_row(8)[2], 1);
  EXPECT_EQ(input_.number_row(7)[2], 0);
  EXPECT_EQ(input_.string_row(0)[3].view(), "Rome");
  EXPECT_TRUE(input_.string_row(1)[3].missing());
  EXPECT_EQ(input_.string_row(2)[3].view(), "0.5");
}

}  // namespace
}  // namespace slipway::rows
