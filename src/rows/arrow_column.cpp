#include "rows/arrow_column.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace slipway::rows {
namespace {

/// Of a struct's or list's elements a message needs no more.
std::string_view long_name(std::string_view format) {
  switch (format.empty() ? '\0' : format[0]) {
    case 'n': return "null";
    case 'b': return "bool";
    case 'c': return "int8";
    case 'C': return "uint8";
    case 's': return "int16";
    case 'S': return "uint16";
    case 'i': return "int32";
    case 'I': return "uint32";
    case 'l': return "int64";
    case 'L': return "uint64";
    case 'e': return "float16";
    case 'f': return "float32";
    case 'g': return "float64";
    case 'u': return "utf8";
    case 'U': return "large_utf8";
    case 'z':
    case 'Z':
    case 'w': return "binary";
    case 'd': return "decimal";
    default: break;
  }
  if (format == "vu") return "utf8_view";
  if (format.starts_with("td")) return "date";
  if (format.starts_with("tt")) return "time";
  if (format.starts_with("ts")) return "timestamp";
  if (format.starts_with("tD") || format.starts_with("ti")) return "duration";
  if (format == "+s") return "struct";
  if (format.starts_with("+")) return "list";
  return "a type without a name";
}

/// IEEE 754 binary16.
double half_number(uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1f;
  const double fraction = bits & 0x3ff;
  double magnitude = 0;
  if (exponent == 0x1f) {
    magnitude = fraction == 0 ? INFINITY : NAN;
  } else if (exponent == 0) {
    magnitude = std::ldexp(fraction, -24);
  } else {
    magnitude = std::ldexp(fraction + 1024, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

}  // namespace

ArrowColumn::Kind ArrowColumn::kind_of(const ArrowSchema& schema) {
  if (schema.dictionary != nullptr) {
    // A dictionary of dictionaries is nobody's.
    return schema.dictionary->dictionary == nullptr ? kind_of(*schema.dictionary) : Kind::kOther;
  }
  const std::string_view format = schema.format;
  if (format == "n") return Kind::kNull;
  if (format == "b") return Kind::kBool;
  if (format.size() == 1 && std::string_view("cCsSiIlL").find(format[0]) != std::string_view::npos)
    return Kind::kInteger;
  if (format == "e" || format == "f" || format == "g") return Kind::kFloat;
  // "d:19,10" has 128 bits, "d:19,10,256" says how many.
  if (format.starts_with("d:") && std::ranges::count(format, ',') == 1) return Kind::kDecimal;
  if (format == "u" || format == "U" || format == "vu") return Kind::kText;
  if (format.starts_with("td") || format.starts_with("ts")) return Kind::kTime;
  return format == "+s" ? Kind::kStruct : Kind::kOther;
}

std::string ArrowColumn::type_name(const ArrowSchema& schema) {
  if (schema.dictionary == nullptr) return std::string(long_name(schema.format));
  return fmt::format("dictionary of {}", long_name(schema.dictionary->format));
}

ArrowColumn::ArrowColumn(const ArrowSchema& schema, const ArrowArray& array)
    : kind_(kind_of(schema)),
      format_(schema.format),
      array_(array),
      dictionary_schema_(schema.dictionary) {}

template <typename T>
T ArrowColumn::value(int64_t row, int buffer) const {
  T result;
  std::memcpy(&result,
              static_cast<const char*>(array_.buffers[buffer]) +
                  static_cast<size_t>(array_.offset + row) * sizeof(T),
              sizeof(T));
  return result;
}

bool ArrowColumn::bit(int buffer, int64_t row) const {
  const auto place = static_cast<size_t>(array_.offset + row);
  return (static_cast<const uint8_t*>(array_.buffers[buffer])[place / 8] >> (place % 8) & 1) != 0;
}

bool ArrowColumn::is_null_here(int64_t row) const {
  if (format_ == "n") return true;
  return array_.n_buffers > 0 && array_.buffers[0] != nullptr && !bit(0, row);
}

bool ArrowColumn::is_null(int64_t row) const {
  if (is_null_here(row)) return true;
  return dictionary_schema_ != nullptr &&
         ArrowColumn(*dictionary_schema_, *array_.dictionary).is_null(dictionary_row(row));
}

int64_t ArrowColumn::dictionary_row(int64_t row) const {
  switch (format_[0]) {
    case 'c': return value<int8_t>(row);
    case 'C': return value<uint8_t>(row);
    case 's': return value<int16_t>(row);
    case 'S': return value<uint16_t>(row);
    case 'i': return value<int32_t>(row);
    case 'I': return value<uint32_t>(row);
    default: return value<int64_t>(row);
  }
}

double ArrowColumn::number(int64_t row) const {
  if (dictionary_schema_ != nullptr) {
    return ArrowColumn(*dictionary_schema_, *array_.dictionary).number(dictionary_row(row));
  }
  switch (format_[0]) {
    case 'b': return bit(1, row) ? 1 : 0;
    case 'c': return value<int8_t>(row);
    case 'C': return value<uint8_t>(row);
    case 's': return value<int16_t>(row);
    case 'S': return value<uint16_t>(row);
    case 'i': return value<int32_t>(row);
    case 'I': return value<uint32_t>(row);
    case 'l': return static_cast<double>(value<int64_t>(row));
    case 'L': return static_cast<double>(value<uint64_t>(row));
    case 'e': return half_number(value<uint16_t>(row));
    case 'f': return static_cast<double>(value<float>(row));
    case 'd': return decimal(row);
    case 't': return time(row);
    default: return value<double>(row);
  }
}

/// By way of its digits, so that 0.1 is the double that "0.1" is.
double ArrowColumn::decimal(int64_t row) const {
  auto bits = static_cast<unsigned __int128>(value<unsigned __int128>(row));
  const bool is_negative = static_cast<__int128>(bits) < 0;
  if (is_negative) bits = -bits;
  std::string text;
  for (; bits != 0; bits /= 10)
    text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(bits % 10)));
  int scale = 0;
  const std::string_view after = format_.substr(format_.find(',') + 1);
  std::from_chars(after.data(), after.data() + after.size(), scale);
  text = fmt::format("{}e{}", text.empty() ? "0" : text, -scale);
  double magnitude = 0;
  std::from_chars(text.data(), text.data() + text.size(), magnitude);
  return is_negative ? -magnitude : magnitude;
}

/// "tdD" counts days; "tdm", and "ts" with a unit and a zone for showing it, fractions of seconds.
double ArrowColumn::time(int64_t row) const {
  constexpr double kDaySeconds = 86400;
  if (format_ == "tdD") return kDaySeconds * value<int32_t>(row);
  const auto count = static_cast<double>(value<int64_t>(row));
  switch (format_[2]) {
    case 'm': return count / 1e3;
    case 'u': return count / 1e6;
    case 'n': return count / 1e9;
    default: return count;
  }
}

std::string ArrowColumn::digits(int64_t row) const {
  if (dictionary_schema_ != nullptr) {
    return ArrowColumn(*dictionary_schema_, *array_.dictionary).digits(dictionary_row(row));
  }
  if (format_[0] == 'L') return fmt::format("{}", value<uint64_t>(row));
  if (format_[0] == 'l') return fmt::format("{}", value<int64_t>(row));
  return fmt::format("{}", static_cast<int64_t>(number(row)));
}

std::string_view ArrowColumn::text(int64_t row) const {
  if (dictionary_schema_ != nullptr) {
    return ArrowColumn(*dictionary_schema_, *array_.dictionary).text(dictionary_row(row));
  }
  if (format_ == "vu") return view_text(row);
  const bool is_large = format_ == "U";
  const int64_t begin = is_large ? value<int64_t>(row) : value<int32_t>(row);
  const int64_t end = is_large ? value<int64_t>(row + 1) : value<int32_t>(row + 1);
  if (begin == end) return "";  // the buffer may be null
  return {static_cast<const char*>(array_.buffers[2]) + begin, static_cast<size_t>(end - begin)};
}

/// A view: its length, then the text itself if it has at most 12 bytes, else four bytes of it, the
/// number of a buffer and the place there.
std::string_view ArrowColumn::view_text(int64_t row) const {
  struct View {
    int32_t size;
    char prefix[4];
    int32_t buffer;
    int32_t offset;
  };
  constexpr int32_t kInlineMax = 12;
  const char* place = static_cast<const char*>(array_.buffers[1]) +
                      static_cast<size_t>(array_.offset + row) * sizeof(View);
  View view{};
  std::memcpy(&view, place, sizeof view);
  const auto size = static_cast<size_t>(view.size);
  if (view.size <= kInlineMax) return {place + sizeof view.size, size};
  return {static_cast<const char*>(array_.buffers[2 + view.buffer]) + view.offset, size};
}

}  // namespace slipway::rows
