// Triton's trace settings: GET and POST /v2/trace/setting, /v2/models/{m}/trace/setting,
// TraceSetting. Updates need the admin token or the admin listener.
#include <fmt/format.h>
#include <inference.pb.h>

#include <charconv>
#include <limits>

#include "base/json_escape.h"
#include "protocols/internal/call.h"
#include "protocols/internal/endpoints.h"
#include "protocols/internal/json.h"
#include "protocols/internal/model_admin.h"
#include "protocols/internal/trace_log.h"
#include "protocols/kserve_v2/proto_message.h"

namespace slipway::protocols {
namespace {

using Texts = std::vector<std::string>;

/// As Triton's messages for a number that is none, or that is out of range.
Result<int64_t> read_number(std::string_view name, std::string_view text, int64_t least,
                            int64_t most) {
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [place, error] = std::from_chars(text.data(), end, number);
  const std::string_view shown = text.substr(0, 64);
  if (error == std::errc::invalid_argument || place != end) {
    return invalid_argument(fmt::format("Unable to parse '{}', got: {}", name, shown));
  }
  if (error == std::errc() && number >= least && number <= most) return number;
  return invalid_argument(fmt::format(
      "Unable to parse '{}', value is out of range [ {}, {} ], got: {}", name, least, most, shown));
}

Status read_level(const Texts& texts, TraceUpdate& update) {
  TraceUpdate::Level level;
  for (const std::string& text : texts) {
    if (text == "OFF") {
      if (texts.size() == 1) continue;
      return invalid_argument("Expect only one trace level 'OFF' is specified");
    }
    if (text == "TIMESTAMPS") {
      level.timestamps = true;
    } else if (text == "TENSORS") {
      level.tensors = true;
    } else {
      return invalid_argument(fmt::format(
          "Unknown trace level '{}'; expected OFF, TIMESTAMPS or TENSORS", text.substr(0, 64)));
    }
  }
  update.level = std::optional(level);
  return {};
}

/// One setting; no texts: it is to be reset.
Status read_setting(std::string_view name, const Texts& texts, TraceUpdate& update) {
  constexpr int64_t kMost32 = std::numeric_limits<uint32_t>::max();
  if (name == "trace_level") {
    if (!texts.empty()) return read_level(texts, update);
    update.level = std::optional<TraceUpdate::Level>();
    return {};
  }
  if (texts.size() > 1) {
    return invalid_argument(fmt::format("expect only 1 value for '{}'", name));
  }
  const bool resets = texts.empty();
  if (name == "trace_rate") {
    update.rate = std::optional<uint32_t>();
    if (!resets) *update.rate = static_cast<uint32_t>(TRY(read_number(name, texts[0], 0, kMost32)));
  } else if (name == "trace_count") {
    update.count = std::optional<int64_t>();
    constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
    if (!resets) *update.count = TRY(read_number(name, texts[0], -1, kMost));
  } else if (name == "log_frequency") {
    update.log_frequency = std::optional<uint32_t>();
    if (!resets) {
      *update.log_frequency = static_cast<uint32_t>(TRY(read_number(name, texts[0], 0, kMost32)));
    }
  } else if (name == "trace_file") {
    update.file = resets ? std::optional<std::string>() : std::optional(texts[0]);
  } else if (name != "trace_mode" || (!resets && texts[0] != "triton")) {
    return invalid_argument(
        fmt::format("unknown trace setting '{}'; expected trace_level, trace_rate, trace_count, "
                    "log_frequency or trace_file",
                    name.substr(0, 128)));
  }
  return {};
}

/// A text, a number as it is spelled, or a list of texts; null gives none.
Status read_texts(JsonInput& json, std::string_view name, ondemand::value value, Texts& texts) {
  const auto expected = [&](std::string_view what) {
    return invalid_argument(fmt::format("'{}': expected {}", name, what));
  };
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return json.syntax_error(error);
  std::string_view text;
  if (type == ondemand::json_type::string) {
    if (const auto error = value.get_string().get(text)) return json.syntax_error(error);
    texts.emplace_back(text);
  } else if (type == ondemand::json_type::number) {
    int64_t number = 0;
    if (value.get_int64().get(number) != simdjson::SUCCESS) return expected("a whole number");
    texts.push_back(std::to_string(number));
  } else if (type == ondemand::json_type::array) {
    ondemand::array array;
    if (const auto error = value.get_array().get(array)) return json.syntax_error(error);
    for (auto element : array) {
      if (element.get_string().get(text) != simdjson::SUCCESS) return expected("a list of texts");
      texts.emplace_back(text);
      if (texts.size() > 16) return expected("fewer values");
    }
  } else if (bool is_null = false; type != ondemand::json_type::null ||
                                   value.is_null().get(is_null) != simdjson::SUCCESS) {
    return expected("a text, or null");
  }
  return {};
}

Result<TraceUpdate> read_body(JsonInput& json, std::string_view body) {
  TraceUpdate update;
  TRY_STATUS(json.start(body.empty() ? "{}" : body));
  ondemand::object object;
  if (json.document().get_object().get(object) != simdjson::SUCCESS) {
    return invalid_argument("trace settings: expected an object");
  }
  for (auto entry : object) {
    ondemand::field field;
    if (const auto error = std::move(entry).get(field)) return json.syntax_error(error);
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key)) return json.syntax_error(error);
    const std::string name(key);
    Texts texts;
    TRY_STATUS(read_texts(json, name, field.value(), texts));
    TRY_STATUS(read_setting(name, texts, update));
  }
  TRY_STATUS(json.check_end());
  return update;
}

