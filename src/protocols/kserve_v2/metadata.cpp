// The Open Inference Protocol's health and metadata: what is served, and whether it is ready.
#include <fmt/format.h>

#include "base/json_escape.h"
#include "protocols/internal/call.h"
#include "protocols/internal/endpoints.h"
#include "protocols/json_output.h"
#include "protocols/kserve_v2/model_metadata.h"

namespace slipway::protocols {

using kserve_v2::datatype_of;
using kserve_v2::for_each_input;
using kserve_v2::platform_of;
using kserve_v2::unready_reason;

namespace {

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.push_back('"');
  out += name;
  out += "\":";
  append_json_string(out, value);
}

void append_tensor(std::string& out, std::string_view name, std::string_view datatype,
                   uint64_t width, bool first, bool is_record = false) {
  if (!first) out.push_back(',');
  out.push_back('{');
  append_field(out, "name", name);
  out += ",\"datatype\":\"";
  out += datatype;
  out += "\",\"shape\":[-1,";
  append_integer(out, width);
  out.push_back(']');
  // Each text is a JSON object.
  if (is_record) out += ",\"parameters\":{\"content_type\":\"json\"}";
  out.push_back('}');
}

void append_metadata(std::string& out, const serving::ModelSet& models,
                     const serving::ServedModel& model) {
  const Signature& signature = model.signature();
  out.push_back('{');
  append_field(out, "name", model.name);
  out += ",\"versions\":[";
  bool first = true;
  for (const auto& version : models.versions(model.name)) {
    if (!first) out.push_back(',');
    first = false;
    append_json_string(out, version->version);
  }
  out += "],";
  append_field(out, "platform", platform_of(model.loaded));
  out += ",\"inputs\":[";
  first = true;
  for_each_input(signature, [&](std::string_view name, ColumnType type, size_t width) {
    append_tensor(out, name, datatype_of(type), width, first, type == ColumnType::kRecord);
    first = false;
  });
  out += "],\"outputs\":[";
  first = true;
  for (const OutputSpec& output : signature.outputs) {
    append_tensor(out, output.name, oip_name(output_dtype(output)), output.width, first);
    first = false;
  }
  out += "],\"parameters\":{";
  append_field(out, "class", model.loaded.class_name);
  out.push_back(',');
  append_field(out, "library", model.loaded.library);
  out.push_back(',');
  append_field(out, "library_version", model.loaded.library_version);
  out.push_back(',');
  append_field(out, "digest", model.loaded.digest);
  out.push_back(',');
  append_field(out, "default_output", signature.outputs[signature.default_output].name);
  out += ",\"trained_with_column_names\":";
  out += signature.columns_named ? "true" : "false";
  out += "}}";
}

}  // namespace

void v2_server_metadata(Call& call) {
  std::string& body = call.response().body;
  body += "{\"name\":\"slipway\",";
  append_field(body, "version", call.loop->server.version);
  body += ",\"extensions\":[";
  bool first = true;
  for (const std::string_view extension : kserve_v2::extensions(call.loop->server)) {
    if (!first) body.push_back(',');
    first = false;
    append_json_string(body, extension);
  }
  body += "]}";
}

void v2_live(Call& call) { answer_json(call, 200, "{\"live\":true}"); }

void v2_ready(Call& call) {
  const std::string reason = unready_reason(call);
  if (reason.empty()) return answer_json(call, 200, "{\"ready\":true}");
  answer_error(call, unavailable(reason));
  call.response().body = "{\"ready\":false,";
  append_field(call.response().body, "error", reason);
  call.response().body.push_back('}');
}

void v2_models(Call& call) {
  const auto models = models_of(call);
  if (!models.ok()) return answer_error(call, models.status());
  std::string& body = call.response().body;
  body += "{\"models\":[";
  bool first = true;
  for (const auto& model : (*models)->models()) {
    if (!first) body.push_back(',');
    first = false;
    append_json_string(body, model->name);
  }
  body += "]}";
}

void v2_model_metadata(Call& call) {
  Status status = choose_model(call, call.parameters[0], call.parameters[1]);
  if (!status.ok()) return answer_error(call, std::move(status));
  kserve_v2::keep_plain(call);
  append_metadata(call.response().body, *call.loop->inference.models(), *call.infer.model);
  call.infer.model = nullptr;  // asks about the model, not of it: no inference request to count
}

void v2_model_ready(Call& call) {
  Status status = choose_model(call, call.parameters[0], call.parameters[1]);
  const std::string_view name = call.parameters[0];
  call.infer.model = nullptr;
  call.needs_model = false;  // tells how the model stands, and changes nothing
  if (status.ok() && call.loop->server.draining.load(std::memory_order_relaxed)) {
    status = unavailable("the server is stopping");
  }
  if (!status.ok()) return answer_error(call, std::move(status));
  std::string& body = call.response().body;
  body.push_back('{');
  append_field(body, "name", name);
  body += ",\"ready\":true}";
}

}  // namespace slipway::protocols
