#include "base/civil_day.h"

#include <gtest/gtest.h>

namespace slipway {
namespace {

TEST(CivilDay, KnownDaysHaveTheirNumbers) {
  EXPECT_EQ(days_from_civil({1970, 1, 1}), 0);
  EXPECT_EQ(days_from_civil({2000, 2, 29}), 11016);  // date -d 2000-02-29 +%s
  EXPECT_EQ(days_from_civil({1969, 12, 31}), -1);
  EXPECT_EQ(days_from_civil({1, 1, 1}), -719162);  // datetime.date(1, 1, 1)
  EXPECT_EQ(days_from_civil({2023, 2, 30}), days_from_civil({2023, 3, 2}));
}

TEST(CivilDay, EveryDayComesBack) {
  CivilDay before = civil_from_days(-1'000'001);
  for (int64_t days = -1'000'000; days < 1'000'000; ++days) {
    const CivilDay day = civil_from_days(days);
    ASSERT_EQ(days_from_civil(day), days);
    const bool is_next = day.day == before.day + 1 || (day.day == 1 && before.day >= 28);
    ASSERT_TRUE(is_next) << days;
    before = day;
  }
}

}  // namespace
}  // namespace slipway
