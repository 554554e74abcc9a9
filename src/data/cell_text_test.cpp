#include "data/cell_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace slipway::data {
namespace {

double number(std::string_view text, char decimal = '.') {
  const NumberText parsed = parse_number(text, decimal);
  return parsed.form == NumberForm::kNumber ? parsed.value
                                            : std::numeric_limits<double>::quiet_NaN();
}

TEST(CellTextTest, NumbersHaveSignFractionAndExponent) {
  EXPECT_EQ(number("12"), 12);
  EXPECT_EQ(number(" -1.5e3 "), -1500);
  EXPECT_EQ(number("+.5"), 0.5);
  EXPECT_EQ(number("0"), 0);
  EXPECT_EQ(number("0.1"), 0.1);
  EXPECT_EQ(number("1e999"), INFINITY);
  EXPECT_EQ(number("-1e-999"), 0);
  EXPECT_EQ(number("-inf"), -INFINITY);
}

TEST(CellTextTest, OtherWordsAreNoNumbers) {
  for (const char* text :
       {"", "x", "1x", "1 2", "--1", "+-1", "nan", "0x10", "1_000", "1,5", "e5"}) {
    EXPECT_EQ(parse_number(text).form, NumberForm::kNone) << text;
  }
}

TEST(CellTextTest, DigitsThatAreNoQuantityAreIdentifiers) {
  for (const char* text :
       {"007", "00", "-01", "00.5", "12345678901234567890", "9007199254740993000"}) {
    EXPECT_EQ(parse_number(text).form, NumberForm::kIdentifier) << text;
  }
  EXPECT_EQ(parse_number("9007199254740992").form, NumberForm::kNumber);
  EXPECT_EQ(parse_number("12345678901234567890.5").form, NumberForm::kNumber);
}

TEST(CellTextTest, ADecimalCommaIsReadOnlyWhereItIsOne) {
  EXPECT_EQ(number("1,5", ','), 1.5);
  EXPECT_EQ(number("12", ','), 12);
  EXPECT_TRUE(std::isnan(number("1.234,5", ',')));
  EXPECT_TRUE(std::isnan(number("1,2,3", ',')));
}

// Expected seconds by Python's datetime.
TEST(CellTextTest, TimesAreSecondsOfUtc) {
  EXPECT_EQ(parse_time("1970-01-01", "iso8601"), 0);
  EXPECT_EQ(parse_time("2024-02-29", "iso8601"), 1709164800);
  EXPECT_EQ(parse_time("2024-05-01T12:30:15.25+02:00", "iso8601"), 1714559415.25);
  EXPECT_EQ(parse_time("2024-05-01 12:30", "iso8601"), 1714566600);
  EXPECT_EQ(parse_time("2024-05-01 12:30:00Z", "iso8601"), 1714566600);
  EXPECT_EQ(parse_time("1900-03-01", "iso8601"), -2203891200);
  EXPECT_EQ(parse_time("31/12/1999 11:59 PM", "%d/%m/%Y %I:%M %p"), 946684740);
  EXPECT_EQ(parse_time("5 May 24", "%d %b %y"), 1714867200);
}

TEST(CellTextTest, DaysThatAreNoneAreRefused) {
  for (const char* text : {"2023-02-29", "2024-13-01", "2024-00-10", "2024-01-32", "2024-1-01",
                           "2024-01-01T24:00", "2024-01-01T10:60", "2024-01-01x", "24-01-01"}) {
    EXPECT_EQ(parse_time(text, "iso8601"), std::nullopt) << text;
  }
}

TEST(CellTextTest, FormsThatSayTheirOrderAreFound) {
  EXPECT_EQ(find_time_format("2024-05-01"), "iso8601");
  EXPECT_EQ(find_time_format("2024/05/01 10:00:00"), "%Y/%m/%d %H:%M:%S");
  EXPECT_EQ(find_time_format("01.05.2024"), "%d.%m.%Y");
  EXPECT_EQ(find_time_format("1 May 2024"), "%d %b %Y");
  EXPECT_EQ(find_time_format("October 1, 2024"), "%B %d, %Y");
  EXPECT_EQ(find_time_format("01/05/2024"), "");  // January or May?
  EXPECT_EQ(find_time_format("hello world"), "");
}

TEST(CellTextTest, FormatsNeedAYearAndKnownDirectives) {
  EXPECT_EQ(time_format_error("%d/%m/%Y"), "");
  EXPECT_NE(time_format_error("%H:%M"), "");
  EXPECT_NE(time_format_error("%Y %q"), "");
  EXPECT_NE(time_format_error("%Y %"), "");
}

TEST(CellTextTest, TimesAndNumbersArePrintedAsTheyAreRead) {
  for (const char* text : {"2024-05-01T12:30:15Z", "1969-12-31T23:59:59Z", "1900-02-28T00:00:00Z",
                           "2000-02-29T00:00:00Z", "0001-01-01T00:00:00Z"}) {
    EXPECT_EQ(time_text(parse_time(text, "iso8601").value()), text);
  }
  EXPECT_EQ(time_text(0.25), "1970-01-01T00:00:00.250000Z");
  EXPECT_EQ(number_text(12), "12");
  EXPECT_EQ(number_text(0.1), "0.1");
  EXPECT_EQ(number_text(1e300), "1e+300");
}

}  // namespace
}  // namespace slipway::data
