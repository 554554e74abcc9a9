#include "protocols/internal/media_type.h"

#include <gtest/gtest.h>

namespace slipway::protocols {
namespace {

constexpr std::string_view kOffered[] = {"application/json", "text/csv"};

/// The chosen type; empty if none is.
std::string_view chosen(std::string_view accept) {
  const std::optional<size_t> index = choose_media_type(accept, kOffered);
  return index ? kOffered[*index] : std::string_view();
}

TEST(MediaTypeTest, WithoutWishesTheFirstIsGiven) {
  for (const char* accept : {"", " ", "*/*", "*/*;q=0.1", "application/*", "*"}) {
    EXPECT_EQ(chosen(accept), "application/json") << accept;
  }
}

TEST(MediaTypeTest, TheGreatestQualityWins) {
  EXPECT_EQ(chosen("text/csv"), "text/csv");
  EXPECT_EQ(chosen("Text/CSV; charset=utf-8"), "text/csv");
  EXPECT_EQ(chosen("application/json;q=0.5, text/csv;q=0.9"), "text/csv");
  EXPECT_EQ(chosen("text/csv;q=0.5,application/json"), "application/json");
  EXPECT_EQ(chosen("text/html, text/csv;q=0.2, */*;q=0.1"), "text/csv");
  EXPECT_EQ(chosen("text/*, application/json;q=0.9"), "text/csv");
  EXPECT_EQ(chosen("*/*, text/csv"), "application/json");
  EXPECT_EQ(chosen("text/csv, */*"), "text/csv");
}

TEST(MediaTypeTest, TheMostPreciseRangeSaysWhatATypeIsWorth) {
  EXPECT_EQ(chosen("*/*, application/json;q=0.1"), "text/csv");
  EXPECT_EQ(chosen("application/json;q=0, */*"), "text/csv");
}

TEST(MediaTypeTest, WhatIsNotAcceptableIsNotChosen) {
  EXPECT_EQ(chosen("text/html"), "");
  EXPECT_EQ(chosen("application/json;q=0, text/csv;q=0.0"), "");
  EXPECT_EQ(chosen("text/csv2, json"), "");
}

TEST(MediaTypeTest, AQualityThatIsNoneCountsAsOne) {
  EXPECT_EQ(chosen("application/json;q=high, text/csv;q=0.9"), "application/json");
  EXPECT_EQ(chosen("application/json;q=7, text/csv"), "application/json");
  EXPECT_EQ(chosen(",,;q=1,/,text/csv;,"), "text/csv");
}

}  // namespace
}  // namespace slipway::protocols
