#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "rows/row_source.h"

namespace slipway::rows {
namespace {

Signature named() {
  Signature signature;
  signature.columns = {{"age"}, {"city", ColumnType::kText}};
  signature.columns_named = true;
  signature.matrices.strings = true;
  return signature;
}

Signature unnamed() {
  Signature signature;
  signature.columns = {{"x0"}, {"x1"}};
  return signature;
}

struct Rows {
  std::vector<std::string> key_names;
  std::vector<KeyCell> keys;
  InputBuffer input;
  Status status;
};

std::vector<std::string> texts(const Rows& rows) {
  std::vector<std::string> texts;
  for (const KeyCell& cell : rows.keys) texts.push_back(cell.text);
  return texts;
}

Rows read(const std::string& text, const Signature& signature, bool json = false,
          const std::vector<std::string>& keys = {}) {
  std::istringstream stream(text);
  Rows rows;
  auto source =
      json ? open_json_rows(stream, signature, keys) : open_csv_rows(stream, {}, signature, keys);
  if (!source.ok()) {
    rows.status = source.status();
    return rows;
  }
  rows.key_names = (*source)->key_names();
  rows.status = (*source)->next(100, rows.input, rows.keys).status();
  return rows;
}

TEST(RowsTest, CsvColumnsAreMatchedByNameAndTheRestIsPassedThrough) {
  Rows rows = read("id,city,age\n7,Oslo,31\n8,,\n", named());
  ASSERT_TRUE(rows.status.ok()) << rows.status.to_string();
  EXPECT_EQ(rows.key_names, std::vector<std::string>{"id"});
  EXPECT_EQ(texts(rows), (std::vector<std::string>{"7", "8"}));
  EXPECT_EQ(rows.input.number_row(0)[0], 31);
  EXPECT_EQ(rows.input.string_row(0)[1].view(), "Oslo");
  EXPECT_TRUE(std::isnan(rows.input.number_row(1)[0]));
  EXPECT_EQ(rows.input.string_row(1)[1].kind, StringCell::Kind::kAbsent);
}

TEST(RowsTest, CsvWithoutNamesGoesByPositionWithOrWithoutHeader) {
  for (const char* text : {"1,2\n3,4\n", "a,b\n1,2\n3,4\n"}) {
    Rows rows = read(text, unnamed());
    ASSERT_TRUE(rows.status.ok()) << rows.status.to_string();
    EXPECT_EQ(rows.input.rows(), 2U);
    EXPECT_EQ(rows.input.number_row(1)[1], 4);
  }
}

TEST(RowsTest, CsvOfAModelWithoutNamesTakesTheColumnsThatAreNoKeyInTheirOrder) {
  Rows keyed = read("id,a,b\n7,1,2\n", unnamed(), false, {"id"});
  ASSERT_TRUE(keyed.status.ok()) << keyed.status.to_string();
  EXPECT_EQ(keyed.input.number_row(0)[0], 1);
  EXPECT_EQ(texts(keyed), std::vector<std::string>{"7"});
  Rows named_so = read("x1,id,x0\n2,7,1\n", unnamed());
  ASSERT_TRUE(named_so.status.ok()) << named_so.status.to_string();
  EXPECT_EQ(named_so.input.number_row(0)[0], 1);
  EXPECT_EQ(texts(named_so), std::vector<std::string>{"7"});
  // More columns than the model has: which of them are features cannot be known.
  for (const char* text : {"id,a,b\n7,1,2\n", "1,2,setosa\n3,4,virginica\n"}) {
    EXPECT_EQ(read(text, unnamed()).status.message(),
              "line 1: the model was trained without column names and takes 2 columns, got 3; "
              "--keys says which are none of them");
  }
}

TEST(RowsTest, CsvHeaderOfAModelWithoutNamesIsToldByTextWhereANumberBelongs) {
  Signature mixed = unnamed();
  mixed.columns[1].type = ColumnType::kText;
  mixed.matrices.strings = true;
  EXPECT_EQ(read("age,city\n1,Oslo\n", mixed).input.rows(), 1U);
  EXPECT_EQ(read("1,Oslo\n2,Rome\n", mixed).input.rows(), 2U);
}

TEST(RowsTest, CsvReadsMissingValuesAndTruthsAsPandasDoes) {
  Rows rows = read("age,city\nTRUE,\"\"\nNA,NA\nfalse,null\n", named());
  ASSERT_TRUE(rows.status.ok()) << rows.status.to_string();
  EXPECT_EQ(rows.input.number_row(0)[0], 1);
  EXPECT_TRUE(std::isnan(rows.input.number_row(1)[0]));
  for (size_t row = 0; row < 3; ++row) EXPECT_TRUE(rows.input.string_row(row)[1].missing());
}

TEST(RowsTest, CsvErrorsNameLineAndColumn) {
  EXPECT_EQ(read("age,city\nx,Oslo\n", named()).status.message(),
            "line 2, column 'age': expected a number, got 'x'");
  EXPECT_EQ(read("agee,city\n1,Oslo\n", named()).status.message(),
            "line 1: column 'age' is missing (there is 'agee')");
  EXPECT_EQ(read("age,city\n1\n", named()).status.message(), "line 2: expected 2 fields, got 1");
  EXPECT_EQ(read("age,age,city\n1,2,x\n", named()).status.message(),
            "line 1: column 'age' stands there twice");
  EXPECT_EQ(read("1,2,3\n", unnamed()).status.message(), "line 1: expected 2 columns, got 3");
  EXPECT_EQ(read("", unnamed()).status.message(), "the input is empty");
}

TEST(RowsTest, NumbersBeyondTheRangeOfDoublesBecomeInfinityOrZero) {
  Rows rows = read("1e999,-1e-999\n", unnamed());
  ASSERT_TRUE(rows.status.ok());
  EXPECT_TRUE(std::isinf(rows.input.number_row(0)[0]));
  EXPECT_EQ(rows.input.number_row(0)[1], 0);
}

TEST(RowsTest, JsonLinesTakeObjectsAndArrays) {
  Rows rows = read("{\"age\": 31, \"city\": null, \"id\": 5}\n\n[32, \"Oslo\"]\n", named(), true);
  ASSERT_TRUE(rows.status.ok()) << rows.status.to_string();
  EXPECT_EQ(rows.input.rows(), 2U);
  EXPECT_TRUE(rows.input.string_row(0)[1].missing());
  EXPECT_EQ(rows.input.string_row(1)[1].view(), "Oslo");
  Rows keyed = read("{\"age\": 31, \"city\": \"x\", \"id\": 5}\n", named(), true, {"id"});
  EXPECT_EQ(texts(keyed), std::vector<std::string>{"5"});
}

TEST(RowsTest, JsonTakesOneArrayOfRowsToo) {
  for (const char* text :
       {"[{\"age\": 1, \"city\": \"x\", \"id\": \"a\"}, {\"age\": NaN, \"city\": NaN}]",
        "\n[\n  {\"age\": 1, \"city\": \"x\", \"id\": \"a\"},\n  {\"age\": null,\n"
        "\"city\": null}\n]\n"}) {
    Rows rows = read(text, named(), true);
    ASSERT_TRUE(rows.status.ok()) << rows.status.to_string();
    EXPECT_EQ(rows.input.rows(), 2U);
    EXPECT_EQ(rows.key_names, std::vector<std::string>{"id"});
    EXPECT_EQ(texts(rows), (std::vector<std::string>{"a", "null"}));
    EXPECT_TRUE(std::isnan(rows.input.number_row(1)[0]));
    EXPECT_TRUE(rows.input.string_row(1)[1].missing());
  }
  EXPECT_EQ(read("[[1, \"x\"], [2]]", named(), true).status.message(),
            "row 2: expected 2 values, got 1");
  EXPECT_EQ(read("[]", named(), true).input.rows(), 0U);
}

TEST(RowsTest, JsonErrorsNameTheLine) {
  EXPECT_EQ(
      read("{\"age\": 1, \"city\": \"x\"}\n{\"age\": \"1\", \"city\": \"x\"}\n", named(), true)
          .status.message(),
      "line 2: 'age': expected a number, got a text");
  EXPECT_EQ(read("{\"age\": 1}\n", named(), true).status.message(), "line 1: 'city' is missing");
  EXPECT_FALSE(read("{\"age\": \n", named(), true).status.ok());
}

Signature records() {
  Signature signature;
  signature.columns = {{"record", ColumnType::kRecord}};
  signature.rows_are_records = true;
  signature.matrices.records = true;
  return signature;
}

/// "city='London' wind=2.5", or what is wrong.
std::string record_text(const Rows& rows, size_t row) {
  if (!rows.status.ok()) return rows.status.to_string();
  const Batch batch = rows.input.batch();
  const Record& record = batch.records[row];
  std::string text;
  for (uint32_t i = 0; i < record.count; ++i) {
    const RecordField& field = batch.fields[record.first + i];
    text += (i == 0 ? "" : " ") + std::string(field.key) + "=";
    text += field.value.is_number() ? fmt::format("{}", field.value.real)
            : field.value.missing() ? "null"
                                    : fmt::format("'{}'", field.value.view());
  }
  return text;
}

TEST(RowsTest, JsonObjectsAreRecordsWhereTheModelTakesThem) {
  const std::string text =
      "{\"city\":\"London\",\"wind\":2.5,\"rain\":true,\"x\":null}\n"
      "{\"tags\":[\"a\",\"b\"],\"none\":[]}\n{}\n";
  const Rows rows = read(text, records(), true);
  EXPECT_EQ(record_text(rows, 0), "city='London' wind=2.5 rain=1 x=null");
  EXPECT_EQ(record_text(rows, 1), "tags='a' tags='b'");
  EXPECT_EQ(record_text(rows, 2), "");
}

TEST(RowsTest, RecordsInCsvNeedTheHeaderThatNamesThem) {
  std::istringstream stream("London,2.5\n");
  const auto source = open_csv_rows(stream, {.no_header = true}, records(), {});
  EXPECT_EQ(source.status().code(), StatusCode::kInvalidArgument);
}

TEST(RowsTest, KeysThatArePassedThroughAreNoneOfTheRecord) {
  const Rows json = read("{\"id\":{\"a\":7},\"wind\":1}\n", records(), true, {"id"});
  EXPECT_EQ(record_text(json, 0), "wind=1");
  EXPECT_EQ(texts(json), std::vector<std::string>{"{\"a\":7}"});
  const Rows csv = read("wind,id\n1,7\n", records(), false, {"id"});
  EXPECT_EQ(record_text(csv, 0), "wind=1");
  EXPECT_EQ(texts(csv), std::vector<std::string>{"7"});
}

TEST(RowsTest, CsvColumnsAreKeysOfTheRecord) {
  const Rows rows = read("city,zip,wind\nLondon,\"10115\",2.5\n,NA,-1\n", records());
  EXPECT_EQ(record_text(rows, 0), "city='London' zip='10115' wind=2.5");
  EXPECT_EQ(record_text(rows, 1), "wind=-1");
}

TEST(RowsTest, BrokenRecordsAreNamed) {
  const auto error = [](const std::string& text, bool json) {
    return std::string(read(text, records(), json).status.message());
  };
  EXPECT_EQ(
      error("{\"a\":{\"b\":1}}\n", true),
      "line 1: 'a': expected a number, a text, true or false, null or a list of texts, got an "
      "object");
  EXPECT_EQ(error("{}\n{\"a\":[1]}\n", true),
            "line 2: 'a': expected texts in the list, got a number");
  EXPECT_EQ(error("[1]\n", true), "line 1: expected an object, got an array");
  EXPECT_EQ(error("{\"a\":1,\"a\":2}\n", true), "line 1: the key \"a\" is given twice");
  EXPECT_EQ(error("a,a\n1,2\n", false), "line 1: column 'a' stands there twice");
  Signature beside = named();
  beside.columns.push_back({"weather", ColumnType::kRecord});
  beside.matrices.records = true;
  EXPECT_NE(read("age,city,weather\n1,a,b\n", beside).status.message().find("JSON lines"),
            std::string::npos);
  EXPECT_EQ(
      record_text(read("{\"age\":1,\"city\":\"a\",\"weather\":{\"wind\":3}}\n", beside, true), 2),
      "wind=3");
}

}  // namespace
}  // namespace slipway::rows
