#include "engine/kernels/calendar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/civil_day.h"

namespace slipway::engine {
namespace {

constexpr int64_t kDaySeconds = 86400;

/// Takes texts apart from the left.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }
  bool take(std::string_view one_of) {
    if (rest_.empty() || one_of.find(rest_[0]) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<int64_t> digits(size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int64_t value = 0;
    for (size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  double fraction() {
    double value = 0;
    double unit = 0.1;
    while (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9') {
      value += (rest_[0] - '0') * unit;
      unit /= 10;
      rest_.remove_prefix(1);
    }
    return value;
  }

 private:
  std::string_view rest_;
};

std::optional<double> parse_date(Scanner& scanner) {
  const auto year = scanner.digits(4);
  if (!year || !scanner.take("-")) return std::nullopt;
  const auto month = scanner.digits(2);
  if (!month || !scanner.take("-")) return std::nullopt;
  const auto day = scanner.digits(2);
  if (!day || *month < 1 || *month > 12 || *day < 1) return std::nullopt;
  const int64_t days = days_from_civil({*year, *month, *day});
  // The 30th of February comes back as another day.
  if (civil_from_days(days).day != *day) return std::nullopt;
  return static_cast<double>(days * kDaySeconds);
}

std::optional<double> parse_clock(Scanner& scanner) {
  const auto hour = scanner.digits(2);
  if (!hour || *hour > 23 || !scanner.take(":")) return std::nullopt;
  const auto minute = scanner.digits(2);
  if (!minute || *minute > 59) return std::nullopt;
  if (!scanner.take(":")) return static_cast<double>(*hour * 3600 + *minute * 60);
  const auto second = scanner.digits(2);
  if (!second || *second > 59) return std::nullopt;
  const double fraction = scanner.take(".") ? scanner.fraction() : 0;
  return static_cast<double>(*hour * 3600 + *minute * 60 + *second) + fraction;
}

struct Moment {
  CivilDay date;
  int64_t days = 0;
  double second_of_day = 0;
};

std::optional<Moment> moment_of(double seconds) {
  constexpr double kSecondsMax = 2.5e11;  // about year 9892
  if (!(std::fabs(seconds) < kSecondsMax)) return std::nullopt;
  Moment moment;
  const double days = std::floor(seconds / kDaySeconds);
  moment.days = static_cast<int64_t>(days);
  moment.second_of_day = seconds - days * kDaySeconds;
  moment.date = civil_from_days(moment.days);
  return moment;
}

int64_t weekday(const Moment& moment) { return ((moment.days + 3) % 7 + 7) % 7; }
int64_t day_of_year(const Moment& moment) {
  return moment.days - days_from_civil({moment.date.year, 1, 1}) + 1;
}

constexpr std::array<std::string_view, 7> kDays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                   "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};

void append_part(char letter, const Moment& moment, fmt::memory_buffer& out) {
  const auto clock = static_cast<int64_t>(moment.second_of_day);
  const auto to = std::back_inserter(out);
  const int64_t hour = clock / 3600;
  const std::string_view month = kMonths[static_cast<size_t>(moment.date.month - 1)];
  const std::string_view day = kDays[static_cast<size_t>(weekday(moment))];
  switch (letter) {
    case 'Y': fmt::format_to(to, "{:04}", moment.date.year); break;
    case 'y': fmt::format_to(to, "{:02}", (moment.date.year % 100 + 100) % 100); break;
    case 'm': fmt::format_to(to, "{:02}", moment.date.month); break;
    case 'd': fmt::format_to(to, "{:02}", moment.date.day); break;
    case 'e': fmt::format_to(to, "{:2}", moment.date.day); break;
    case 'H': fmt::format_to(to, "{:02}", hour); break;
    case 'I': fmt::format_to(to, "{:02}", hour % 12 == 0 ? 12 : hour % 12); break;
    case 'M': fmt::format_to(to, "{:02}", clock / 60 % 60); break;
    case 'S': fmt::format_to(to, "{:02}", clock % 60); break;
    case 'j': fmt::format_to(to, "{:03}", day_of_year(moment)); break;
    case 'b': fmt::format_to(to, "{}", month.substr(0, 3)); break;
    case 'B': fmt::format_to(to, "{}", month); break;
    case 'a': fmt::format_to(to, "{}", day.substr(0, 3)); break;
    case 'A': fmt::format_to(to, "{}", day); break;
    case 'p': fmt::format_to(to, "{}", hour < 12 ? "AM" : "PM"); break;
    default: out.push_back(letter);
  }
}

}  // namespace

std::optional<double> parse_time(TimeKind kind, std::string_view text) {
  Scanner scanner(text);
  double seconds = 0;
  if (kind != TimeKind::kTime) {
    const auto date = parse_date(scanner);
    if (!date) return std::nullopt;
    seconds = *date;
  }
  if (kind == TimeKind::kDateTime) {
    if (scanner.done()) return seconds;
    if (!scanner.take("T ")) return std::nullopt;
  }
  if (kind != TimeKind::kDate) {
    const auto clock = parse_clock(scanner);
    if (!clock) return std::nullopt;
    seconds += *clock;
    scanner.take("Z");
  }
  return scanner.done() ? std::optional(seconds) : std::nullopt;
}

double time_part(TimePart part, double seconds) {
  const auto moment = moment_of(seconds);
  if (!moment) return std::numeric_limits<double>::quiet_NaN();
  const auto clock = static_cast<int64_t>(moment->second_of_day);
  const int64_t hour = clock / 3600;
  const int64_t minute = clock / 60 % 60;
  switch (part) {
    case TimePart::kYear: return static_cast<double>(moment->date.year);
    case TimePart::kMonth: return static_cast<double>(moment->date.month);
    case TimePart::kDay: return static_cast<double>(moment->date.day);
    case TimePart::kHour: return static_cast<double>(hour);
    case TimePart::kMinute: return static_cast<double>(minute);
    case TimePart::kSecond: return static_cast<double>(clock % 60);
    case TimePart::kDayOfWeek: return static_cast<double>(weekday(*moment));
    case TimePart::kDayOfYear: return static_cast<double>(day_of_year(*moment));
  }
  return std::numeric_limits<double>::quiet_NaN();
}

std::optional<size_t> format_time(std::string_view format, double seconds, std::span<char> out) {
  const auto moment = moment_of(seconds);
  if (!moment) return std::nullopt;
  fmt::memory_buffer buffer;  // 500 bytes inside: more than 32 parts of 9 letters need
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '%' && i + 1 < format.size()) {
      append_part(format[++i], *moment, buffer);
    } else {
      buffer.push_back(format[i]);
    }
  }
  if (buffer.size() > out.size()) return std::nullopt;
  std::copy_n(buffer.data(), buffer.size(), out.data());
  return buffer.size();
}

}  // namespace slipway::engine
