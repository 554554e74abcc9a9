// The model repository extension: POST /v2/repository/index, .../models/{model}/load and /unload,
// as Triton's clients speak it. What changes models needs the admin token or the admin listener.
#include <fmt/format.h>

#include "base/json_escape.h"
#include "protocols/internal/call.h"
#include "protocols/internal/closest.h"
#include "protocols/internal/endpoints.h"
#include "protocols/internal/json.h"
#include "protocols/internal/model_admin.h"
#include "protocols/kserve_v2/load_parameters.h"
#include "protocols/kserve_v2/model_metadata.h"

namespace slipway::protocols {
namespace {

using kserve_v2::LoadParameters;
using serving::ModelStatus;

struct Body {
  bool ready = false;  // "ready": only what is
  LoadParameters parameters;
};

Status read_parameters(JsonInput& json, ondemand::value value, Body& body) {
  ondemand::object parameters;
  if (value.get_object().get(parameters) != simdjson::SUCCESS) {
    return invalid_argument("\"parameters\": expected an object");
  }
  for (auto entry : parameters) {
    ondemand::field field;
    if (const auto error = std::move(entry).get(field)) return json.syntax_error(error);
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key)) return json.syntax_error(error);
    const std::string name(key);
    if (name == "unload_dependents") continue;  // no model depends on another
    std::string_view text;
    if (field.value().get_string().get(text) != simdjson::SUCCESS) {
      return invalid_argument(fmt::format("{}: expected a text", in_quotes(name)));
    }
    TRY_STATUS(kserve_v2::names_file(name) ? kserve_v2::read_file(name, text, body.parameters)
                                           : kserve_v2::read_text(name, text, body.parameters));
  }
  return {};
}

Status read_fields(JsonInput& json, Body& body) {
  ondemand::object object;
  if (json.document().get_object().get(object) != simdjson::SUCCESS) {
    return invalid_argument("the body: expected an object, or nothing");
  }
  for (auto field : object) {
    ondemand::raw_json_string key;
    ondemand::value value;
    if (const auto error = field.key().get(key)) return json.syntax_error(error);
    if (const auto error = field.value().get(value)) return json.syntax_error(error);
    if (key_is(key, "parameters")) {
      TRY_STATUS(read_parameters(json, value, body));
    } else if (key_is(key, "ready")) {
      if (value.get_bool().get(body.ready) != simdjson::SUCCESS) {
        return invalid_argument("\"ready\": expected true or false");
      }
    }
  }
  return json.check_end();
}

/// An empty body means {}.
Result<Body> read_body(Call& call) {
  Body body;
  if (call.request().body.empty()) return body;
  JsonInput& json = call.loop->read->json;
  TRY_STATUS(json.start(call.request().body));
  TRY_STATUS(read_fields(json, body));
  return body;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.push_back('"');
  out += name;
  out += "\":";
  append_json_string(out, value);
}

void write_empty(Call& call) { call.response().body = "{}"; }

Status check_caller(const Call& call) {
  const transport::HttpRequest& request = call.request();
  return check_admin(*call.loop, {request.header("authorization"), request.header("origin")});
}

Status begin_load(Call& call) {
  TRY_STATUS(check_caller(call));
  Body body = TRY(read_body(call));
  const std::string_view model = call.parameters[0];
  ChangeParameters change = TRY(kserve_v2::resolve(call, model, std::move(body.parameters)));
  return begin_change(call, model, std::move(change), &serving::ModelControl::load);
}

Status begin_unload(Call& call) {
  TRY_STATUS(check_caller(call));
  TRY_STATUS(read_body(call).status());
  return begin_change(call, call.parameters[0], {}, &serving::ModelControl::unload);
}

void answer_change(Call& call, Status status) {
  if (!status.ok()) return answer_error(call, std::move(status));
  call.write = write_empty;
}

}  // namespace

void v2_repository_index(Call& call) {
  Result<Body> body = read_body(call);
  if (!body.ok()) return answer_error(call, std::move(body).status());
  serving::ModelControl* control = call.loop->server.control.load();
  if (control == nullptr) return answer_error(call, unavailable("the models are still loading"));
  kserve_v2::keep_plain(call);
  std::string& out = call.response().body;
  out.push_back('[');
  for (const ModelStatus& status : control->index()) {
    if (body->ready && !status.served()) continue;
    if (out.size() > 1) out.push_back(',');
    out.push_back('{');
    append_field(out, "name", status.name);
    if (!status.version.empty()) {
      out.push_back(',');
      append_field(out, "version", status.version);
    }
    out.push_back(',');
    append_field(out, "state", state_name(status));
    out.push_back(',');
    append_field(out, "reason", reason_of(status));
    out.push_back('}');
  }
  out.push_back(']');
}

void v2_repository_load(Call& call) { answer_change(call, begin_load(call)); }

void v2_repository_unload(Call& call) { answer_change(call, begin_unload(call)); }

}  // namespace slipway::protocols
