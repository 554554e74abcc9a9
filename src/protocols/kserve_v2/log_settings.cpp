// Triton's log settings: GET and POST /v2/logging, LogSettings. They change what the program's own
// log writes; updates need the admin token or the admin listener.
#include <fmt/format.h>
#include <inference.pb.h>

#include <cstdint>
#include <limits>

#include "base/log.h"
#include "protocols/internal/call.h"
#include "protocols/internal/endpoints.h"
#include "protocols/internal/json.h"
#include "protocols/internal/model_admin.h"
#include "protocols/kserve_v2/proto_message.h"

namespace slipway::protocols {
namespace {

/// Both forms of Triton's; "json" is that of --log-format.
std::string_view format_name(LogFormat format) {
  switch (format) {
    case LogFormat::kText: return "ISO8601";
    case LogFormat::kJson: return "json";
    case LogFormat::kLetter: return "default";
  }
  return "ISO8601";
}

Status read_format(std::string_view name, LogFormat& format) {
  for (const LogFormat known : {LogFormat::kText, LogFormat::kJson, LogFormat::kLetter}) {
    if (name != format_name(known)) continue;
    format = known;
    return {};
  }
  return unavailable(
      fmt::format("invalid argument for --log_format, got: {}", name.substr(0, 128)));
}

Status file_error() {
  return unimplemented("log file location can not be updated through network protocol");
}

Status unknown_setting(std::string_view name) {
  return invalid_argument(
      fmt::format("unknown log setting '{}'; expected log_info, log_warning, log_error, "
                  "log_verbose_level or log_format",
                  name.substr(0, 128)));
}

bool* flag_of(std::string_view name, LogSettings& settings) {
  if (name == "log_info") return &settings.info;
  if (name == "log_warning") return &settings.warning;
  if (name == "log_error") return &settings.error;
  return nullptr;
}

Status read_field(JsonInput& json, ondemand::field& field, LogSettings& settings) {
  std::string_view name;
  if (const auto error = field.unescaped_key().get(name)) return json.syntax_error(error);
  const std::string key(name);
  ondemand::value& value = field.value();
  bool is_null = false;
  if (const auto error = value.is_null().get(is_null)) return json.syntax_error(error);
  if (is_null) return {};
  const auto expected = [&](std::string_view what) {
    return invalid_argument(fmt::format("'{}': expected {}, got {}", key, what, describe(value)));
  };
  if (key == "log_file") return file_error();
  if (bool* flag = flag_of(key, settings); flag != nullptr) {
    return value.get_bool().get(*flag) == simdjson::SUCCESS ? Status() : expected("true or false");
  }
  if (key == "log_verbose_level") {
    uint64_t level = 0;
    if (value.get_uint64().get(level) != simdjson::SUCCESS ||
        level > std::numeric_limits<uint32_t>::max()) {
      return expected("a whole number from 0 on");
    }
    settings.verbose = static_cast<uint32_t>(level);
    return {};
  }
  if (key != "log_format") return unknown_setting(key);
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) return expected("a text");
  return read_format(text, settings.format);
}

Status read_body(JsonInput& json, std::string_view body, LogSettings& settings) {
  if (body.empty()) return {};
  TRY_STATUS(json.start(body));
  ondemand::object object;
  if (json.document().get_object().get(object) != simdjson::SUCCESS) {
    return invalid_argument("log settings: expected an object");
  }
  for (auto entry : object) {
    ondemand::field field;
    if (const auto error = std::move(entry).get(field)) return json.syntax_error(error);
    TRY_STATUS(read_field(json, field, settings));
  }
  return json.check_end();
}

Status read_message(const inference::LogSettingsRequest& request, LogSettings& settings) {
  using Value = inference::LogSettingsRequest::SettingValue;
  for (const auto& [name, value] : request.settings()) {
    if (value.parameter_choice_case() == Value::PARAMETER_CHOICE_NOT_SET) continue;
    if (name == "log_file") return file_error();
    if (bool* flag = flag_of(name, settings); flag != nullptr) {
      if (!value.has_bool_param()) {
        return invalid_argument(fmt::format("'{}': expected bool_param", name));
      }
      *flag = value.bool_param();
    } else if (name == "log_verbose_level") {
      if (!value.has_uint32_param()) {
        return invalid_argument("'log_verbose_level': expected uint32_param");
      }
      settings.verbose = value.uint32_param();
    } else if (name == "log_format") {
      if (!value.has_string_param()) {
        return invalid_argument("'log_format': expected string_param");
      }
      TRY_STATUS(read_format(value.string_param(), settings.format));
    } else {
      return unknown_setting(name);
    }
  }
  return {};
}

void set(const LogSettings& settings) {
  set_log_settings(settings);
  log_info("the log's settings were changed: info {}, warning {}, error {}, verbose {}, {}",
           settings.info, settings.warning, settings.error, settings.verbose,
           format_name(settings.format));
}

}  // namespace

void v2_log_settings(Call& call) {
  const LogSettings settings = log_settings();
  answer_json(call, 200,
              fmt::format(R"({{"log_file":"","log_info":{},"log_warning":{},"log_error":{},)"
                          R"("log_verbose_level":{},"log_format":"{}"}})",
                          settings.info, settings.warning, settings.error, settings.verbose,
                          format_name(settings.format)));
}

void v2_update_log_settings(Call& call) {
  const transport::HttpRequest& request = call.request();
  Status status =
      check_admin(*call.loop, {request.header("authorization"), request.header("origin")});
  LogSettings settings = log_settings();
  if (status.ok()) status = read_body(call.loop->read->json, request.body, settings);
  if (!status.ok()) return answer_error(call, std::move(status));
  set(settings);
  v2_log_settings(call);
}

void rpc_log_settings(RpcCall& call) {
  inference::LogSettingsRequest request;
  if (!kserve_v2::parse(call, request)) return;
  LogSettings settings = log_settings();
  if (request.settings_size() > 0) {
    call.error = check_admin(*call.loop,
                             {call.request->field("authorization"), call.request->field("origin")});
    if (call.error.ok()) call.error = read_message(request, settings);
    if (!call.error.ok()) return;
    set(settings);
  }
  inference::LogSettingsResponse response;
  auto& out = *response.mutable_settings();
  out["log_file"].set_string_param("");
  out["log_info"].set_bool_param(settings.info);
  out["log_warning"].set_bool_param(settings.warning);
  out["log_error"].set_bool_param(settings.error);
  out["log_verbose_level"].set_uint32_param(settings.verbose);
  out["log_format"].set_string_param(std::string(format_name(settings.format)));
  kserve_v2::answer(call, response);
}

}  // namespace slipway::protocols
