// The elements of a model's output as clients see them, for the binary extension of REST and for
// gRPC's raw and typed contents.
//
//   OutputBuffer --for_each_element--> sink: truth / integer / real / text
//
//   append_binary(bytes, spec, output);  // little-endian; a text behind its length
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "graph/signature.h"
#include "protocols/json_output.h"
#include "tensor/batch.h"

namespace slipway::protocols::kserve_v2 {

/// BYTES hold texts only: a number among them is spelled as Python does.
std::string spelled_number(double value);
/// A label of a column whose neighbours have labels of another type: their common form is text.
std::string spelled_label(const LabelTable& table, int32_t index);

/// A tensor of integers has no word for a missing number: it is the smallest one, as numpy has it.
/// What lies beyond the range becomes the range's end.
inline int64_t whole_number(double value) {
  constexpr double kEnd = 9223372036854775808.0;  // 2^63
  if (!(value >= -kEnd)) return std::numeric_limits<int64_t>::min();
  return value < kEnd ? static_cast<int64_t>(value) : std::numeric_limits<int64_t>::max();
}

/// Calls sink.truth(bool), sink.integer(int64_t), sink.real(double) or sink.text(string_view) for
/// each element, row by row: always the same one of them, by output_dtype(spec).
template <typename Sink>
void for_elements(const OutputSpec& spec, const OutputBuffer& output, size_t first, size_t last,
                  Sink& sink) {
  const DType dtype = output_dtype(spec);
  const auto number = [&](double value) {
    switch (dtype) {
      case DType::kBool: sink.truth(value != 0 && !std::isnan(value)); break;
      case DType::kInt64: sink.integer(whole_number(value)); break;
      default: sink.real(value);
    }
  };
  const auto label = [&](const LabelTable& table, int32_t index) {
    const auto i = static_cast<size_t>(index);
    const bool known = index >= 0 && i < table.size();
    switch (dtype) {
      case DType::kBool: sink.truth(known && table.ints[i] != 0); break;
      // Not by way of a double, which holds 53 bits only.
      case DType::kInt64: sink.integer(known ? table.ints[i] : 0); break;
      case DType::kFloat64: sink.real(known ? table.floats[i] : std::nan("")); break;
      default:
        if (known && table.dtype == DType::kString) {
          sink.text(table.strings[i]);
        } else {
          sink.text(spelled_label(table, index));
        }
    }
  };
  if (!spec.labels.empty()) {
    for (size_t cell = first; cell < last; ++cell) {
      label(spec.labels[cell % output.width], output.indices[cell]);
    }
  } else if (!output.strings.empty()) {
    for (size_t cell = first; cell < last; ++cell) {
      const StringCell& text = output.strings[cell];
      text.is_number() ? sink.text(spelled_number(text.real)) : sink.text(text.view());
    }
  } else {
    for (size_t cell = first; cell < last; ++cell) number(output.numbers[cell]);
  }
}

template <typename Sink>
void for_each_element(const OutputSpec& spec, const OutputBuffer& output, Sink& sink) {
  for_elements(spec, output, 0, output.rows * output.width, sink);
}
template <typename Sink>
void for_one_element(const OutputSpec& spec, const OutputBuffer& output, size_t cell, Sink& sink) {
  for_elements(spec, output, cell, cell + 1, sink);
}

/// The columns with the `count` largest elements of a row come first in `order`, the largest one
/// before the others; of equal ones the first.
void find_largest(const OutputSpec& spec, const OutputBuffer& output, size_t row, uint32_t count,
                  std::vector<uint32_t>& order);
void append_class(std::string& out, const OutputSpec& spec, const OutputBuffer& output, size_t row,
                  uint32_t column);

/// Triton's classification: the `count` largest elements of each row as "value:index", or
/// "value:index:label" where the columns have names. Calls visit(string_view) for each, row by row.
template <typename Visit>
void for_each_class(const OutputSpec& spec, const OutputBuffer& output, uint32_t count,
                    Visit visit) {
  std::vector<uint32_t> order(output.width);
  std::string text;
  for (size_t row = 0; row < output.rows; ++row) {
    find_largest(spec, output, row, count, order);
    for (uint32_t i = 0; i < count; ++i) {
      text.clear();
      append_class(text, spec, output, row, order[i]);
      visit(std::string_view(text));
    }
  }
}
/// The classes as BYTES: 4 bytes of length before each text.
void append_classes(std::string& out, const OutputSpec& spec, const OutputBuffer& output,
                    uint32_t count);

/// Little-endian elements; BYTES as 4 bytes of length before each text.
void append_binary(std::string& out, const OutputSpec& spec, const OutputBuffer& output);

}  // namespace slipway::protocols::kserve_v2