Status check_model(const BaseCall& call, std::string_view name) {
  if (name.empty()) return {};
  const serving::ModelSet* models = TRY(models_of(call));
  if (!models->versions(name).empty()) return {};
  return invalid_argument(fmt::format("Request for unknown model : {}", name));
}

/// Each setting's name and its values.
std::vector<std::pair<std::string, Texts>> shown(const TraceSettings& settings) {
  Texts levels;
  if (settings.timestamps) levels.emplace_back("TIMESTAMPS");
  if (settings.tensors) levels.emplace_back("TENSORS");
  if (levels.empty()) levels.emplace_back("OFF");
  return {{"trace_level", std::move(levels)},
          {"trace_rate", {std::to_string(settings.rate)}},
          {"trace_count", {std::to_string(settings.count)}},
          {"log_frequency", {std::to_string(settings.log_frequency)}},
          {"trace_file", {settings.file}},
          {"trace_mode", {"triton"}}};
}

}  // namespace

void v2_trace_setting(Call& call) {
  const std::string_view model = call.parameters[0];
  Status status = check_model(call, model);
  if (!status.ok()) return answer_error(call, std::move(status));
  std::string& body = call.response().body;
  body.push_back('{');
  for (const auto& [name, texts] : shown(call.loop->server.traces->settings(model))) {
    if (body.size() > 1) body.push_back(',');
    append_json_string(body, name);
    body.push_back(':');
    if (name == "trace_level") body.push_back('[');
    for (size_t i = 0; i < texts.size(); ++i) {
      if (i > 0) body.push_back(',');
      append_json_string(body, texts[i]);
    }
    if (name == "trace_level") body.push_back(']');
  }
  body.push_back('}');
}

void v2_update_trace_setting(Call& call) {
  const transport::HttpRequest& request = call.request();
  Status status =
      check_admin(*call.loop, {request.header("authorization"), request.header("origin")});
  if (status.ok()) status = check_model(call, call.parameters[0]);
  if (!status.ok()) return answer_error(call, std::move(status));
  const auto update = read_body(call.loop->read->json, request.body);
  if (!update.ok()) return answer_error(call, update.status());
  status = call.loop->server.traces->update(call.parameters[0], *update);
  if (!status.ok()) return answer_error(call, std::move(status));
  v2_trace_setting(call);
}

void rpc_trace_setting(RpcCall& call) {
  inference::TraceSettingRequest request;
  if (!kserve_v2::parse(call, request)) return;
  TraceUpdate update;
  if (request.settings_size() > 0) {
    call.error = check_admin(*call.loop,
                             {call.request->field("authorization"), call.request->field("origin")});
    if (!call.error.ok()) return;
  }
  call.error = check_model(call, request.model_name());
  for (const auto& [name, value] : request.settings()) {
    if (!call.error.ok()) return;
    call.error = read_setting(name, Texts(value.value().begin(), value.value().end()), update);
  }
  TraceLog& traces = *call.loop->server.traces;
  if (call.error.ok() && request.settings_size() > 0) {
    call.error = traces.update(request.model_name(), update);
  }
  if (!call.error.ok()) return;
  inference::TraceSettingResponse response;
  for (const auto& [name, texts] : shown(traces.settings(request.model_name()))) {
    auto& value = (*response.mutable_settings())[name];
    for (const std::string& text : texts) value.add_value(text);
  }
  kserve_v2::answer(call, response);
}

}  // namespace slipway::protocols
