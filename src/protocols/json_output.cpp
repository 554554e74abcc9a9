#include "protocols/json_output.h"

#include <charconv>
#include <cmath>
#include <iterator>

#include "base/json_escape.h"

namespace slipway::protocols {
namespace {

template <typename Integer>
void append_decimal(std::string& out, Integer value) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, std::end(buffer), value).ptr);
}

bool is_integer(DType dtype) {
  return dtype != DType::kBool && dtype != DType::kFloat16 && dtype != DType::kBfloat16 &&
         dtype != DType::kFloat32 && dtype != DType::kFloat64 && dtype != DType::kString;
}

void append_as(std::string& out, DType dtype, double value) {
  constexpr double kExactMax = 9007199254740992.0;
  if (dtype == DType::kBool && std::isfinite(value)) {
    out += value != 0 ? "true" : "false";
  } else if (is_integer(dtype) && std::abs(value) <= kExactMax) {
    append_decimal(out, static_cast<int64_t>(value));
  } else {
    append_json_number(out, value);
  }
}

void append_label(std::string& out, const LabelTable& table, int32_t index) {
  if (index < 0 || static_cast<size_t>(index) >= table.size()) {
    out += "null";
    return;
  }
  const auto i = static_cast<size_t>(index);
  switch (table.dtype) {
    case DType::kString: append_json_string(out, table.strings[i]); break;
    case DType::kBool: out += table.ints[i] != 0 ? "true" : "false"; break;
    case DType::kFloat64: append_json_number(out, table.floats[i]); break;
    default: append_decimal(out, table.ints[i]);
  }
}

}  // namespace

DType output_dtype(const OutputSpec& spec) {
  if (spec.labels.empty()) {
    // The engine gives float64; integers and truth values keep their kind.
    if (spec.dtype == DType::kBool || spec.dtype == DType::kString) return spec.dtype;
    return is_integer(spec.dtype) ? DType::kInt64 : DType::kFloat64;
  }
  const DType first = spec.labels.front().dtype;
  for (const LabelTable& table : spec.labels) {
    if (table.dtype != first) return DType::kString;
  }
  return first;
}

void append_integer(std::string& out, uint64_t value) { append_decimal(out, value); }

void append_cell(std::string& out, const OutputSpec& spec, const OutputBuffer& output, size_t row,
                 size_t column) {
  const size_t cell = row * output.width + column;
  if (!spec.labels.empty()) {
    append_label(out, spec.labels[column], output.indices[cell]);
  } else if (!output.strings.empty()) {
    const StringCell& text = output.strings[cell];
    if (text.is_number()) {
      append_json_number(out, text.real);
    } else if (text.missing()) {
      out += "null";
    } else {
      append_json_string(out, text.view());
    }
  } else if (!output.numbers.empty()) {
    append_as(out, spec.dtype, output.numbers[cell]);
  } else {
    append_decimal(out, output.indices[cell]);
  }
}

void append_row(std::string& out, const OutputSpec& spec, const OutputBuffer& output, size_t row) {
  if (spec.is_vector) {
    append_cell(out, spec, output, row, 0);
    return;
  }
  out.push_back('[');
  for (size_t column = 0; column < output.width; ++column) {
    if (column > 0) out.push_back(',');
    append_cell(out, spec, output, row, column);
  }
  out.push_back(']');
}

void append_rows(std::string& out, const OutputSpec& spec, const OutputBuffer& output) {
  out.push_back('[');
  for (size_t row = 0; row < output.rows; ++row) {
    if (row > 0) out.push_back(',');
    append_row(out, spec, output, row);
  }
  out.push_back(']');
}

}  // namespace slipway::protocols
