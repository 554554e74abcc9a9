#include "cli/config_file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/edit_distance.h"
#include "base/file.h"

namespace slipway::cli {
namespace {

constexpr uint64_t kConfigBytesMax = 1 << 20;

Status wrong(const std::string& path, const YAML::Node& node, const std::string& message) {
  return invalid_argument(fmt::format("{}, line {}: {}", path, node.Mark().line + 1, message));
}

const Setting* find_setting(const std::vector<Setting>& settings, const std::string& key) {
  // file_names with underscores are taken as well as flag-names with dashes.
  std::string name = key;
  std::replace(name.begin(), name.end(), '_', '-');
  if (name == "listeners") name = "listen";
  const auto found = std::find_if(settings.begin(), settings.end(),
                                  [&](const Setting& setting) { return setting.name == name; });
  return found == settings.end() ? nullptr : &*found;
}

/// An item that is a map, as its flag's text: {address: A, tls: true, protocols: [http2, grpc]} is
/// "A,tls,protocols=http2+grpc".
Result<std::string> joined_item(const std::string& path, const YAML::Node& item) {
  const YAML::Node address = item["address"];
  if (!address || !address.IsScalar()) return wrong(path, item, "expected an address");
  std::string text = address.Scalar();
  for (const auto& entry : item) {
    std::string key = entry.first.Scalar();
    if (key == "address") continue;
    std::replace(key.begin(), key.end(), '_', '-');
    std::string value;
    for (const YAML::Node& part : entry.second) {  // none in a plain value
      value += (value.empty() ? "" : "+") + (part.IsScalar() ? part.Scalar() : "");
    }
    if (entry.second.IsScalar()) value = entry.second.Scalar();
    if (value.find(',') != std::string::npos) {
      return wrong(path, entry.second, key + ": a comma cannot stand in the value");
    }
    if (value == "false") continue;
    text += "," + key + (value == "true" ? "" : "=" + value);
  }
  return text;
}

Status add_setting(const std::string& path, const Setting& setting, const YAML::Node& value,
                   ConfigArguments& arguments) {
  std::vector<std::string> texts;
  if (value.IsSequence() && (setting.is_list || setting.is_positional)) {
    for (const YAML::Node& item : value) {
      if (item.IsMap() && setting.is_list && !setting.is_positional) {
        texts.push_back(TRY(joined_item(path, item)));
        continue;
      }
      if (!item.IsScalar()) return wrong(path, item, setting.name + ": expected plain values");
      texts.push_back(item.Scalar());
    }
  } else if (value.IsScalar()) {
    texts.push_back(value.Scalar());
  } else {
    return wrong(path, value, setting.name + ": expected one plain value");
  }
  for (const std::string& text : texts) {
    if (setting.is_positional) {
      arguments.positionals.push_back(text);
    } else if (setting.is_flag) {
      if (text != "true" && text != "false") {
        return wrong(path, value,
                     fmt::format("{}: expected true or false, got {}", setting.name, text));
      }
      if (text == "true") arguments.flags.push_back("--" + setting.name);
    } else {
      arguments.flags.push_back(fmt::format("--{}={}", setting.name, text));
    }
  }
  return {};
}

Status add_settings(const std::string& path, const YAML::Node& root,
                    const std::vector<Setting>& settings, ConfigArguments& arguments) {
  if (root.IsNull()) return {};
  if (!root.IsMap()) return wrong(path, root, "expected settings as `name: value` lines");
  std::set<std::string> seen;
  for (const auto& entry : root) {
    if (!entry.first.IsScalar()) return wrong(path, entry.first, "expected a setting's name");
    const std::string key = entry.first.Scalar();
    const Setting* setting = find_setting(settings, key);
    if (setting == nullptr) {
      std::vector<std::string> known;
      known.reserve(settings.size());
      for (const Setting& each : settings) known.push_back(each.name);
      const std::string nearest = nearest_name(key, known);
      return wrong(
          path, entry.first,
          fmt::format("unknown setting '{}'{}", key,
                      nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest)));
    }
    if (!seen.insert(setting->name).second) {
      return wrong(path, entry.first, fmt::format("'{}' is given twice", setting->name));
    }
    if (!setting->environment.empty() && std::getenv(setting->environment.c_str()) != nullptr) {
      continue;
    }
    TRY_STATUS(add_setting(path, *setting, entry.second, arguments));
  }
  return {};
}

}  // namespace

Result<ConfigArguments> read_config_file(const std::string& path,
                                         const std::vector<Setting>& settings) {
  Limits limits;
  limits.file_bytes_max = kConfigBytesMax;
  const std::string text = TRY(read_file(path, limits));
  ConfigArguments arguments;
  try {
    TRY_STATUS(add_settings(path, YAML::Load(text), settings, arguments));
  } catch (const YAML::Exception& error) {
    return invalid_argument(fmt::format("{}, line {}: {}", path, error.mark.line + 1, error.msg));
  }
  return arguments;
}

}  // namespace slipway::cli
