// Days of the proleptic Gregorian calendar, counted from 1970-01-01 (H. Hinnant,
// "chrono-Compatible Low-Level Date Algorithms"). Pure functions; every year of an int64 of
// seconds.
#pragma once

#include <cstdint>

namespace slipway {

struct CivilDay {
  int64_t year = 1970;
  int64_t month = 1;  // 1 to 12
  int64_t day = 1;    // 1 to 31
};

/// The 30th of February is the first or second of March.
int64_t days_from_civil(const CivilDay& day);
CivilDay civil_from_days(int64_t days);

}  // namespace slipway
