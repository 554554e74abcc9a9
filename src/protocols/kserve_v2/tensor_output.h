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
void for_each_element(const OutputSpec& spec, const OutputBuffer& output, Sink& sink) {
  const DType dtype = output_dtype(spec);
  const size_t cells = output.rows * output.width;
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
    for (size_t cell = 0; cell < cells; ++cell) {
      label(spec.labels[cell % output.width], output.indices[cell]);
    }
  } else if (!output.strings.empty()) {
    for (size_t cell = 0; cell < cells; ++cell) {
      const StringCell& text = output.strings[cell];
      text.is_number() ? sink.text(spelled_number(text.real)) : sink.text(text.view());
    }
  } else {
    for (size_t cell = 0; cell < cells; ++cell) number(output.numbers[cell]);
  }
}

/// Little-endian elements; BYTES as 4 bytes of length before each text.
void append_binary(std::string& out, const OutputSpec& spec, const OutputBuffer& output);

}  // namespace slipway::protocols::kserve_v2
