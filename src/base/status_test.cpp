#include "base/status.h"

#include <gtest/gtest.h>

namespace slipway {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0)
    return invalid_argument("expected an even number, got " + std::to_string(value));
  return value / 2;
}

Result<int> quarter(int value) { return half(TRY(half(value))); }

Status check_even(int value) {
  TRY_STATUS(half(value).status());
  return {};
}

TEST(StatusTest, TryPassesValuesAndErrorsOn) {
  EXPECT_EQ(quarter(12).value(), 3);
  EXPECT_EQ(quarter(6).status().message(), "expected an even number, got 3");
  EXPECT_TRUE(check_even(2).ok());
  EXPECT_EQ(check_even(3).code(), StatusCode::kInvalidArgument);
}

TEST(StatusTest, ContextGoesBeforeTheMessageOfAnErrorOnly) {
  EXPECT_EQ(not_found("no file").with_context("loading iris").to_string(),
            "NOT_FOUND: loading iris: no file");
  EXPECT_TRUE(Status().with_context("anything").ok());
}

TEST(StatusTest, CopiesAreIndependent) {
  const Status original = data_loss("cut");
  Status copy = original;
  copy = std::move(copy).with_context("here");
  EXPECT_EQ(original.message(), "cut");
  EXPECT_EQ(copy.message(), "here: cut");
}

}  // namespace
}  // namespace slipway
