// Forms of dates and times in texts: which one a text has, and the moment that it says.
//
//   "01.05.2024" --find_time_format--> "%d.%m.%Y" --parse_time--> 1714521600
//
// Tables are read with it (data/) and requests of models that learnt from such columns. Without
// regard to locale; nothing allocates but messages. Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway::text {

/// A date, or a date and a time, with or without zone: 2024-05-01T12:30:15.25+02:00.
inline constexpr std::string_view kIsoForm = "iso8601";

/// The form of a time: the first of those that are known that the text has; "" if it has none.
std::string_view find_time_format(std::string_view text);
/// Whether parse_time() knows all directives of the format, and it has a year: "" or what is wrong.
std::string time_format_error(std::string_view format);
/// Seconds since 1970-01-01T00:00:00Z; nullopt if the text is not of this form or no such day is.
/// `format`: kIsoForm, or directives as for strptime: %Y %y %m %d %b %B %H %I %p %M %S (with
/// fraction) %z %%. Without a zone it is UTC.
std::optional<double> parse_time(std::string_view text, std::string_view format);

/// "2024-05-01T00:00:00Z", with a fraction if there is one; the number itself beyond the years 1 to
/// 9999.
std::string time_text(double seconds);

}  // namespace slipway::text
