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

#include "text/time_form.h"

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

using text::find_time_format;
using text::parse_time;
using text::time_format_error;
using text::time_text;

/// The shortest text that is this number: "12", "0.1", "1e+30".
std::string number_text(double value);

}  // namespace slipway::data
