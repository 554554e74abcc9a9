#include "base/json_nonfinite.h"

#include <gtest/gtest.h>

#include <string>

namespace slipway {
namespace {

TEST(JsonNonfinite, BareWordsAreReplacedAndStringsAreNot) {
  std::vector<char> out;
  std::vector<size_t> nans;
  ASSERT_TRUE(replace_json_nonfinite(R"([NaN, -Infinity, "NaN \" Infinity", NaN])", out, nans));
  EXPECT_EQ(std::string(out.begin(), out.end()), R"([null, -1e999, "NaN \" Infinity", null])");
  EXPECT_EQ(nans, (std::vector<size_t>{1, 34}));
}

TEST(JsonNonfinite, SaysWhenThereIsNothingToReplace) {
  std::vector<char> out;
  std::vector<size_t> nans;
  EXPECT_FALSE(replace_json_nonfinite(R"({"NaN": null, "x": "\\"})", out, nans));
  EXPECT_FALSE(replace_json_nonfinite("\"open NaN", out, nans));
}

}  // namespace
}  // namespace slipway
