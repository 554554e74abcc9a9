#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "cli/row_source.h"

namespace slipway::cli {
namespace {

Signature named() {
  Signature signature;
  signature.columns = {{"age", false}, {"city", true}};
  signature.columns_named = true;
  signature.has_text = true;
  return signature;
}

Signature unnamed() {
  Signature signature;
  signature.columns = {{"x0", false}, {"x1", false}};
  return signature;
}

struct Rows {
  std::vector<std::string> key_names;
  std::vector<std::string> keys;
  InputBuffer input;
  Status status;
};

Rows read(const std::string& text, const Signature& signature, bool json = false,
          const std::vector<std::string>& keys = {}) {
  std::istringstream stream(text);
  Rows rows;
  auto source =
      json ? open_json_rows(stream, signature, keys) : open_csv_rows(stream, ',', signature, keys);
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
  EXPECT_EQ(rows.keys, (std::vector<std::string>{"7", "8"}));
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
  EXPECT_EQ(keyed.keys, std::vector<std::string>{"5"});
}

TEST(RowsTest, JsonErrorsNameTheLine) {
  EXPECT_EQ(
      read("{\"age\": 1, \"city\": \"x\"}\n{\"age\": \"1\", \"city\": \"x\"}\n", named(), true)
          .status.message(),
      "line 2: 'age': expected a number, got a text");
  EXPECT_EQ(read("{\"age\": 1}\n", named(), true).status.message(), "line 1: 'city' is missing");
  EXPECT_FALSE(read("{\"age\": \n", named(), true).status.ok());
}

}  // namespace
}  // namespace slipway::cli
