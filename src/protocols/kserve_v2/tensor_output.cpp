#include "protocols/kserve_v2/tensor_output.h"

#include <cmath>
#include <cstring>
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

void append_binary(std::string& out, const OutputSpec& spec, const OutputBuffer& output) {
  BinarySink sink{out};
  for_each_element(spec, output, sink);
}

}  // namespace slipway::protocols::kserve_v2
