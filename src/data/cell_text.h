// Values of cells as texts, and texts as values: what a file's words mean and how we print them.
//
//   "1.50" --parse_number--> 1.5      "2024-05-01" --parse_time--> 1714521600
//
// Without regard to locale. Plain functions, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slipway::data {

/// What a text says as a number, and why it is none.
enum class NumberForm : uint8_t {
  kNone,  // no number
  kNumber,
  kIdentifier,  // digits that are no quantity: leading zeros, or more than a float64 holds exactly
};

struct NumberText {
  NumberForm form = NumberForm::kNone;
  double value = 0;
};

/// Digits with an optional sign, fraction and exponent, or an infinity; spaces around are passed
/// over. `decimal` is '.' or ','. What is out of range is an infinity or 0, as strtod has it.
NumberText parse_number(std::string_view text, char decimal = '.');

/// True, true, TRUE and False, false, FALSE.
std::optional<bool> parse_boolean(std::string_view text);

/// The form of a time: the first of those that are known that the text has; "" if it has none.
std::string_view find_time_format(std::string_view text);
/// Whether parse_time() knows all directives of the format, and it has a year: "" or what is wrong.
std::string time_format_error(std::string_view format);
/// Seconds since 1970-01-01T00:00:00Z; nullopt if the text is not of this form or no such day is.
/// `format`: "iso8601" (a date, or a date and a time with or without zone), or directives as for
/// strptime: %Y %y %m %d %b %B %H %I %p %M %S (with fraction) %z %%. Without a zone it is UTC.
std::optional<double> parse_time(std::string_view text, std::string_view format);

/// "2024-05-01T00:00:00Z", with a fraction if there is one.
std::string time_text(double seconds);
/// The shortest text that is this number: "12", "0.1", "1e+30".
std::string number_text(double value);

}  // namespace slipway::data
