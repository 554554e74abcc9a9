// The model repository extension: POST /v2/repository/index, .../models/{model}/load and /unload,
// as Triton's clients speak it. What changes models needs the admin token or the admin listener.
#include <fmt/format.h>

#include "base/json_escape.h"
#include "protocols/internal/call.h"
#include "protocols/internal/closest.h"
#include "protocols/internal/endpoints.h"
#include "protocols/internal/json.h"

namespace slipway::protocols {
namespace {

using serving::ModelStatus;
using serving::VersionState;

/// True for equal texts, in a time that does not tell where they differ.
bool equal_secrets(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

bool brings_token(const Call& call) {
  constexpr std::string_view kScheme = "bearer ";
  const std::string& token = call.loop->server.admin_token;
  const std::string_view header = call.request().header("authorization");
  if (token.empty() || header.size() <= kScheme.size()) return false;
  for (size_t i = 0; i < kScheme.size(); ++i) {
    if ((header[i] | 0x20) != kScheme[i] && header[i] != kScheme[i]) return false;
  }
  return equal_secrets(header.substr(kScheme.size()), token);
}

/// PERMISSION_DENIED unless the caller may change models. A page in a browser on this machine can
/// reach a loopback listener too; browsers then say where the page is from, which is refused.
Status check_admin(const Call& call) {
  if (brings_token(call)) return {};
  if (call.loop->may_change_models) {
    if (call.request().header("origin").data() == nullptr) return {};
    return permission_denied(
        "this call changes models and comes from a page in a browser: it "
        "needs the admin token (Authorization: Bearer ...)");
  }
  return permission_denied(
      "this call changes models: it needs the admin token (Authorization: Bearer ..., set by "
      "--admin-token) or the admin listener (--admin)");
}

/// Triton's name for a state.
std::string_view state_name(const ModelStatus& status) {
  switch (status.state) {
    case VersionState::kStart:
    case VersionState::kLoading: return "LOADING";
    case VersionState::kAvailable: return "READY";
    case VersionState::kUnloading: return "UNLOADING";
    case VersionState::kEnd: return "UNAVAILABLE";
  }
  return "UNAVAILABLE";
}

struct Body {
  bool ready = false;      // "ready": only what is
  bool overrides = false;  // "parameters" that bring a configuration or files
};

Status read_parameters(JsonInput& json, ondemand::value value, Body& body) {
  ondemand::object parameters;
  if (value.get_object().get(parameters) != simdjson::SUCCESS) {
    return invalid_argument("\"parameters\": expected an object");
  }
  for (auto field : parameters) {
    ondemand::raw_json_string key;
    if (const auto error = field.key().get(key)) return json.syntax_error(error);
    if (!key_is(key, "unload_dependents")) body.overrides = true;
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

using Change = void (serving::ModelControl::*)(std::string, std::function<void(Status)>);

template <Change change>
void begin_change(Call& call, std::function<void(Status)> done) {
  serving::ModelControl* control = call.loop->server.control.load();
  (control->*change)(std::string(call.parameters[0]), std::move(done));
}

/// What load and unload share; `begin` is called once the exchange is deferred.
void change_model(Call& call, void (*begin)(Call&, std::function<void(Status)>)) {
  if (Status status = check_admin(call); !status.ok()) {
    return answer_error(call, std::move(status));
  }
  Result<Body> body = read_body(call);
  if (!body.ok()) return answer_error(call, std::move(body).status());
  if (body->overrides) {
    return answer_error(call, unimplemented("a model is loaded from the repository as it is: "
                                            "\"config\" and \"file:...\" are not taken"));
  }
  if (call.loop->server.control.load() == nullptr) {
    return answer_error(call, unavailable("the models are still loading"));
  }
  call.begin = begin;
  call.write = write_empty;
  call.deferred = true;
}

}  // namespace

void v2_repository_index(Call& call) {
  Result<Body> body = read_body(call);
  if (!body.ok()) return answer_error(call, std::move(body).status());
  serving::ModelControl* control = call.loop->server.control.load();
  if (control == nullptr) return answer_error(call, unavailable("the models are still loading"));
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
    append_field(out, "reason", status.status.ok() ? status.reason : status.status.message());
    out.push_back('}');
  }
  out.push_back(']');
}

void v2_repository_load(Call& call) {
  change_model(call, begin_change<&serving::ModelControl::load>);
}

void v2_repository_unload(Call& call) {
  change_model(call, begin_change<&serving::ModelControl::unload>);
}

}  // namespace slipway::protocols
