#include "lifecycle/model_list.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <optional>
#include <unordered_set>

#include "base/duration.h"
#include "lifecycle/model_config.h"
#include "lifecycle/url.h"

namespace slipway::lifecycle {
namespace {

constexpr size_t kVersionDigitsMax = 18;
constexpr size_t kModelsMax = 100'000;
constexpr uint32_t kBatchRowsMax = 1'000'000;
constexpr size_t kPreferredSizesMax = 64;
constexpr uint32_t kQueuedMax = 100'000'000;
constexpr std::string_view kKeys =
    "name, path, versions, labels, required, batching, queue, threshold, class_names, outputs, "
    "key_fields";
constexpr size_t kNamesMax = 10'000;
constexpr std::string_view kSettings[] = {"threshold", "class_names", "outputs", "key_fields"};

/// Adds file and line to messages.
class ListReader {
 public:
  explicit ListReader(const std::string& path) : path_(path) {}

  Status wrong(const YAML::Node& node, std::string_view message) const {
    return invalid_argument(fmt::format("{}, line {}: {}", path_, node.Mark().line + 1, message));
  }

  Result<std::vector<ListedModel>> read(const YAML::Node& root) const {
    if (!root.IsMap() || root.size() != 1 || !root["models"] || !root["models"].IsSequence()) {
      return wrong(root, "expected one entry, `models:`, with a list of models");
    }
    if (root["models"].size() > kModelsMax) {
      return resource_exhausted(fmt::format("{}: too many models: {}, at most {}", path_,
                                            root["models"].size(), kModelsMax));
    }
    std::vector<ListedModel> models;
    std::unordered_set<std::string> names;
    for (const YAML::Node& entry : root["models"]) {
      ListedModel model = TRY(read_model(entry));
      if (!names.insert(model.name).second) {
        return wrong(entry,
                     fmt::format("the name \"{}\" is taken by an earlier model", model.name));
      }
      models.push_back(std::move(model));
    }
    return models;
  }

 private:
  Result<ListedModel> read_model(const YAML::Node& entry) const {
    if (!entry.IsMap()) return wrong(entry, fmt::format("expected a model with {}", kKeys));
    ListedModel model;
    for (const auto& field : entry) TRY_STATUS(read_field(field.first, field.second, model));
    if (model.path.empty()) return wrong(entry, "a model has no path");
    if (model.name.empty()) return wrong(entry, "a model has no name");
    if (serving::ModelSettings settings = TRY(read_settings(entry)); !settings.empty()) {
      model.settings = std::make_shared<const serving::ModelSettings>(std::move(settings));
    }
    if (looks_like_url(model.path)) {
      const Result<Url> url = parse_url(model.path);
      if (!url.ok()) return wrong(entry, url.status().message());
      return model;
    }
    const std::filesystem::path place(model.path);
    if (place.is_relative()) {
      model.path = (std::filesystem::path(path_).parent_path() / place).lexically_normal().string();
    }
    return model;
  }

  Status read_field(const YAML::Node& key, const YAML::Node& value, ListedModel& model) const {
    if (!key.IsScalar()) return wrong(key, fmt::format("expected one of {}", kKeys));
    const std::string& name = key.Scalar();
    if (name == "name" || name == "path") {
      if (!value.IsScalar() || value.Scalar().empty())
        return wrong(value, name + ": expected text");
      (name == "name" ? model.name : model.path) = value.Scalar();
      return {};
    }
    if (name == "versions") return read_policy(value, model.policy);
    if (name == "labels") return read_labels(value, model);
    if (name == "required") {
      if (!value.IsScalar() || (value.Scalar() != "true" && value.Scalar() != "false")) {
        return wrong(value, "required: expected true or false");
      }
      model.required = value.Scalar() == "true";
      return {};
    }
    if (name == "batching") return read_batching(value, model.admission);
    if (name == "queue") return read_queue(value, model.admission);
    if (std::ranges::find(kSettings, name) != std::end(kSettings)) return {};  // read_settings()
    return wrong(key, fmt::format("unknown key '{}'; expected one of {}", name, kKeys));
  }

