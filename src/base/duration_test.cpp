#include "base/duration.h"

#include <gtest/gtest.h>

namespace slipway {
namespace {

TEST(Duration, TakesNumbersWithAUnit) {
  EXPECT_EQ(parse_duration("30"), 30);
  EXPECT_EQ(parse_duration("1.5s"), 1.5);
  EXPECT_EQ(parse_duration("500ms"), 0.5);
  EXPECT_EQ(parse_duration("250 us"), 250e-6);
  EXPECT_EQ(parse_duration("2M"), 120);
  EXPECT_EQ(parse_duration("1h"), 3600);
  EXPECT_EQ(parse_duration("0"), 0);
}

TEST(Duration, RefusesAnythingElse) {
  for (const char* text : {"", "ms", "-1", "nan", "inf", "1e9", "5 days", "1s ", "1ns", "0x10"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace slipway
