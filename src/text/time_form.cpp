#include "text/time_form.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace slipway::text {
namespace {

constexpr double kDaySeconds = 86400;
constexpr std::string_view kIso = kIsoForm;
/// Forms that say by themselves which number is the day: with slashes, day and month may be
/// exchanged unless the year comes first, so those need a schema.
constexpr std::string_view kKnownFormats[] = {
    kIso,       "%Y/%m/%d",       "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M",
    "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d %b %Y",
    "%d-%b-%Y", "%b %d, %Y",      "%d %B %Y",          "%B %d, %Y"};

constexpr std::array<std::string_view, 12> kMonths = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Reads a text from its front.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }
  char front() const { return rest_.empty() ? '\0' : rest_.front(); }

  bool take(char c) {
    if (front() != c || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// From `digits_min` to `digits_max` digits.
  bool number(size_t digits_min, size_t digits_max, int& value) {
    size_t count = 0;
    value = 0;
    while (count < digits_max && count < rest_.size() && is_digit(rest_[count])) {
      value = value * 10 + (rest_[count++] - '0');
    }
    rest_.remove_prefix(count);
    return count >= digits_min;
  }
  /// ".25" behind seconds; nothing if it is not there.
  void fraction(double& value) {
    if (rest_.size() < 2 || rest_[0] != '.' || !is_digit(rest_[1])) return;
    size_t count = 1;
    while (count < rest_.size() && is_digit(rest_[count])) ++count;
    std::from_chars(rest_.data(), rest_.data() + count, value);
    rest_.remove_prefix(count);
  }
  /// A month's name, or its first three letters.
  bool month(bool is_whole, int& value) {
    for (size_t i = 0; i < kMonths.size(); ++i) {
      if (!word(is_whole ? kMonths[i] : kMonths[i].substr(0, 3))) continue;
      value = static_cast<int>(i) + 1;
      return true;
    }
    return false;
  }
  bool word(std::string_view lower) {
    if (rest_.size() < lower.size()) return false;
    for (size_t i = 0; i < lower.size(); ++i) {
      if (static_cast<char>(static_cast<unsigned char>(rest_[i]) | 0x20U) != lower[i]) return false;
    }
    rest_.remove_prefix(lower.size());
    return true;
  }
  /// "Z", "+01:00", "+0100", "+01": seconds east of Greenwich.
  bool zone(int& seconds) {
    seconds = 0;
    if (take('Z') || take('z')) return true;
    const bool is_west = front() == '-';
    if (!take('+') && !take('-')) return false;
    int hours = 0;
    int minutes = 0;
    if (!number(2, 2, hours)) return false;
    const bool has_colon = take(':');
    if ((has_colon || is_digit(front())) && !number(2, 2, minutes)) return false;
    if (hours > 23 || minutes > 59) return false;
    seconds = (hours * 3600 + minutes * 60) * (is_west ? -1 : 1);
    return true;
  }

 private:
  std::string_view rest_;
};

struct Moment {
  int year = 0;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  double fraction = 0;
  int zone_seconds = 0;
  int half_day = -1;  // 0: AM, 1: PM
};

/// Days since 1970-01-01 in the Gregorian calendar (H. Hinnant, "chrono-compatible low-level date
/// algorithms", days_from_civil).
int64_t days_of(int year, int month, int day) {
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

int days_in(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && is_leap ? 29 : kDays[month - 1];
}

std::optional<double> seconds_of(Moment moment) {
  if (moment.half_day >= 0) {
    if (moment.hour < 1 || moment.hour > 12) return std::nullopt;
    moment.hour = moment.hour % 12 + 12 * moment.half_day;
  }
  const bool is_day = moment.month >= 1 && moment.month <= 12 && moment.day >= 1 &&
                      moment.day <= days_in(moment.year, moment.month);
  const bool is_time = moment.hour <= 23 && moment.minute <= 59 && moment.second <= 59;
  if (!is_day || !is_time) return std::nullopt;
  const auto days = static_cast<double>(days_of(moment.year, moment.month, moment.day));
  return days * kDaySeconds + moment.hour * 3600 + moment.minute * 60 + moment.second +
         moment.fraction - moment.zone_seconds;
}

std::optional<double> parse_iso(std::string_view text) {
  Cursor cursor(text);
  Moment moment;
  if (!cursor.number(4, 4, moment.year) || !cursor.take('-')) return std::nullopt;
  if (!cursor.number(2, 2, moment.month) || !cursor.take('-')) return std::nullopt;
  if (!cursor.number(2, 2, moment.day)) return std::nullopt;
  if (cursor.done()) return seconds_of(moment);
  if (!cursor.take('T') && !cursor.take(' ') && !cursor.take('t')) return std::nullopt;
  if (!cursor.number(2, 2, moment.hour) || !cursor.take(':')) return std::nullopt;
  if (!cursor.number(2, 2, moment.minute)) return std::nullopt;
  if (cursor.take(':')) {
    if (!cursor.number(2, 2, moment.second)) return std::nullopt;
    cursor.fraction(moment.fraction);
  }
  cursor.take(' ');
  if (!cursor.done() && !cursor.zone(moment.zone_seconds)) return std::nullopt;
  return cursor.done() ? seconds_of(moment) : std::nullopt;
}

/// One directive of a format, the letter behind its '%'.
bool take_directive(char directive, Cursor& cursor, Moment& moment) {
  switch (directive) {
    case 'Y': return cursor.number(4, 4, moment.year);
    case 'y':
      if (!cursor.number(2, 2, moment.year)) return false;
      moment.year += moment.year < 69 ? 2000 : 1900;  // POSIX strptime
      return true;
    case 'm': return cursor.number(1, 2, moment.month);
    case 'd': return cursor.number(1, 2, moment.day);
    case 'b': return cursor.month(false, moment.month);
    case 'B': return cursor.month(true, moment.month);
    case 'I':
    case 'H': return cursor.number(1, 2, moment.hour);
    case 'M': return cursor.number(2, 2, moment.minute);
    case 'S':
      if (!cursor.number(2, 2, moment.second)) return false;
      cursor.fraction(moment.fraction);
      return true;
    case 'p':
      moment.half_day = cursor.word("am") ? 0 : cursor.word("pm") ? 1 : -1;
      return moment.half_day >= 0;
    case 'z': return cursor.zone(moment.zone_seconds);
    default: return cursor.take(directive);  // %%
  }
}

}  // namespace

std::string_view find_time_format(std::string_view text) {
  constexpr size_t kShortest = 8;  // "1 May 24" is none of them
  constexpr size_t kLongest = 48;
  text = trimmed(text);
  if (text.size() < kShortest || text.size() > kLongest) return "";
  for (const std::string_view format : kKnownFormats) {
    if (parse_time(text, format).has_value()) return format;
  }
  return "";
}

std::string time_format_error(std::string_view format) {
  if (format == kIso) return "";
  bool has_year = false;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    const char directive = ++i < format.size() ? format[i] : '\0';
    if (directive == '\0' ||
        std::string_view("YymdbBHIpMSz%").find(directive) == std::string_view::npos) {
      return fmt::format(
          "expected %Y %y %m %d %b %B %H %I %p %M %S %z or %% in a time's format, got '{}'",
          format);
    }
    has_year = has_year || directive == 'Y' || directive == 'y';
  }
  return has_year ? "" : fmt::format("expected a time's format with a year (%Y), got '{}'", format);
}

