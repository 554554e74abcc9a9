// GET /v1/models/{model}[/versions/{version}|/labels/{label}][/metadata].
#include <fmt/format.h>

#include "base/json_escape.h"
#include "protocols/internal/endpoints.h"
#include "protocols/json_output.h"
#include "protocols/tf_serving/model_info.h"

namespace slipway::protocols {
namespace {

using tf_serving::ModelSpec;

/// False if the version is no number; the call is answered then.
bool take_version(Call& call, ModelSpec& spec) {
  spec.name = call.parameters[0];
  spec.version = call.parameters[1];
  if (spec.version.find_first_not_of("0123456789") == std::string_view::npos) return true;
  tfs_unknown(call);
  return false;
}

void status(Call& call, const ModelSpec& spec) {
  const auto states = tf_serving::version_states(call, spec);
  if (!states.ok()) return answer_error(call, states.status());
  std::string& body = call.response().body;
  body += "{\"model_version_status\":[";
  bool first = true;
  for (const serving::ModelStatus& state : *states) {
    const Status& health = state.served() ? Status() : state.status;
    body += fmt::format(
        "{}{{\"version\":\"{}\",\"state\":\"{}\",\"status\":{{\"error_code\":\"{}\","
        "\"error_message\":",
        first ? "" : ",", state.version, serving::version_state_name(state.state),
        status_code_name(health.code()));
    append_json_string(body, health.message());
    body += "}}";
    first = false;
  }
  body += "]}";
}

void append_tensor(std::string& out, bool first, std::string_view name, DType dtype, size_t width) {
  if (!first) out.push_back(',');
  append_json_string(out, name);
  out += fmt::format(
      ":{{\"dtype\":\"{}\",\"tensor_shape\":{{\"dim\":[{{\"size\":\"-1\",\"name\":\"\"}}",
      tf_serving::type_name(dtype));
  if (width > 0) out += fmt::format(",{{\"size\":\"{}\",\"name\":\"\"}}", width);
  out += "],\"unknown_rank\":false},\"name\":";
  append_json_string(out, std::string(name) + ":0");
  out.push_back('}');
}

void append_signature(std::string& out, const Signature& signature, OutputMask outputs) {
  out += "{\"inputs\":{";
  bool first = true;
  tf_serving::for_each_tensor_in(signature, [&](std::string_view name, DType dtype, size_t width) {
    append_tensor(out, first, name, dtype, width);
    first = false;
  });
  out += "},\"outputs\":{";
  first = true;
  for (size_t i = 0; i < signature.outputs.size(); ++i) {
    if ((outputs >> i & 1U) == 0) continue;
    const OutputSpec& spec = signature.outputs[i];
    append_tensor(out, first, spec.name, output_dtype(spec), spec.is_vector ? 0 : spec.width);
    first = false;
  }
  out += fmt::format("}},\"method_name\":\"{}\",\"defaults\":{{}}}}", tf_serving::kPredictMethod);
}

void metadata(Call& call, const ModelSpec& spec) {
  Status chosen = tf_serving::choose(call, spec);
  if (!chosen.ok()) return answer_error(call, std::move(chosen));
  const serving::ServedModel& model = *call.infer.model;
  call.infer.model = nullptr;  // asks about the model, not of it: no inference request to count
  const Signature& signature = model.signature();
  std::string& body = call.response().body;
  body += "{\"model_spec\":{\"name\":";
  append_json_string(body, model.name);
  body += fmt::format(",\"signature_name\":\"\",\"version\":\"{}\"}},", model.version);
  body += "\"metadata\":{\"signature_def\":{\"signature_def\":{\"serving_default\":";
  append_signature(body, signature, ~OutputMask{0});
  for (size_t i = 0; i < signature.outputs.size(); ++i) {
    body.push_back(',');
    append_json_string(body, signature.outputs[i].name);
    body.push_back(':');
    append_signature(body, signature, OutputMask{1} << i);
  }
  body += "}}}}";
}

}  // namespace

void tfs_status(Call& call) {
  ModelSpec spec;
  if (take_version(call, spec)) status(call, spec);
}
void tfs_status_label(Call& call) {
  status(call, {call.parameters[0], {}, call.parameters[1], {}});
}
void tfs_metadata(Call& call) {
  ModelSpec spec;
  if (take_version(call, spec)) metadata(call, spec);
}
void tfs_metadata_label(Call& call) {
  metadata(call, {call.parameters[0], {}, call.parameters[1], {}});
}

}  // namespace slipway::protocols
