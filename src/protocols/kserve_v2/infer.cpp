// POST /v2/models/{model}[/versions/{version}]/infer.
#include "base/json_escape.h"
#include "protocols/internal/call.h"
#include "protocols/internal/endpoints.h"
#include "protocols/json_output.h"
#include "protocols/kserve_v2/request.h"
#include "protocols/kserve_v2/tensor_output.h"

namespace slipway::protocols {
namespace {

constexpr std::string_view kHeaderLength = "Inference-Header-Content-Length";

Status read(Call& call) {
  const transport::HttpRequest& request = call.request();
  const std::string_view header_length = request.header(kHeaderLength);
  const kserve_v2::Body body = TRY(kserve_v2::split_body(request.body, header_length));
  const kserve_v2::ModelInputs inputs = kserve_v2::inputs_of(call);
  if (body.json.empty() && header_length.data() != nullptr) {
    return kserve_v2::read_raw_request(body.binary, inputs, *call.loop->read, call.infer.input,
                                       call.plan, call.infer.wanted);
  }
  TRY_STATUS(kserve_v2::read_request(body, inputs, *call.loop->read, call.infer.input, call.plan,
                                     call.infer.wanted));
  apply(call.plan.urgency, request.received, call.infer);
  return {};
}

void append_output_head(std::string& body, const OutputSpec& spec, DType dtype, size_t rows,
                        size_t width) {
  body += "{\"name\":";
  append_json_string(body, spec.name);
  body += ",\"datatype\":\"";
  body += oip_name(dtype);
  body += "\",\"shape\":[";
  append_integer(body, rows);
  body.push_back(',');
  append_integer(body, width);
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

/// Its classes in place of the output itself.
void append_class_data(std::string& body, const OutputSpec& spec, const OutputBuffer& output,
                       uint32_t classes) {
  body += ",\"data\":[";
  kserve_v2::for_each_class(spec, output, classes, [&](std::string_view text) {
    if (body.back() != '[') body.push_back(',');
    append_json_string(body, text);
  });
  body += "]}";
}

/// The output goes to shared memory, and the answer says so.
Status write_shared(std::string& body, const OutputSpec& spec, const OutputBuffer& output,
                    const SharedSlice& place) {
  std::string bytes;
  kserve_v2::append_binary(bytes, spec, output);
  TRY_STATUS(place.write(bytes, spec.name));
  body += ",\"parameters\":{\"shared_memory_region\":";
  append_json_string(body, place.region_name());
  body += ",\"shared_memory_offset\":";
  append_integer(body, place.offset);
  body += ",\"shared_memory_byte_size\":";
  append_integer(body, bytes.size());
  body += "}}";
  return {};
}

/// One output, its binary data behind `binary`.
Status write_output(const Call& call, const RequestedOutput& requested, std::string& body,
                    std::string& binary) {
  const OutputSpec& spec = call.infer.model->signature().outputs[requested.index];
  const OutputBuffer& output = call.result.outputs[requested.index];
  const uint32_t classes = requested.classes;
  append_output_head(body, spec, classes > 0 ? DType::kString : output_dtype(spec), output.rows,
                     classes > 0 ? classes : spec.width);
  if (requested.shared) return write_shared(body, spec, output, requested.shared);
  if (!requested.binary) {
    classes > 0 ? append_class_data(body, spec, output, classes) : append_data(body, spec, output);
    return {};
  }
  const size_t before = binary.size();
  if (classes > 0) {
    kserve_v2::append_classes(binary, spec, output, classes);
  } else {
    kserve_v2::append_binary(binary, spec, output);
  }
  body += ",\"parameters\":{\"binary_data_size\":";
  append_integer(body, binary.size() - before);
  body += "}}";
  return {};
}

void write(Call& call) {
  std::string& body = call.response().body;
  append_head(body, call);
  std::string binary;
  bool has_binary = false;
  bool first = true;
  for (RequestedOutput& requested : call.plan.outputs) {
    if (!first) body.push_back(',');
    first = false;
    has_binary = has_binary || (requested.binary && !requested.shared);
    Status status = write_output(call, requested, body, binary);
    requested.shared = {};
    if (!status.ok()) return answer_error(call, std::move(status));
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