  Result<uint64_t> read_version(const YAML::Node& node) const {
    uint64_t version = 0;
    if (!node.IsScalar() || !parse_version_number(node.Scalar(), version)) {
      return wrong(node, "expected the number of a version (1, 2, ...)");
    }
    return version;
  }

  Status read_policy(const YAML::Node& value, serving::VersionPolicy& policy) const {
    using Kind = serving::VersionPolicy::Kind;
    if (value.IsSequence() && value.size() > 0) {
      policy.kind = Kind::kSpecific;
      for (const YAML::Node& one : value) policy.versions.push_back(TRY(read_version(one)));
      return {};
    }
    if (value.IsMap() && value.size() == 1 && value["latest"]) {
      const uint64_t latest = TRY(read_version(value["latest"]));
      if (latest > UINT32_MAX) return wrong(value, "versions: latest is too large");
      policy.latest = static_cast<uint32_t>(latest);
      return {};
    }
    if (value.IsScalar()) {
      Result<serving::VersionPolicy> parsed = parse_version_policy(value.Scalar());
      if (!parsed.ok()) return wrong(value, parsed.status().message());
      policy = std::move(parsed).value();
      return {};
    }
    return wrong(value, "versions: expected latest, {latest: N}, all, or a list of numbers");
  }

  Status read_labels(const YAML::Node& value, ListedModel& model) const {
    if (!value.IsMap()) return wrong(value, "labels: expected `label: version` entries");
    for (const auto& entry : value) {
      uint64_t number = 0;
      if (!entry.first.IsScalar() || entry.first.Scalar().empty() ||
          parse_version_number(entry.first.Scalar(), number)) {
        return wrong(entry.first, "labels: expected a word that is no number");
      }
      model.labels.emplace_back(entry.first.Scalar(), TRY(read_version(entry.second)));
    }
    return {};
  }

  Status read_batching(const YAML::Node& value, serving::AdmissionOverrides& settings) const {
    constexpr std::string_view kBatchingKeys =
        "max_batch_size, max_queue_delay, preferred_batch_sizes";
    if (!value.IsMap()) return wrong(value, fmt::format("batching: expected {}", kBatchingKeys));
    for (const auto& entry : value) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      if (key == "max_batch_size") {
        settings.rows_max = TRY(read_count(key, entry.second, kBatchRowsMax));
      } else if (key == "max_queue_delay") {
        settings.delay_max = TRY(read_time(key, entry.second));
      } else if (key == "preferred_batch_sizes") {
        if (!entry.second.IsSequence() || entry.second.size() > kPreferredSizesMax) {
          return wrong(entry.second, key + ": expected a list such as [4, 8]");
        }
        settings.preferred_rows.emplace();
        for (const YAML::Node& rows : entry.second) {
          settings.preferred_rows->push_back(TRY(read_count(key, rows, kBatchRowsMax)));
        }
      } else {
        return wrong(entry.first, fmt::format("batching: expected one of {}", kBatchingKeys));
      }
    }
    return {};
  }

  Status read_queue(const YAML::Node& value, serving::AdmissionOverrides& settings) const {
    constexpr std::string_view kQueueKeys = "max, timeout, priority";
    if (!value.IsMap()) return wrong(value, fmt::format("queue: expected {}", kQueueKeys));
    for (const auto& entry : value) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      if (key == "max") {
        settings.requests_max = TRY(read_count(key, entry.second, kQueuedMax));
      } else if (key == "timeout") {
        settings.timeout = TRY(read_time(key, entry.second));
      } else if (key == "priority") {
        settings.priority = TRY(read_count(key, entry.second, serving::kPriorityLevels));
      } else {
        return wrong(entry.first, fmt::format("queue: expected one of {}", kQueueKeys));
      }
    }
    return {};
  }

  Result<serving::ModelSettings> read_settings(const YAML::Node& entry) const {
    serving::ModelSettings settings;
    for (const auto& field : entry) {
      const std::string& name = field.first.Scalar();
      const YAML::Node& value = field.second;
      if (name == "threshold") settings.threshold = TRY(read_probability(value));
      if (name == "class_names") settings.class_names = TRY(read_names(name, value));
      if (name == "key_fields") settings.key_fields = TRY(read_names(name, value));
      if (name == "outputs") TRY_STATUS(read_outputs(value, settings));
    }
    return settings;
  }

