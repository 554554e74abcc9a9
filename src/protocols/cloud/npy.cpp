#include "protocols/cloud/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>
#include <vector>

#include "protocols/json_output.h"

namespace slipway::protocols::cloud {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kHeaderBytesMax = 64 * 1024;
constexpr size_t kAlignment = 64;

struct Array {
  char kind = 'f';  // as numpy's: f, i, u, b
  size_t item_bytes = 8;
  bool big_endian = false;
  bool fortran = false;
  std::vector<uint64_t> shape;
  std::string_view data;
};

Status broken(std::string_view what) {
  return invalid_argument(fmt::format("the body is no .npy file: {}", what));
}

/// What follows 'key': in the header, a literal of a Python dict; null data if it is not there.
std::string_view value_after(std::string_view header, std::string_view key) {
  for (const char quote : {'\'', '"'}) {
    const std::string quoted = fmt::format("{}{}{}", quote, key, quote);
    const size_t at = header.find(quoted);
    if (at == std::string_view::npos) continue;
    const size_t colon = header.find_first_not_of(' ', at + quoted.size());
    if (colon == std::string_view::npos || header[colon] != ':') continue;
    const size_t value = header.find_first_not_of(' ', colon + 1);
    if (value != std::string_view::npos) return header.substr(value);
  }
  return {};
}

/// '<f8' in quotes.
Status read_type(std::string_view text, Array& array) {
  if (text.size() < 5 || (text[0] != '\'' && text[0] != '"')) {
    return invalid_argument("the .npy file holds a structure; expected numbers");
  }
  const size_t end = text.find(text[0], 1);
  const std::string_view type = text.substr(1, end == std::string_view::npos ? 0 : end - 1);
  constexpr std::string_view kKnown[] = {"f2", "f4", "f8", "i1", "i2", "i4",
                                         "i8", "u1", "u2", "u4", "u8", "b1"};
  const bool is_known = type.size() == 3 &&
                        std::ranges::find(kKnown, type.substr(1)) != std::end(kKnown) &&
                        std::string_view("<>|=").find(type[0]) != std::string_view::npos;
  if (!is_known) {
    return invalid_argument(fmt::format("the .npy file holds {}; expected numbers of 8 to 64 bits",
                                        type.substr(0, 32)));
  }
  array.big_endian = type[0] == '>';
  array.kind = type[1];
  array.item_bytes = static_cast<size_t>(type[2] - '0');
  return {};
}

/// (3, 4), (3,) or ().
Status read_shape(std::string_view text, Array& array) {
  if (text.empty() || text[0] != '(') return broken("its header has no shape");
  const size_t end = text.find(')');
  if (end == std::string_view::npos) return broken("its header has no shape");
  text = text.substr(1, end - 1);
  while (true) {
    const size_t begin = text.find_first_not_of(", ");
    if (begin == std::string_view::npos) return {};
    text.remove_prefix(begin);
    uint64_t size = 0;
    const auto [place, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc() || array.shape.size() == 2) {
      return invalid_argument("the .npy file: expected an array of one or two dimensions");
    }
    text.remove_prefix(static_cast<size_t>(place - text.data()));
    array.shape.push_back(size);
  }
}

Result<Array> read_array(std::string_view bytes) {
  constexpr size_t kPrefix = 10;  // magic, version, length of the header
  if (!bytes.starts_with(kMagic) || bytes.size() < kPrefix + 2) {
    return broken("it does not begin as one");
  }
  const auto version = static_cast<unsigned char>(bytes[6]);
  if (version < 1 || version > 3) return broken("its version is not known");
  const size_t length_bytes = version == 1 ? 2 : 4;
  size_t length = 0;
  for (size_t i = 0; i < length_bytes; ++i) {
    length |= size_t{static_cast<unsigned char>(bytes[8 + i])} << (8 * i);
  }
  bytes.remove_prefix(8 + length_bytes);
  if (length > bytes.size() || length > kHeaderBytesMax) return broken("its header is cut off");
  const std::string_view header = bytes.substr(0, length);
  Array array;
  TRY_STATUS(read_type(value_after(header, "descr"), array));
  array.fortran = value_after(header, "fortran_order").starts_with("True");
  TRY_STATUS(read_shape(value_after(header, "shape"), array));
  array.data = bytes.substr(length);
  uint64_t items = 1;
  for (const uint64_t size : array.shape) {
    if (__builtin_mul_overflow(items, size, &items)) return broken("it is too large");
  }
  if (__builtin_mul_overflow(items, array.item_bytes, &items) || items != array.data.size()) {
    return broken(
        fmt::format("it holds {} bytes, its shape and type ask for {}", array.data.size(), items));
  }
  return array;
}

template <typename T>
T load(const unsigned char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

double half_value(uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1F;
  const double fraction = bits & 0x3FF;
  double value = 0;
  if (exponent == 0x1F) {
    value = fraction == 0 ? HUGE_VAL : std::nan("");
  } else if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else {
    value = std::ldexp(fraction + 1024, exponent - 25);
  }
  return (bits >> 15) != 0 ? -value : value;
}

double value_at(const Array& array, uint64_t item) {
  unsigned char bytes[8];
  std::memcpy(bytes, array.data.data() + item * array.item_bytes, array.item_bytes);
  if (array.big_endian) std::reverse(bytes, bytes + array.item_bytes);
  switch (array.kind) {
    case 'f':
      if (array.item_bytes == 2) return half_value(load<uint16_t>(bytes));
      return array.item_bytes == 4 ? double{load<float>(bytes)} : load<double>(bytes);
    case 'i':
      switch (array.item_bytes) {
        case 1: return load<int8_t>(bytes);
        case 2: return load<int16_t>(bytes);
        case 4: return load<int32_t>(bytes);
        default: return static_cast<double>(load<int64_t>(bytes));
      }
    default:
      switch (array.item_bytes) {
        case 1: return bytes[0];
        case 2: return load<uint16_t>(bytes);
        case 4: return load<uint32_t>(bytes);
        default: return static_cast<double>(load<uint64_t>(bytes));
      }
  }
}

void append_header(std::string& out, std::string_view type, const OutputSpec& spec,
                   const OutputBuffer& output) {
  const std::string shape = spec.is_vector ? fmt::format("({},)", output.rows)
                                           : fmt::format("({}, {})", output.rows, output.width);
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", type, shape);
  const size_t before = kMagic.size() + 4;
  header.append(kAlignment - (before + header.size() + 1) % kAlignment, ' ');
  header.push_back('\n');
  out += kMagic;
  out += '\x01';
  out += '\0';
  out += static_cast<char>(header.size() & 0xFF);
  out += static_cast<char>(header.size() >> 8);
  out += header;
}

template <typename T>
void append_value(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// UTF-8 to code points; a byte that begins none stands for itself.
std::u32string code_points(std::string_view text) {
  std::u32string points;
  for (size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const size_t size = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (size == 1 || at + size > text.size()) {
      points.push_back(lead);
      ++at;
      continue;
    }
    char32_t point = lead & (0x7FU >> size);
    for (size_t i = 1; i < size; ++i) {
      point = point << 6U | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
    }
    points.push_back(point);
    at += size;
  }
  return points;
}

/// A text cell, without quotes; a number among texts as it is spelled.
std::string text_at(const OutputSpec& spec, const OutputBuffer& output, size_t row, size_t column) {
  const size_t cell = row * output.width + column;
  if (!spec.labels.empty() && spec.labels[column].dtype == DType::kString) {
    const int32_t index = output.indices[cell];
    const LabelTable& table = spec.labels[column];
    const bool is_label = index >= 0 && static_cast<size_t>(index) < table.size();
    return is_label ? table.strings[static_cast<size_t>(index)] : std::string();
  }
  if (!output.strings.empty() && !output.strings[cell].is_number()) {
    return std::string(output.strings[cell].view());
  }
  std::string text;
  append_cell(text, spec, output, row, column);
  return text;
}

void append_texts(std::string& out, const OutputSpec& spec, const OutputBuffer& output) {
  std::vector<std::u32string> texts;
  size_t width = 1;
  for (size_t row = 0; row < output.rows; ++row) {
    for (size_t column = 0; column < output.width; ++column) {
      texts.push_back(code_points(text_at(spec, output, row, column)));
      width = std::max(width, texts.back().size());
    }
  }
  append_header(out, fmt::format("<U{}", width), spec, output);
  for (const std::u32string& text : texts) {
    for (const char32_t point : text) append_value(out, static_cast<uint32_t>(point));
    out.append((width - text.size()) * sizeof(uint32_t), '\0');
  }
}

double number_at(const OutputSpec& spec, const OutputBuffer& output, size_t cell, size_t column) {
  if (!output.numbers.empty()) return output.numbers[cell];
  const int32_t index = output.indices[cell];
  if (spec.labels.empty()) return index;
  const LabelTable& table = spec.labels[column];
  if (index < 0 || static_cast<size_t>(index) >= table.size()) return std::nan("");
  const auto i = static_cast<size_t>(index);
  return table.dtype == DType::kFloat64 ? table.floats[i] : static_cast<double>(table.ints[i]);
}

}  // namespace

Status read_npy(std::string_view bytes, const Signature& signature, InputBuffer& input) {
  const size_t columns = signature.columns.size();
  if (signature.uniform_type() != ColumnType::kNumber) {
    return invalid_argument("an array of numbers cannot hold the model's rows, which have texts");
  }
  const Array array = TRY(read_array(bytes));
  uint64_t rows = 1;
  uint64_t width = 0;
  if (array.shape.size() == 2) {
    rows = array.shape[0];
    width = array.shape[1];
  } else if (array.shape.size() == 1) {
    width = columns == 1 ? 1 : array.shape[0];
    if (columns == 1) rows = array.shape[0];
  }
  if (width != columns) {
    return invalid_argument(
        fmt::format("expected {} features in each row of the array, got {}", columns, width));
  }
  if (rows == 0) return invalid_argument("the request has no rows");
  input.reset(rows, columns, signature.matrices);
  for (uint64_t row = 0; row < rows; ++row) {
    double* cells = input.number_row(row);
    for (uint64_t column = 0; column < columns; ++column) {
      cells[column] = value_at(array, array.fortran ? column * rows + row : row * columns + column);
    }
  }
  return {};
}

void append_npy(std::string& out, const OutputSpec& spec, const OutputBuffer& output) {
  const DType dtype = output_dtype(spec);
  if (dtype == DType::kString) return append_texts(out, spec, output);
  const bool is_truth = dtype == DType::kBool;
  const bool is_integer = dtype == DType::kInt64;
  append_header(out, is_truth ? "|b1" : is_integer ? "<i8" : "<f8", spec, output);
  for (size_t row = 0; row < output.rows; ++row) {
    for (size_t column = 0; column < output.width; ++column) {
      const double value = number_at(spec, output, row * output.width + column, column);
      if (is_truth) {
        out.push_back(value != 0 ? '\1' : '\0');
      } else if (is_integer) {
        append_value(out, std::isfinite(value) ? static_cast<int64_t>(value) : int64_t{0});
      } else {
        append_value(out, value);
      }
    }
  }
}

}  // namespace slipway::protocols::cloud
