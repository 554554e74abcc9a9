#include "protocols/torchserve/description.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/json_escape.h"
#include "protocols/torchserve/management.h"

namespace slipway::protocols::torchserve {
namespace {

constexpr int32_t kWorkersShownMax = 100;
constexpr int32_t kFirstWorker = 9000;  // TorchServe's first port

std::string url_of(const serving::ServedModel& model, const Asked& asked) {
  if (!asked.url.empty()) return asked.url;
  return model.path.substr(model.path.rfind('/') + 1);
}

void append_text(std::string& out, std::string_view key, std::string_view value) {
  out += fmt::format("    \"{}\": ", key);
  append_json_string(out, value);
  out += ",\n";
}

void append_number(std::string& out, std::string_view key, int64_t value) {
  out += fmt::format("    \"{}\": {},\n", key, value);
}

/// One for each that was asked for; each is a share of this one process.
void append_workers(std::string& out, const serving::ServedModel& model, const Asked& asked) {
  using std::chrono::milliseconds;
  const auto since = std::chrono::floor<milliseconds>(asked.since.time_since_epoch()).count();
  const std::string time =
      fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03d}Z",
                  fmt::gmtime(std::chrono::system_clock::to_time_t(asked.since)), since % 1000);
  out += "    \"workers\": [";
  const int32_t count = std::min(asked.min_workers, kWorkersShownMax);
  for (int32_t i = 0; i < count; ++i) {
    out += fmt::format(
        "{}\n      {{\n        \"id\": \"{}\",\n        \"startTime\": \"{}\",\n"
        "        \"status\": \"READY\",\n        \"memoryUsage\": {},\n        \"pid\": {},\n"
        "        \"gpu\": false,\n        \"gpuUsage\": \"N/A\"\n      }}",
        i > 0 ? "," : "", kFirstWorker + i, time, model.memory_bytes(), getpid());
  }
  out += count > 0 ? "\n    ]" : "]";
}

void append_names(std::string& out, const Signature& signature) {
  out += "\"inputs\": [";
  for (size_t i = 0; i < signature.columns.size(); ++i) {
    const InputColumn& column = signature.columns[i];
    out += i > 0 ? ", {\"name\": " : "{\"name\": ";
    append_json_string(out, column.name);
    out += fmt::format(", \"type\": \"{}\"}}", column.is_record() ? "record"
                                               : column.is_text() ? "text"
                                                                  : "number");
  }
  out += "], \"outputs\": [";
  for (size_t i = 0; i < signature.outputs.size(); ++i) {
    if (i > 0) out += ", ";
    append_json_string(out, signature.outputs[i].name);
  }
  out += "]";
}

}  // namespace

std::string status_json(std::string_view status) {
  std::string text = "{\n  \"status\": ";
  append_json_string(text, status);
  text += "\n}\n";
  return text;
}

void append_listed(std::string& text, const serving::ServedModel& model,
                   const serving::ModelSet& models, const State& state) {
  text += "\n    {\n      \"modelName\": ";
  append_json_string(text, model.name);
  text += ",\n      \"modelUrl\": ";
  append_json_string(
      text,
      url_of(model, state.asked(model.name, version_text(models, model.name, model.version))));
  text += "\n    }";
}

void append_description(std::string& text, const serving::ServedModel& model,
                        const serving::ModelSet& models, const State& state, bool customized) {
  const std::string version = version_text(models, model.name, model.version);
  const Asked asked = state.asked(model.name, version);
  text += "  {\n";
  append_text(text, "modelName", model.name);
  append_text(text, "modelVersion", version);
  append_text(text, "modelUrl", url_of(model, asked));
  append_text(text, "runtime", asked.runtime);
  append_number(text, "minWorkers", asked.min_workers);
  append_number(text, "maxWorkers", asked.max_workers);
  append_number(text, "batchSize", asked.batch_size);
  append_number(text, "maxBatchDelay", asked.max_batch_delay);
  append_number(text, "responseTimeout", asked.response_timeout);
  append_number(text, "startupTimeout", asked.startup_timeout);
  append_text(text, "deviceType", "cpu");
  text += fmt::format("    \"loadedAtStartup\": {},\n", asked.at_startup);
  append_workers(text, model, asked);
  text += fmt::format(",\n    \"jobQueueStatus\": {{\n      \"pendingRequests\": {}\n    }}",
                      model.metrics == nullptr ? 0 : model.metrics->queue_length.value());
  if (customized) {
    text += ",\n    \"customizedMetadata\": {\"class\": ";
    append_json_string(text, model.loaded.class_name);
    text += ", \"library\": ";
    append_json_string(text, model.loaded.library);
    text += ", \"libraryVersion\": ";
    append_json_string(text, model.loaded.library_version);
    text += ", ";
    append_names(text, model.signature());
    text += "}";
  }
  text += "\n  }";
}

std::string registered_text(const serving::Registered& made, const RegisterRequest& request) {
  std::string text = fmt::format("Model \"{}\" Version: {} registered with {} initial workers",
                                 made.name, made.version, std::max(request.initial_workers, 0));
  if (request.initial_workers > 0) return text;
  return text + ". Use scale workers API to add workers for the model.";
}

}  // namespace slipway::protocols::torchserve
