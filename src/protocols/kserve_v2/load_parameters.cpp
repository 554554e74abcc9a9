#include "protocols/kserve_v2/load_parameters.h"

#include <fmt/format.h>

#include <utility>

#include "base/base64.h"
#include "protocols/kserve_v2/config_override.h"
#include "protocols/kserve_v2/configuration.h"

namespace slipway::protocols::kserve_v2 {
namespace {

constexpr std::string_view kFilePrefix = "file:";
constexpr size_t kNameShownMax = 128;

/// The configuration of the model as it is served now; empty if it is not.
std::string present_config(const BaseCall& call, std::string_view model) {
  const auto& models = call.loop->inference.models();
  if (models == nullptr) return {};
  const auto live = models->versions(model);
  return live.empty() ? std::string() : configuration_json(call, *live.front());
}

}  // namespace

bool names_file(std::string_view parameter) { return parameter.starts_with(kFilePrefix); }

void take_file(std::string_view parameter, std::string content, LoadParameters& parameters) {
  parameters.files.push_back(
      {std::string(parameter.substr(kFilePrefix.size())), std::move(content)});
}

Status read_file(std::string_view parameter, std::string_view base64, LoadParameters& parameters) {
  std::string content;
  if (!decode_base64(base64, content)) {
    return invalid_argument(fmt::format("File parameter '{}': expected the file's bytes as base64",
                                        parameter.substr(0, kNameShownMax)));
  }
  take_file(parameter, std::move(content), parameters);
  return {};
}

Status read_text(std::string_view parameter, std::string_view text, LoadParameters& parameters) {
  if (parameter == "url") {
    parameters.url = text;
  } else if (parameter == "config") {
    parameters.config = text;
  } else {
    return invalid_argument(
        fmt::format("Unrecognized load parameter '{}'", parameter.substr(0, kNameShownMax)));
  }
  return {};
}

Result<ChangeParameters> resolve(const BaseCall& call, std::string_view model,
                                 LoadParameters parameters) {
  const bool has_files = !parameters.files.empty();
  if (has_files && !parameters.config) {
    return invalid_argument("Load parameter 'config' must be specified for model file override");
  }
  if (has_files && !parameters.url.empty()) {
    return invalid_argument("a model comes from files (\"file:...\") or from a \"url\", not both");
  }
  ChangeParameters change;
  change.url = std::move(parameters.url);
  change.files = std::move(parameters.files);
  if (!parameters.config) return change;
  std::optional<std::string> present;
  if (!has_files) present = present_config(call, model);
  change.overrides = TRY(read_config_override(*parameters.config, model, present));
  return change;
}

}  // namespace slipway::protocols::kserve_v2
