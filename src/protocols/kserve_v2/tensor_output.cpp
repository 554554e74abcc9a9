#include "protocols/kserve_v2/tensor_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string_view>

#include "base/json_escape.h"

namespace slipway::protocols::kserve_v2 {
namespace {

struct BinarySink {
  std::string& out;

  template <typename T>
  void bytes(T value) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    out.append(raw, sizeof(T));
  }
  void truth(bool value) { bytes(static_cast<uint8_t>(value)); }
  void integer(int64_t value) { bytes(value); }
  void real(double value) { bytes(value); }
  void text(std::string_view value) {
    bytes(static_cast<uint32_t>(value.size()));
    out += value;
  }
};

}  // namespace

std::string spelled_number(double value) {
  std::string text;
  if (std::isfinite(value)) {
    append_json_number(text, value);
  } else {
    text = std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  }
  return text;
}

std::string spelled_label(const LabelTable& table, int32_t index) {
  std::string text;
  const auto i = static_cast<size_t>(index);
  if (index < 0 || i >= table.size()) return text;
  switch (table.dtype) {
    case DType::kString: return table.strings[i];
    case DType::kFloat64: append_json_number(text, table.floats[i]); return text;
    default: return std::to_string(table.ints[i]);
  }
}

namespace {

/// What classification sorts by; a missing number comes last.
double sort_key(const OutputSpec& spec, const OutputBuffer& output, size_t row, uint32_t column) {
  double value = 0;
  struct Sink {
    double& value;
    void truth(bool truth) { value = truth ? 1 : 0; }
    void integer(int64_t number) { value = static_cast<double>(number); }
    void real(double number) { value = number; }
    void text(std::string_view) { value = 0; }
  } sink{value};
  for_one_element(spec, output, row * output.width + column, sink);
  return std::isnan(value) ? -std::numeric_limits<double>::infinity() : value;
}

}  // namespace

void find_largest(const OutputSpec& spec, const OutputBuffer& output, size_t row, uint32_t count,
                  std::vector<uint32_t>& order) {
  std::iota(order.begin(), order.end(), 0U);
  const auto before = [&](uint32_t a, uint32_t b) {
    const double x = sort_key(spec, output, row, a);
    const double y = sort_key(spec, output, row, b);
    return x != y ? x > y : a < b;
  };
  std::partial_sort(order.begin(), order.begin() + count, order.end(), before);
}

void append_class(std::string& out, const OutputSpec& spec, const OutputBuffer& output, size_t row,
                  uint32_t column) {
  struct Sink {
    std::string& out;
    void truth(bool truth) { out += truth ? '1' : '0'; }
    void integer(int64_t number) { out += std::to_string(number); }
    void real(double number) { fmt::format_to(std::back_inserter(out), "{:f}", number); }
    void text(std::string_view text) { out += text; }
  } sink{out};
  for_one_element(spec, output, row * output.width + column, sink);
  out.push_back(':');
  out += std::to_string(column);
  if (spec.columns.size() != spec.width || spec.columns[column].empty()) return;
  out.push_back(':');
  out += spec.columns[column];
}

void append_classes(std::string& out, const OutputSpec& spec, const OutputBuffer& output,
                    uint32_t count) {
  BinarySink sink{out};
  for_each_class(spec, output, count, [&](std::string_view text) { sink.text(text); });
}

void append_binary(std::string& out, const OutputSpec& spec, const OutputBuffer& output) {
  BinarySink sink{out};
  for_each_element(spec, output, sink);
}

}  // namespace slipway::protocols::kserve_v2