  Result<double> read_probability(const YAML::Node& value) const {
    double number = 0;
    const std::string text = value.IsScalar() ? value.Scalar() : "";
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number = error == std::errc() && end == text.data() + text.size();
    if (is_number && number >= 0 && number <= 1) return number;
    return wrong(value, "threshold: expected a probability, from 0 to 1");
  }

  Result<std::vector<std::string>> read_names(std::string_view key, const YAML::Node& value) const {
    if (!value.IsSequence() || value.size() == 0 || value.size() > kNamesMax) {
      return wrong(value, fmt::format("{}: expected a list of names", key));
    }
    std::vector<std::string> names;
    for (const YAML::Node& name : value) {
      if (!name.IsScalar() || name.Scalar().empty()) {
        return wrong(name, fmt::format("{}: expected a name", key));
      }
      names.push_back(name.Scalar());
    }
    return names;
  }

  /// One output for all dialects, or `dialect: output` entries.
  Status read_outputs(const YAML::Node& value, serving::ModelSettings& settings) const {
    constexpr std::string_view kExpected =
        "outputs: expected an output's name, or `dialect: output` entries";
    if (value.IsScalar() && !value.Scalar().empty()) {
      settings.outputs.emplace_back("", value.Scalar());
      return {};
    }
    if (!value.IsMap()) return wrong(value, kExpected);
    for (const auto& entry : value) {
      if (!entry.first.IsScalar() || !entry.second.IsScalar() || entry.second.Scalar().empty()) {
        return wrong(entry.first, kExpected);
      }
      const std::string& dialect = entry.first.Scalar();
      settings.outputs.emplace_back(dialect == "default" ? "" : dialect, entry.second.Scalar());
    }
    return {};
  }

  Result<uint32_t> read_count(std::string_view key, const YAML::Node& value, uint32_t most) const {
    uint64_t count = 0;
    if (!value.IsScalar() || !parse_version_number(value.Scalar(), count) || count > most) {
      return wrong(value, fmt::format("{}: expected a number from 1 to {}", key, most));
    }
    return static_cast<uint32_t>(count);
  }

  Result<std::chrono::microseconds> read_time(std::string_view key, const YAML::Node& value) const {
    const auto seconds = value.IsScalar() ? parse_duration(value.Scalar()) : std::nullopt;
    if (!seconds) return wrong(value, fmt::format("{}: expected a time such as 500us or 2ms", key));
    return std::chrono::microseconds(static_cast<int64_t>(*seconds * 1e6));
  }

  const std::string& path_;
};

}  // namespace

bool is_model_list(std::string_view path) {
  return path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".config") ||
         path.ends_with(".pbtxt");
}

bool parse_version_number(std::string_view text, uint64_t& version) {
  if (text.empty() || text.size() > kVersionDigitsMax || text.front() == '0') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  return error == std::errc() && end == text.data() + text.size();
}

Result<serving::VersionPolicy> parse_version_policy(std::string_view text) {
  using Kind = serving::VersionPolicy::Kind;
  serving::VersionPolicy policy;
  if (text == "latest") return policy;
  if (text == "all") {
    policy.kind = Kind::kAll;
    return policy;
  }
  constexpr std::string_view kLatest = "latest:";
  uint64_t number = 0;
  if (text.starts_with(kLatest) && parse_version_number(text.substr(kLatest.size()), number) &&
      number <= UINT32_MAX) {
    policy.latest = static_cast<uint32_t>(number);
    return policy;
  }
  policy.kind = Kind::kSpecific;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    if (!parse_version_number(text.substr(at, end - at), number)) {
      return invalid_argument(fmt::format(
          "versions: expected latest, latest:N, all, or numbers like 3,5; got \"{}\"", text));
    }
    policy.versions.push_back(number);
    at = end + 1;
  }
  return policy;
}

Result<std::vector<ListedModel>> parse_model_list(const std::string& path, std::string_view text) {
  if (is_model_config(text)) return parse_model_config(path, text);
  try {
    return ListReader(path).read(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& error) {
    return invalid_argument(fmt::format("{}, line {}: {}", path, error.mark.line + 1, error.msg));
  }
}

}  // namespace slipway::lifecycle