std::optional<double> parse_time(std::string_view text, std::string_view format) {
  text = trimmed(text);
  if (format == kIso) return parse_iso(text);
  Cursor cursor(text);
  Moment moment;
  for (size_t i = 0; i < format.size(); ++i) {
    const bool is_directive = format[i] == '%' && i + 1 < format.size();
    if (is_directive ? !take_directive(format[++i], cursor, moment) : !cursor.take(format[i])) {
      return std::nullopt;
    }
  }
  return cursor.done() ? seconds_of(moment) : std::nullopt;
}

std::string time_text(double seconds) {
  constexpr double kSecondsMax = 253402300800;  // the year 10000
  constexpr double kSecondsMin = -62135596800;  // the year 1
  if (!(seconds >= kSecondsMin && seconds < kSecondsMax)) return fmt::format("{}", seconds);
  // To microseconds: a float64 of today's seconds holds no more.
  const double whole = std::floor(seconds);
  auto micros = static_cast<int64_t>(std::llround((seconds - whole) * 1e6));
  const int64_t total = static_cast<int64_t>(whole) + micros / 1'000'000;
  micros %= 1'000'000;
  const int64_t days = (total >= 0 ? total : total - 86399) / 86400;
  const int64_t rest = total - days * 86400;
  // H. Hinnant, civil_from_days.
  const int64_t shifted = days + 719468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const int64_t day_of_era = shifted - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", year, month, day,
                                 rest / 3600, rest / 60 % 60, rest % 60);
  if (micros != 0) text += fmt::format(".{:06}", micros);
  text += 'Z';
  return text;
}

}  // namespace slipway::text
