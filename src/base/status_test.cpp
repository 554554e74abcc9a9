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

// What TRY rests on, and the language leaves to the compiler: a return out of the arguments of a
// call destroys the others, made before or after. What tools/check_try refuses is where it does
// not.
struct Counted {
  static int alive;
  Counted() { ++alive; }
  Counted(const Counted&) { ++alive; }
  Counted(Counted&&) noexcept { ++alive; }
  ~Counted() { --alive; }
  Counted& with(int) { return *this; }
};
int Counted::alive = 0;

Result<Counted> counted() { return Counted(); }
Result<Counted> uncounted() { return invalid_argument("none"); }
int by_value(Counted, Counted) { return 1; }
int by_reference(const Counted&, const Counted&) { return 1; }

Result<int> last_fails() { return by_value(TRY(counted()), TRY(uncounted())); }
Result<int> first_fails() { return by_value(TRY(uncounted()), TRY(counted())); }
Result<int> last_of_references_fails() { return by_reference(TRY(counted()), TRY(uncounted())); }
Result<int> first_of_references_fails() { return by_reference(TRY(uncounted()), TRY(counted())); }
Result<int> fails_behind_a_temporary() { return by_value(Counted(), TRY(uncounted())); }
Result<int> fails_before_a_temporary() { return by_value(TRY(uncounted()), Counted()); }
Result<int> fails_behind_its_object() {
  Counted().with(1).with(TRY(half(1)));
  return 1;
}
Result<int> fails_in_a_choice() {
  const Counted chosen = TRY(half(2)) == 1 ? TRY(uncounted()) : Counted();
  return by_reference(chosen, chosen);
}

TEST(StatusTest, AFailedTryLeavesNothingOfTheOtherArgumentsBehind) {
  for (const auto function :
       {last_fails, first_fails, last_of_references_fails, first_of_references_fails,
        fails_behind_a_temporary, fails_before_a_temporary, fails_behind_its_object,
        fails_in_a_choice}) {
    EXPECT_FALSE(function().ok());
    EXPECT_EQ(Counted::alive, 0);
  }
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
