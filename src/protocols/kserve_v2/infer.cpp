// POST /v2/models/{model}[/versions/{version}]/infer.
#include <cmath>
#include <cstring>

#include "base/json_escape.h"
#include "protocols/internal/call.h"
#include "protocols/internal/endpoints.h"
#include "protocols/json_output.h"
#include "protocols/kserve_v2/request.h"

namespace slipway::protocols {
namespace {

constexpr std::string_view kHeaderLength = "Inference-Header-Content-Length";

Status read(Call& call) {
  const transport::HttpRequest& request = call.request();
  const serving::ServedModel& model = *call.infer.model;
  const kserve_v2::Body body =
      TRY(kserve_v2::split_body(request.body, request.header(kHeaderLength)));
  return kserve_v2::read_request(body, model.signature(), model.column_places, *call.loop->read,
                                 call.infer.input, call.plan, call.infer.wanted);
}

template <typename T>
void append_bytes(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

void append_binary_text(std::string& out, std::string_view text) {
  append_bytes(out, static_cast<uint32_t>(text.size()));
  out += text;
}

/// BYTES hold texts only: a number is spelled as Python does.
void append_binary_cell(std::string& out, const StringCell& cell) {
  if (!cell.is_number()) return append_binary_text(out, cell.view());
  std::string text;
  if (std::isfinite(cell.real)) {
    append_json_number(text, cell.real);
  } else {
    text = std::isnan(cell.real) ? "nan" : cell.real > 0 ? "inf" : "-inf";
  }
  append_binary_text(out, text);
}

void append_binary_number(std::string& out, DType dtype, double value) {
  switch (dtype) {
    case DType::kBool: append_bytes(out, static_cast<uint8_t>(value != 0)); break;
    case DType::kInt64: append_bytes(out, static_cast<int64_t>(value)); break;
    default: append_bytes(out, value);
  }
}

/// Columns of different label types have no common binary form but text.
void append_binary_label(std::string& out, DType as, const LabelTable& table, int32_t index) {
  const auto i = static_cast<size_t>(index);
  const bool known = index >= 0 && i < table.size();
  if (as == DType::kString) {
    if (known && table.dtype == DType::kString) return append_binary_text(out, table.strings[i]);
    std::string text;
    if (known && table.dtype == DType::kFloat64) append_json_number(text, table.floats[i]);
    if (known && table.dtype != DType::kFloat64) text = std::to_string(table.ints[i]);
    return append_binary_text(out, text);
  }
  if (as == DType::kFloat64) return append_bytes(out, known ? table.floats[i] : std::nan(""));
  append_binary_number(out, as, known ? static_cast<double>(table.ints[i]) : 0);
}

void append_binary(std::string& out, const OutputSpec& spec, const OutputBuffer& output) {
  const DType dtype = output_dtype(spec);
  const size_t cells = output.rows * output.width;
  for (size_t cell = 0; cell < cells; ++cell) {
    if (!spec.labels.empty()) {
      const LabelTable& table = spec.labels[cell % output.width];
      if (dtype == DType::kInt64) {  // not by way of a double, which holds 53 bits only
        const auto i = static_cast<size_t>(output.indices[cell]);
        append_bytes(out, i < table.ints.size() ? table.ints[i] : int64_t{0});
      } else {
        append_binary_label(out, dtype, table, output.indices[cell]);
      }
    } else if (!output.strings.empty()) {
      append_binary_cell(out, output.strings[cell]);
    } else {
      append_binary_number(out, dtype, output.numbers[cell]);
    }
  }
}

void append_output_head(std::string& body, const OutputSpec& spec, DType dtype, size_t rows) {
  body += "{\"name\":";
  append_json_string(body, spec.name);
  body += ",\"datatype\":\"";
  body += oip_name(dtype);
  body += "\",\"shape\":[";
  append_integer(body, rows);
  body.push_back(',');
  append_integer(body, spec.width);
  body.push_back(']');
}

void append_data(std::string& body, const OutputSpec& spec, const OutputBuffer& output) {
  const bool as_text = output_dtype(spec) == DType::kString;
  body += ",\"parameters\":{\"content_type\":\"";
  body += as_text && !spec.is_mixed ? "str" : "np";
  body += "\"},\"data\":[";
  for (size_t row = 0; row < output.rows; ++row) {
    for (size_t column = 0; column < output.width; ++column) {
      if (row + column > 0) body.push_back(',');
      const bool quote =
          as_text && !spec.labels.empty() && spec.labels[column].dtype != DType::kString;
      if (quote) body.push_back('"');
      append_cell(body, spec, output, row, column);
      if (quote) body.push_back('"');
    }
  }
  body += "]}";
}

void append_head(std::string& body, const Call& call) {
  const serving::ServedModel& model = *call.infer.model;
  body += "{\"model_name\":";
  append_json_string(body, model.name);
  body += ",\"model_version\":";
  append_json_string(body, model.version);
  if (call.plan.has_id) {
    body += ",\"id\":";
    append_json_string(body, call.plan.id);
  }
  body += ",\"outputs\":[";
}

void write(Call& call) {
  const Signature& signature = call.infer.model->signature();
  std::string& body = call.response().body;
  append_head(body, call);
  std::string binary;
  bool has_binary = false;
  bool first = true;
  for (const RequestedOutput& requested : call.plan.outputs) {
    const OutputSpec& spec = signature.outputs[requested.index];
    const OutputBuffer& output = call.result.outputs[requested.index];
    if (!first) body.push_back(',');
    first = false;
    append_output_head(body, spec, output_dtype(spec), output.rows);
    if (!requested.binary) {
      append_data(body, spec, output);
      continue;
    }
    has_binary = true;
    const size_t before = binary.size();
    append_binary(binary, spec, output);
    body += ",\"parameters\":{\"binary_data_size\":";
    append_integer(body, binary.size() - before);
    body += "}}";
  }
  body += "]}";
  if (!has_binary) return;
  transport::HttpResponse& response = call.response();
  response.content_type = "application/octet-stream";
  response.headers.emplace_back(kHeaderLength, std::to_string(body.size()));
  body += binary;
}

}  // namespace

void v2_infer(Call& call) {
  Status status = choose_model(call, call.parameters[0], call.parameters[1]);
  if (status.ok()) status = read(call);
  if (!status.ok()) return answer_error(call, std::move(status));
  run_inference(call, write);
}

}  // namespace slipway::protocols
