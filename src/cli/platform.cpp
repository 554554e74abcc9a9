#include "cli/platform.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/log.h"

namespace slipway::cli {
namespace {

constexpr std::string_view kVertexPredict =
    "/v1/endpoints/{endpoint}/deployedModels/{model}:predict";
constexpr std::string_view kVertexHealth = "/v1/endpoints/{endpoint}/deployedModels/{model}";

struct Known {
  std::string_view dialect;
  std::string_view prefix;  // of its variables
  std::string_view port_variable;
  uint16_t port;
};
constexpr Known kSageMaker{"sagemaker", "SAGEMAKER_", "SAGEMAKER_BIND_TO_PORT", 8080};
constexpr Known kPlatforms[] = {
    kSageMaker,
    {"vertex", "AIP_", "AIP_HTTP_PORT", 8080},
    {"azure-ml", "AZUREML_", "", 5001},
};

std::string value_of(std::span<const std::string> variables, std::string_view name) {
  if (name.empty()) return {};
  for (const std::string& variable : variables) {
    if (variable.size() > name.size() && variable.starts_with(name) &&
        variable[name.size()] == '=') {
      return variable.substr(name.size() + 1);
    }
  }
  return {};
}

bool is_folder(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

/// The one platform whose variables are set; null if there are none or several.
const Known* find_platform(std::span<const std::string> variables) {
  const Known* found = nullptr;
  for (const Known& platform : kPlatforms) {
    const bool is_set = std::ranges::any_of(variables, [&](const std::string& variable) {
      return variable.starts_with(platform.prefix);
    });
    if (!is_set) continue;
    if (found != nullptr) {
      log_warning("variables of several platforms are set ({}..., {}...): none decides",
                  found->prefix, platform.prefix);
      return nullptr;
    }
    found = &platform;
  }
  return found;
}

Status set_address(const Known& platform, std::span<const std::string> variables,
                   ServeOptions& options) {
  if (options.listeners.address_given || !options.listeners.listen.empty()) return {};
  const std::string text = value_of(variables, platform.port_variable);
  uint32_t port = platform.port;
  if (!text.empty()) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || port == 0 ||
        port > 65535) {
      return invalid_argument(
          fmt::format("{}: expected a port, got \"{}\"", platform.port_variable, text));
    }
  }
  options.host = "0.0.0.0";
  options.port = static_cast<uint16_t>(port);
  options.listeners.address_given = true;
  return {};
}

Result<std::string> vertex_model(std::span<const std::string> variables) {
  constexpr std::string_view kFile = "file://";
  std::string source = value_of(variables, "AIP_STORAGE_URI");
  if (source.starts_with("gs://")) {
    return invalid_argument(fmt::format(
        "AIP_STORAGE_URI: {} cannot be read from here: copy the model to a local path at the "
        "container's start, or mount the bucket, and name that path: slipway serve PATH",
        source));
  }
  if (source.starts_with(kFile)) source.erase(0, kFile.size());
  return source;
}

Status set_model(const Known& platform, std::span<const std::string> variables,
                 const std::string& model_folder, ServeOptions& options) {
  if (!options.paths.empty()) return {};
  std::string source;
  if (platform.dialect == kSageMaker.dialect) {
    source = model_folder;
  } else if (platform.dialect == "vertex") {
    source = TRY(vertex_model(variables));
  } else {
    source = value_of(variables, "AZUREML_MODEL_DIR");
  }
  if (!source.empty()) options.paths.push_back(std::move(source));
  return {};
}

Status add_route(std::span<const std::string> variables, std::string_view name,
                 std::string_view target, Platform& platform) {
  const std::string route = value_of(variables, name);
  if (route.empty()) return {};
  if (route.front() != '/' || route.find_first_of("{}?# ") != std::string::npos) {
    return invalid_argument(fmt::format("{}: expected a path, got \"{}\"", name, route));
  }
  platform.aliases.emplace_back(route, target);
  return {};
}

}  // namespace

std::vector<std::string> environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  return variables;
}

Result<Platform> apply_platform(std::span<const std::string> variables,
                                const std::string& model_folder, ServeOptions& options) {
  const Known* known = find_platform(variables);
  const bool none_set = std::ranges::none_of(kPlatforms, [&](const Known& platform) {
    return std::ranges::any_of(variables, [&](const std::string& variable) {
      return variable.starts_with(platform.prefix);
    });
  });
  if (none_set && options.paths.empty() && is_folder(model_folder)) known = &kSageMaker;
  Platform platform;
  if (known == nullptr) return platform;
  platform.name = known->dialect;
  TRY_STATUS(set_address(*known, variables, options));
  TRY_STATUS(set_model(*known, variables, model_folder, options));
  // Its own paths first; every other dialect stays behind it.
  if (options.listeners.compat.empty()) options.listeners.compat = platform.name + ",all";
  if (platform.name == "vertex") {
    TRY_STATUS(add_route(variables, "AIP_PREDICT_ROUTE", kVertexPredict, platform));
    TRY_STATUS(add_route(variables, "AIP_HEALTH_ROUTE", kVertexHealth, platform));
  }
  log_info("the environment is that of {}", platform.name);
  return platform;
}

}  // namespace slipway::cli
