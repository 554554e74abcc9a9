#include "lifecycle/model_config.h"

#include <fmt/format.h>

#include <filesystem>
#include <unordered_set>

#include "base/text_proto.h"
#include "lifecycle/url.h"

namespace slipway::lifecycle {
namespace {

constexpr size_t kModelsMax = 100'000;
constexpr int64_t kVersionMax = 999'999'999'999'999'999;

class ConfigReader {
 public:
  explicit ConfigReader(const std::string& path) : path_(path) {}

  Result<std::vector<ListedModel>> read(const TextField& root) {
    std::vector<ListedModel> models;
    for (const TextField& list : root.fields) {
      if (list.name != "model_config_list" || !list.is_message) {
        return wrong(list, fmt::format("expected model_config_list, got {}", list.name));
      }
      for (const TextField& config : list.fields) {
        if (config.name != "config" || !config.is_message) {
          return wrong(config, fmt::format("expected config {{...}}, got {}", config.name));
        }
        if (models.size() == kModelsMax) return wrong(config, "there are too many models");
        ListedModel model = TRY(read_model(config));
        if (!names_.insert(model.name).second) {
          return wrong(config, fmt::format("Illegal to list model {} multiple times in config list",
                                           model.name));
        }
        models.push_back(std::move(model));
      }
    }
    return models;
  }

 private:
  Status wrong(const TextField& field, std::string_view message) const {
    return invalid_argument(fmt::format("{}, line {}: {}", path_, field.line, message));
  }

  Result<ListedModel> read_model(const TextField& config) const {
    ListedModel model;
    for (const TextField& field : config.fields) {
      if (field.name == "name" || field.name == "base_path") {
        if (!field.is_quoted || field.value.empty()) {
          return wrong(field, field.name + ": expected a text in quotes");
        }
        (field.name == "name" ? model.name : model.path) = field.value;
      } else if (field.name == "model_version_policy" && field.is_message) {
        TRY_STATUS(read_policy(field, model.policy));
      } else if (field.name == "version_labels" && field.is_message) {
        TRY_STATUS(read_label(field, model));
      } else if (field.name != "model_platform" && field.name != "model_type" &&
                 field.name != "logging_config") {
        return wrong(field, fmt::format("unknown field {}; expected name, base_path, "
                                        "model_version_policy or version_labels",
                                        field.name));
      }
    }
    if (model.name.empty()) return wrong(config, "a model has no name");
    if (model.path.empty()) return wrong(config, "a model has no base_path");
    TRY_STATUS(place(config, model.path));
    return model;
  }

  /// A relative path begins at the list's own folder.
  Status place(const TextField& config, std::string& path) const {
    if (looks_like_url(path)) {
      const Result<Url> url = parse_url(path);
      return url.ok() ? Status() : wrong(config, url.status().message());
    }
    const std::filesystem::path place(path);
    if (place.is_relative()) {
      path = (std::filesystem::path(path_).parent_path() / place).lexically_normal().string();
    }
    return {};
  }

  Result<uint64_t> read_version(const TextField& field, std::string_view name) const {
    const auto version = text_integer(field);
    if (field.name != name || !version || *version < 1 || *version > kVersionMax) {
      return wrong(field, fmt::format("expected {}: NUMBER, from 1 on", name));
    }
    return static_cast<uint64_t>(*version);
  }

  Status read_policy(const TextField& policy, serving::VersionPolicy& out) const {
    using Kind = serving::VersionPolicy::Kind;
    for (const TextField& choice : policy.fields) {
      out = {};
      if (choice.name == "all" && choice.is_message) {
        out.kind = Kind::kAll;
      } else if (choice.name == "latest" && choice.is_message) {
        for (const TextField& field : choice.fields) {
          const uint64_t count = TRY(read_version(field, "num_versions"));
          if (count > UINT32_MAX) return wrong(field, "num_versions is too large");
          out.latest = static_cast<uint32_t>(count);
        }
      } else if (choice.name == "specific" && choice.is_message) {
        out.kind = Kind::kSpecific;
        for (const TextField& field : choice.fields) {
          out.versions.push_back(TRY(read_version(field, "versions")));
        }
        if (out.versions.empty()) return wrong(choice, "specific names no versions");
      } else {
        return wrong(choice, "expected latest {...}, all {} or specific {...}");
      }
    }
    return {};
  }

  Status read_label(const TextField& entry, ListedModel& model) const {
    std::string label;
    uint64_t version = 0;
    for (const TextField& field : entry.fields) {
      if (field.name == "key" && field.is_quoted) {
        label = field.value;
      } else {
        version = TRY(read_version(field, "value"));
      }
    }
    uint64_t number = 0;
    if (label.empty() || version == 0 || parse_version_number(label, number)) {
      return wrong(entry, "version_labels: expected key: 'LABEL' value: VERSION");
    }
    model.labels.emplace_back(std::move(label), version);
    return {};
  }

  const std::string& path_;
  std::unordered_set<std::string> names_;
};

}  // namespace

bool is_model_config(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    at = text.find_first_not_of(" \t\r\n", at);
    if (at == std::string_view::npos) return false;
    if (text[at] != '#') return text.substr(at).starts_with("model_config_list");
    at = std::min(text.find('\n', at), text.size());
  }
  return false;
}

Result<std::vector<ListedModel>> parse_model_config(const std::string& path,
                                                    std::string_view text) {
  const TextField root = TRY(parse_text_proto(path, text));
  return ConfigReader(path).read(root);
}

}  // namespace slipway::lifecycle
