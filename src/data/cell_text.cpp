#include "data/cell_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace slipway::data {
namespace {

constexpr double kWholeMax = 9007199254740992;  // 2^53: from here on not every integer is a float64

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Of digits alone, without sign.
bool has_leading_zero(std::string_view digits) {
  return digits.size() > 1 && digits[0] == '0' && is_digit(digits[1]);
}

/// Digits and one point, of which there are so few that the digits and the power of ten are both
/// exact: then so is their quotient (W. Clinger, "How to read floating point numbers accurately").
/// Without sign; false: it is not of this form.
bool parse_short_number(std::string_view text, double& value) {
  constexpr size_t kDigitsMax = 15;
  constexpr double kPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  if (text.size() > kDigitsMax + 1 || text.empty() || text == ".") return false;
  uint64_t digits = 0;
  size_t point = text.size();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.' && point == text.size()) {
      point = i;
    } else if (is_digit(text[i])) {
      digits = digits * 10 + static_cast<uint64_t>(text[i] - '0');
    } else {
      return false;
    }
  }
  const size_t fraction = point == text.size() ? 0 : text.size() - point - 1;
  if (point == text.size() && text.size() > kDigitsMax) return false;
  value = static_cast<double>(digits) / kPowers[fraction];
  return true;
}

NumberText parse_point_number(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  std::string_view magnitude = text;
  if (is_negative || text.starts_with('+')) magnitude.remove_prefix(1);
  if (magnitude.empty()) return {};
  if (double value = 0; parse_short_number(magnitude, value)) {
    return {has_leading_zero(magnitude) ? NumberForm::kIdentifier : NumberForm::kNumber,
            is_negative ? -value : value};
  }
  const char first = magnitude[0];
  if (!is_digit(first) && first != '.' && first != 'i' && first != 'I') return {};
  double value = 0;
  const char* const end = magnitude.data() + magnitude.size();
  const auto [stop, error] = std::from_chars(magnitude.data(), end, value);
  if (stop != end) return {};
  if (error == std::errc::result_out_of_range) {
    const bool tiny = magnitude.find("e-") != std::string_view::npos ||
                      magnitude.find("E-") != std::string_view::npos;
    value = tiny ? 0 : std::numeric_limits<double>::infinity();
  } else if (error != std::errc()) {
    return {};
  }
  const bool is_long =
      value > kWholeMax && std::all_of(magnitude.begin(), magnitude.end(), is_digit);
  const bool is_identifier = is_long || has_leading_zero(magnitude);
  return {is_identifier ? NumberForm::kIdentifier : NumberForm::kNumber,
          is_negative ? -value : value};
}

}  // namespace

NumberText parse_number(std::string_view text, char decimal) {
  text = trimmed(text);
  if (decimal == '.') return parse_point_number(text);
  if (text.find('.') != std::string_view::npos) return {};
  const size_t comma = text.find(decimal);
  if (comma == std::string_view::npos) return parse_point_number(text);
  std::array<char, 64> copy{};
  if (text.size() > copy.size()) return {};
  std::copy(text.begin(), text.end(), copy.begin());
  copy.at(comma) = '.';
  return parse_point_number({copy.data(), text.size()});
}

std::optional<bool> parse_boolean(std::string_view text) {
  text = trimmed(text);
  if (text == "True" || text == "true" || text == "TRUE") return true;
  if (text == "False" || text == "false" || text == "FALSE") return false;
  return std::nullopt;
}

std::string number_text(double value) {
  if (std::isfinite(value) && value == std::trunc(value) && std::fabs(value) <= kWholeMax) {
    return fmt::format("{}", static_cast<int64_t>(value));
  }
  return fmt::format("{}", value);
}

}  // namespace slipway::data
