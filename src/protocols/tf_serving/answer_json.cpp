#include "protocols/tf_serving/answer_json.h"

#include <cmath>

#include "base/base64.h"
#include "base/json_escape.h"
#include "protocols/json_output.h"
#include "protocols/kserve_v2/tensor_output.h"

namespace slipway::protocols::tf_serving {
namespace {

constexpr std::string_view kBytesSuffix = "_bytes";

struct OutputView {
  const OutputSpec& spec;
  const OutputBuffer& output;
  bool is_bytes;
};

OutputView view_of(const BaseCall& call, const RequestedOutput& requested) {
  const OutputSpec& spec = call.infer.model->signature().outputs[requested.index];
  return {spec, call.result.outputs[requested.index], spec.name.ends_with(kBytesSuffix)};
}

void append_text(std::string& out, std::string_view text, bool is_bytes) {
  if (!is_bytes) return append_json_string(out, text);
  out += "{\"b64\":\"";
  append_base64(out, text);
  out += "\"}";
}

void append_value(std::string& out, const OutputView& view, size_t row, size_t column) {
  const OutputBuffer& output = view.output;
  const size_t cell = row * output.width + column;
  const DType dtype = output_dtype(view.spec);
  if (!view.spec.labels.empty()) {
    if (dtype == DType::kString) {
      const std::string text = label_text(view.spec.labels[column], output.indices[cell]);
      return append_text(out, text, view.is_bytes);
    }
    if (dtype != DType::kFloat64) return append_cell(out, view.spec, output, row, column);
    const LabelTable& table = view.spec.labels[column];
    const auto index = static_cast<size_t>(output.indices[cell]);
    return append_float(out, index < table.size() ? table.floats[index] : std::nan(""));
  }
  if (!output.strings.empty()) {
    const StringCell& text = output.strings[cell];
    return append_text(out, text.is_number() ? kserve_v2::spelled_number(text.real) : text.view(),
                       view.is_bytes);
  }
  if (dtype != DType::kFloat64) return append_cell(out, view.spec, output, row, column);
  append_float(out, output.numbers.empty() ? output.indices[cell] : output.numbers[cell]);
}

void append_output_row(std::string& out, const OutputView& view, size_t row) {
  if (view.spec.is_vector) return append_value(out, view, row, 0);
  out.push_back('[');
  for (size_t column = 0; column < view.output.width; ++column) {
    if (column > 0) out.push_back(',');
    append_value(out, view, row, column);
  }
  out.push_back(']');
}

void append_key(std::string& out, std::string_view name, bool is_first) {
  if (!is_first) out.push_back(',');
  append_json_string(out, name);
  out.push_back(':');
}

/// `"id":[7,8],`: each key field as a list.
void append_key_columns(std::string& out, const KeyFields& keys, size_t rows) {
  for (size_t key = 0; key < keys.size(); ++key) {
    append_key(out, keys.names()[key], true);
    for (size_t row = 0; row < rows; ++row) {
      out.push_back(row == 0 ? '[' : ',');
      keys.append_value(out, row, key);
    }
    out += "],";
  }
}

}  // namespace

void append_float(std::string& out, double value) {
  if (std::isfinite(value)) return append_json_number(out, value);
  out += std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

void append_predictions(std::string& out, const BaseCall& call) {
  const auto& outputs = call.plan.outputs;
  const size_t rows = call.result.outputs[outputs[0].index].rows;
  out += "{\"predictions\":[";
  for (size_t row = 0; row < rows; ++row) {
    if (row > 0) out.push_back(',');
    if (outputs.size() == 1 && call.plan.keys.empty()) {
      append_output_row(out, view_of(call, outputs[0]), row);
      continue;
    }
    out.push_back('{');
    call.plan.keys.append_members(out, row);
    for (size_t i = 0; i < outputs.size(); ++i) {
      const OutputView view = view_of(call, outputs[i]);
      append_key(out, view.spec.name, i == 0);
      append_output_row(out, view, row);
    }
    out.push_back('}');
  }
  out += "]}";
}

void append_outputs(std::string& out, const BaseCall& call) {
  const auto& outputs = call.plan.outputs;
  const KeyFields& keys = call.plan.keys;
  const bool named = outputs.size() > 1 || !keys.empty();
  out += "{\"outputs\":";
  if (named) out.push_back('{');
  append_key_columns(out, keys, call.result.outputs[outputs[0].index].rows);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const OutputView view = view_of(call, outputs[i]);
    if (named) append_key(out, view.spec.name, i == 0);
    out.push_back('[');
    for (size_t row = 0; row < view.output.rows; ++row) {
      if (row > 0) out.push_back(',');
      append_output_row(out, view, row);
    }
    out.push_back(']');
  }
  if (named) out.push_back('}');
  out.push_back('}');
}

std::string label_text(const LabelTable& table, int32_t index) {
  if (table.dtype == DType::kBool && index >= 0 && static_cast<size_t>(index) < table.size()) {
    return table.ints[static_cast<size_t>(index)] != 0 ? "true" : "false";
  }
  return kserve_v2::spelled_label(table, index);
}

}  // namespace slipway::protocols::tf_serving
