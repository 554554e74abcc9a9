#include "engine/kernels/expression_text.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace slipway::engine {
namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; }

MadeText copy(std::string_view text, TextRoom& room) {
  if (text.size() > room.left) return std::nullopt;
  std::copy_n(text.data(), text.size(), room.next);
  return room.take(text.size());
}

/// Each code point replaced by another; bytes that are no UTF-8 stay.
template <typename Function>
MadeText map_code_points(std::string_view text, Function function, TextRoom& room) {
  size_t used = 0;
  const std::span<char> out = room.free();
  while (!text.empty()) {
    utf8proc_int32_t code = 0;
    const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                       static_cast<utf8proc_ssize_t>(text.size()), &code);
    utf8proc_uint8_t encoded[4] = {static_cast<utf8proc_uint8_t>(text[0])};
    size_t bytes = 1;
    if (size > 0) bytes = static_cast<size_t>(function(code, encoded));
    if (bytes > out.size() - used) return std::nullopt;
    std::memcpy(out.data() + used, encoded, bytes);
    used += bytes;
    text.remove_prefix(size > 0 ? static_cast<size_t>(size) : 1);
  }
  return room.take(used);
}

}  // namespace

MadeText upper_text(std::string_view text, TextRoom& room) {
  return map_code_points(
      text,
      [](utf8proc_int32_t code, utf8proc_uint8_t* out) {
        // The one letter of a living alphabet whose capital form is two.
        constexpr utf8proc_int32_t kSharpS = 0xDF;
        if (code != kSharpS) return utf8proc_encode_char(utf8proc_toupper(code), out);
        out[0] = out[1] = 'S';
        return utf8proc_ssize_t{2};
      },
      room);
}

MadeText lower_text(std::string_view text, TextRoom& room) {
  return map_code_points(
      text,
      [](utf8proc_int32_t code, utf8proc_uint8_t* out) {
        return utf8proc_encode_char(utf8proc_tolower(code), out);
      },
      room);
}

MadeText concat_texts(std::string_view a, std::string_view b, TextRoom& room) {
  if (a.size() > room.left || b.size() > room.left - a.size()) return std::nullopt;
  std::copy_n(a.data(), a.size(), room.next);
  std::copy_n(b.data(), b.size(), room.next + a.size());
  return room.take(a.size() + b.size());
}

MadeText replace_text(const TextPattern& pattern, TextPattern::Matcher& matcher,
                      std::string_view text, std::string_view by, TextRoom& room) {
  size_t used = 0;
  const std::span<char> out = room.free();
  const auto append = [&](std::string_view part) {
    if (part.size() > out.size() - used) return false;
    std::copy_n(part.data(), part.size(), out.data() + used);
    used += part.size();
    return true;
  };
  size_t copied = 0;  // of the text
  size_t from = 0;
  while (from <= text.size() && matcher.find(pattern, text, from)) {
    const size_t start = matcher.start();
    const size_t end = matcher.end();
    if (start < copied || end < start) break;
    if (!append(text.substr(copied, start - copied)) || !append(by)) return std::nullopt;
    copied = end;
    from = end;
    if (end > start) continue;
    // An empty match: the next one begins behind the next code point.
    ++from;
    while (from < text.size() && is_continuation(text[from])) ++from;
  }
  if (!append(text.substr(std::min(copied, text.size())))) return std::nullopt;
  return room.take(used);
}

MadeText spell_number(double value, TextRoom& room) {
  constexpr double kExactMax = 9007199254740992.0;
  char buffer[32];
  const bool whole = value == std::trunc(value) && std::fabs(value) <= kExactMax;
  const auto written = whole ? std::to_chars(buffer, std::end(buffer), static_cast<int64_t>(value))
                             : std::to_chars(buffer, std::end(buffer), value);
  return copy({buffer, static_cast<size_t>(written.ptr - buffer)}, room);
}

MadeText format_number(const NumberFormat& format, double value, TextRoom& room) {
  fmt::memory_buffer out;
  const auto has = [&](char flag) { return format.flags.find(flag) != std::string::npos; };
  const char sign = std::signbit(value) ? '-' : has('+') ? '+' : has(' ') ? ' ' : '\0';
  const double magnitude = std::fabs(value);
  fmt::memory_buffer digits;
  const int precision = format.precision < 0 ? 6 : format.precision;
  switch (format.conversion) {
    case 'd': fmt::format_to(std::back_inserter(digits), "{:.0f}", std::trunc(magnitude)); break;
    case 'e': fmt::format_to(std::back_inserter(digits), "{:.{}e}", magnitude, precision); break;
    case 'g': fmt::format_to(std::back_inserter(digits), "{:.{}g}", magnitude, precision); break;
    default: fmt::format_to(std::back_inserter(digits), "{:.{}f}", magnitude, precision);
  }
  const size_t size = digits.size() + (sign != '\0' ? 1 : 0);
  const auto width = static_cast<size_t>(format.width);
  const size_t pad = width > size ? width - size : 0;
  const bool zeros = has('0') && !has('-') && std::isfinite(value);
  const auto fill = [&](size_t count, char c) {
    for (size_t i = 0; i < count; ++i) out.push_back(c);
  };
  out.append(format.before);
  if (!zeros && !has('-')) fill(pad, ' ');
  if (sign != '\0') out.push_back(sign);
  if (zeros) fill(pad, '0');
  out.append(digits);
  if (has('-')) fill(pad, ' ');
  out.append(format.after);
  return copy({out.data(), out.size()}, room);
}

std::string_view trim_text(std::string_view text) {
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view substring_text(std::string_view text, double first, double count) {
  if (!(first >= 1) || !(count >= 1)) return {};
  double number = 0;  // of the code point that begins at i
  size_t start = text.size();
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_continuation(text[i])) continue;
    ++number;
    if (number == first) start = i;
    if (number == first + count) return text.substr(start, i - start);
  }
  return text.substr(start);
}

double length_of_text(std::string_view text) {
  return static_cast<double>(
      std::ranges::count_if(text, [](char c) { return !is_continuation(c); }));
}

double parse_number(std::string_view text) {
  text = trim_text(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? value : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace slipway::engine
