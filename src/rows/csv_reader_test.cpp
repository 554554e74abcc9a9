#include "rows/csv_reader.h"

#include <gtest/gtest.h>

#include <sstream>

namespace slipway::rows {
namespace {

std::vector<std::vector<std::string>> read_all(const std::string& text, char separator = ',') {
  std::istringstream input(text);
  CsvReader reader(input, separator);
  std::vector<std::vector<std::string>> records;
  while (true) {
    const Result<bool> more = reader.next();
    if (!more.ok()) return {{more.status().message()}};
    if (!*more) return records;
    records.emplace_back(reader.fields().begin(), reader.fields().end());
  }
}

using Records = std::vector<std::vector<std::string>>;

TEST(CsvReaderTest, SplitsPlainRecordsWithEitherLineEnd) {
  EXPECT_EQ(read_all("a,b\r\n1,2\n3,4"), (Records{{"a", "b"}, {"1", "2"}, {"3", "4"}}));
  EXPECT_EQ(read_all("\xEF\xBB\xBF"
                     "a\tb\n",
                     '\t'),
            (Records{{"a", "b"}}));
}

TEST(CsvReaderTest, FindsTheSeparatorInTheFirstLine) {
  EXPECT_EQ(read_all("a;b;c\n1,5;2;3\n", CsvReader::kFindSeparator),
            (Records{{"a", "b", "c"}, {"1,5", "2", "3"}}));
  EXPECT_EQ(read_all("\n\"x,y,z\"\tb\n1\t2\n", CsvReader::kFindSeparator),
            (Records{{"x,y,z", "b"}, {"1", "2"}}));
  EXPECT_EQ(read_all("a\n1\n", CsvReader::kFindSeparator), (Records{{"a"}, {"1"}}));
}

TEST(CsvReaderTest, RefusesWhatIsNoText) {
  const auto error = [](std::string text) { return read_all(text)[0][0]; };
  EXPECT_NE(error("\xFF\xFE"
                  "a")
                .find("UTF-16"),
            std::string::npos);
  EXPECT_NE(error("\x1F\x8B\x08").find("compressed"), std::string::npos);
  EXPECT_NE(error("PAR1").find("Parquet"), std::string::npos);
  EXPECT_NE(error("a\ncaf\xE9\n").find("line 2: this is not valid UTF-8"), std::string::npos);
}

TEST(CsvReaderTest, KeepsEmptyFieldsAndPassesOverBlankLines) {
  EXPECT_EQ(read_all(",\n\n\r\n1,,"), (Records{{"", ""}, {"1", "", ""}}));
  EXPECT_EQ(read_all(""), Records{});
}

TEST(CsvReaderTest, QuotesHoldSeparatorsQuotesAndLineBreaks) {
  EXPECT_EQ(read_all("\"a,b\",\"say \"\"hi\"\"\"\n\"two\nlines\",x\n"),
            (Records{{"a,b", "say \"hi\""}, {"two\nlines", "x"}}));
}

TEST(CsvReaderTest, ErrorsNameTheLine) {
  EXPECT_EQ(read_all("a\n\"open\n")[0][0], "line 2: a quote is never closed");
  EXPECT_EQ(read_all("\"a\"b,\"c\"\n")[0][0], "line 1, field 1: text behind the closing quote");
}

TEST(CsvReaderTest, LongLinesAreReadWhole) {
  const std::string field(100'000, 'x');
  EXPECT_EQ(read_all(field + ",1\n" + field), (Records{{field, "1"}, {field}}));
}

TEST(CsvReaderTest, RecordsMayLieAcrossBlocks) {
  Records expected;
  std::string text;
  for (size_t size = 1; size < 70'000; size += 777) {
    const std::string field(size, static_cast<char>('a' + size % 26));
    expected.push_back({field, "say \"" + field + "\"\n"});
    text.append(field).append(",\"say \"\"").append(field).append("\"\"\n\"\r\n");
  }
  EXPECT_EQ(read_all(text), expected);
}

TEST(CsvReaderTest, LinesAreCountedThroughQuotesAndBlankLines) {
  std::istringstream input("a\n\n\"x\ny\"\nb\n");
  CsvReader reader(input, ',');
  std::vector<uint64_t> lines;
  while (reader.next().value()) lines.push_back(reader.line());
  EXPECT_EQ(lines, (std::vector<uint64_t>{1, 3, 5}));
}

TEST(CsvReaderTest, RefusesNulBytesByField) {
  EXPECT_EQ(read_all(std::string("a,b\n1,2\0\n", 9))[0][0],
            "line 2, field 2: a NUL byte; expected text");
}

TEST(CsvReaderTest, AQuoteWithinAFieldIsItself) {
  EXPECT_EQ(read_all("5\" disk,x\n"), (Records{{"5\" disk", "x"}}));
}

TEST(CsvReaderTest, TellsAQuotedEmptyFieldFromAMissingOne) {
  std::istringstream input("\"\",\n");
  CsvReader reader(input, ',');
  ASSERT_TRUE(reader.next().value());
  EXPECT_TRUE(reader.quoted(0));
  EXPECT_FALSE(reader.quoted(1));
}

}  // namespace
}  // namespace slipway::rows
