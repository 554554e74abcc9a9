#include "formats/pickle/internal/skops_json.h"

#include <charconv>
#include <cstring>
#include <limits>

#include "formats/pickle/internal/literal.h"

namespace slipway::pickle {
namespace {

/// The four digits of \uXXXX.
std::optional<uint32_t> hex4(std::string_view text) {
  uint32_t value = 0;
  if (text.size() < 4) return std::nullopt;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + 4, value, 16);
  if (error != std::errc() || stop != text.data() + 4) return std::nullopt;
  return value;
}

bool is_high(uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

/// What stands behind "\u"; a pair of surrogates is one character, a lone one stays itself.
bool unescape_unit(std::string_view& rest, std::string& out) {
  const std::optional<uint32_t> first = hex4(rest);
  if (!first) return false;
  rest.remove_prefix(4);
  uint32_t code_point = *first;
  if (is_high(code_point) && rest.starts_with("\\u")) {
    const std::optional<uint32_t> second = hex4(rest.substr(2));
    if (second && is_low(*second)) {
      code_point = 0x10000 + ((code_point - 0xD800) << 10) + (*second - 0xDC00);
      rest.remove_prefix(6);
    }
  }
  append_wtf8(out, code_point);
  return true;
}

/// The inside of a JSON string.
std::optional<std::string> unescape(std::string_view rest) {
  constexpr std::string_view kEscapes = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  std::string out;
  while (!rest.empty()) {
    const size_t plain = std::min(rest.find_first_of("\\\""), rest.size());
    out.append(rest.substr(0, plain));
    rest.remove_prefix(plain);
    if (rest.empty()) break;
    if (rest[0] == '"' || rest.size() < 2) return std::nullopt;
    const char escape = rest[1];
    rest.remove_prefix(2);
    if (escape == 'u') {
      if (!unescape_unit(rest, out)) return std::nullopt;
      continue;
    }
    const size_t place = kEscapes.find(escape);
    if (place == std::string_view::npos) return std::nullopt;
    out.push_back(kMeanings[place]);
  }
  return out;
}

std::optional<JsonScalar> parse_number(std::string_view text) {
  JsonScalar scalar;
  scalar.kind = Kind::kFloat;
  if (text == "NaN") {
    scalar.number = std::numeric_limits<double>::quiet_NaN();
    return scalar;
  }
  if (text == "Infinity" || text == "-Infinity") {
    scalar.number = std::numeric_limits<double>::infinity() * (text[0] == '-' ? -1 : 1);
    return scalar;
  }
  if (text.find_first_not_of("-0123456789") != std::string_view::npos) {
    const bool sane = text.find_first_not_of("+-.0123456789eE") == std::string_view::npos;
    const std::optional<double> number = sane ? text_to_double(text) : std::nullopt;
    if (!number) return std::nullopt;
    scalar.number = *number;
    return scalar;
  }
  if (const std::optional<int64_t> integer = decimal_to_int(text)) {
    scalar.kind = Kind::kInt;
    scalar.integer = *integer;
    scalar.number = static_cast<double>(*integer);
    return scalar;
  }
  std::optional<std::string> bytes = decimal_to_bytes(text);
  if (!bytes) return std::nullopt;
  scalar.kind = Kind::kBigInt;
  scalar.text = std::move(*bytes);
  return scalar;
}

}  // namespace

std::optional<JsonScalar> parse_json_scalar(std::string_view text) {
  JsonScalar scalar;
  if (text == "null") return scalar;
  if (text == "true" || text == "false") {
    scalar.kind = Kind::kBool;
    scalar.integer = text == "true" ? 1 : 0;
    return scalar;
  }
  if (!text.starts_with('"')) return parse_number(text);
  if (text.size() < 2 || !text.ends_with('"')) return std::nullopt;
  std::optional<std::string> inside = unescape(text.substr(1, text.size() - 2));
  if (!inside) return std::nullopt;
  scalar.kind = Kind::kString;
  scalar.text = std::move(*inside);
  return scalar;
}

std::optional<std::array<int64_t, 2>> two_int64(std::string_view bytes) {
  std::array<int64_t, 2> values{};
  if (bytes.size() != sizeof values) return std::nullopt;
  std::memcpy(values.data(), bytes.data(), sizeof values);
  return values;
}

}  // namespace slipway::pickle
