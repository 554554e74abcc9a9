#include "base/civil_day.h"

namespace slipway {

int64_t days_from_civil(const CivilDay& day) {
  const int64_t y = day.year - (day.month <= 2 ? 1 : 0);
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t month = day.month + (day.month > 2 ? -3 : 9);
  const int64_t day_of_year = (153 * month + 2) / 5 + day.day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

CivilDay civil_from_days(int64_t days) {
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const int64_t day_of_era = days - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  CivilDay day;
  day.day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  day.month = month_from_march + (month_from_march < 10 ? 3 : -9);
  day.year = year_of_era + era * 400 + (day.month <= 2 ? 1 : 0);
  return day;
}

}  // namespace slipway
