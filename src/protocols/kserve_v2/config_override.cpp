#include "protocols/kserve_v2/config_override.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <string>
#include <vector>

#include "protocols/internal/closest.h"
#include "protocols/internal/json.h"

namespace slipway::protocols::kserve_v2 {
namespace {

using serving::ModelOverrides;
using serving::VersionPolicy;

constexpr size_t kListMax = 1024;

/// What a model's own files say here.
constexpr std::array<std::string_view, 12> kDescriptions = {
    "backend",     "cc_model_filenames", "default_model_filename",
    "input",       "instance_group",     "max_batch_size",
    "metric_tags", "model_warmup",       "optimization",
    "output",      "platform",           "runtime"};

Status wrong(std::string_view field, std::string_view what) {
  return invalid_argument(fmt::format("Invalid config override: {}: {}", in_quotes(field), what));
}

/// The value's text without the white space that means nothing.
std::string minified(std::string_view raw) {
  std::string text(raw.size() + simdjson::SIMDJSON_PADDING, '\0');
  size_t bytes = 0;
  if (simdjson::minify(raw.data(), raw.size(), text.data(), bytes) != simdjson::SUCCESS) {
    bytes = 0;
  }
  text.resize(bytes);
  return text;
}

/// Says nothing: the default of a field of any type.
bool is_empty(std::string_view text) {
  return text == "{}" || text == "[]" || text == "\"\"" || text == "0" || text == "false" ||
         text == "null";
}

/// Calls visit(key, value) for each field.
template <typename Visit>
Status for_each_field(JsonInput& json, ondemand::object& object, Visit visit) {
  for (auto entry : object) {
    ondemand::field field;
    if (const auto error = std::move(entry).get(field)) return json.syntax_error(error);
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key)) return json.syntax_error(error);
    const std::string name(key);
    TRY_STATUS(visit(std::string_view(name), field.value()));
  }
  return {};
}

Status open_object(std::string_view name, ondemand::value& value, ondemand::object& object) {
  if (value.get_object().get(object) == simdjson::SUCCESS) return {};
  return wrong(name, "expected an object");
}

Status read_count(std::string_view name, ondemand::value& value, uint64_t most, uint64_t& count) {
  if (value.get_uint64().get(count) == simdjson::SUCCESS && count <= most) return {};
  return wrong(name, fmt::format("expected a whole number from 0 to {}", most));
}

Status read_counts(std::string_view name, ondemand::value& value, uint64_t most,
                   std::vector<uint64_t>& counts) {
  ondemand::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return wrong(name, "expected a list");
  for (auto element : array) {
    uint64_t count = 0;
    if (element.get_uint64().get(count) != simdjson::SUCCESS || count == 0 || count > most) {
      return wrong(name, fmt::format("expected whole numbers from 1 to {}", most));
    }
    if (counts.size() == kListMax) return wrong(name, "there are too many numbers");
    counts.push_back(count);
  }
  return {};
}

class ConfigReader {
 public:
  /// `present`: the fields as they are; unset: those of a model that comes with them.
  ConfigReader(std::string_view model, std::optional<std::map<std::string, std::string>> present,
               ModelOverrides& overrides)
      : model_(model), is_new_(!present), overrides_(overrides) {
    if (present) present_ = *std::move(present);
  }

  Status read(JsonInput& json) {
    ondemand::object object;
    if (json.document().get_object().get(object) != simdjson::SUCCESS) {
      return invalid_argument("Invalid config override: expected an object");
    }
    TRY_STATUS(for_each_field(json, object, [&](std::string_view name, ondemand::value& value) {
      return read_field(json, name, value);
    }));
    return json.check_end();
  }

 private:
  Status read_field(JsonInput& json, std::string_view name, ondemand::value& value) {
    if (name == "name") {
      std::string_view text;
      if (value.get_string().get(text) != simdjson::SUCCESS) return wrong(name, "expected a text");
      return text.empty() || text == model_ ? Status() : wrong(name, "is another model's");
    }
    if (name == "version_policy") return read_policy(json, value);
    if (name == "dynamic_batching") return read_batching(json, value);
    if (name == "parameters") return read_parameters(json, value);
    if (is_new_ && std::ranges::find(kDescriptions, name) != kDescriptions.end()) return {};
    return check_unchanged(name, value);
  }

  /// What cannot be changed, but may be repeated.
  Status check_unchanged(std::string_view name, ondemand::value& value) {
    std::string_view raw;
    if (simdjson::to_json_string(value).get(raw) != simdjson::SUCCESS)
      return wrong(name, "is malformed");
    const std::string text = minified(raw);
    const auto found = present_.find(std::string(name));
    if (is_empty(text) || (found != present_.end() && text == found->second)) return {};
    return wrong(name, found == present_.end() ? "cannot be set here"
                                               : fmt::format("cannot be changed; it is {}",
                                                             found->second.substr(0, 256)));
  }

  Status read_policy(JsonInput& json, ondemand::value& value) {
    ondemand::object object;
    TRY_STATUS(open_object("version_policy", value, object));
    VersionPolicy policy;
    Status status = for_each_field(json, object, [&](std::string_view kind, ondemand::value& one) {
      return read_policy_kind(json, kind, one, policy);
    });
    TRY_STATUS(std::move(status));
    overrides_.policy = policy;
    return {};
  }

  static Status read_policy_kind(JsonInput& json, std::string_view kind, ondemand::value& value,
                                 VersionPolicy& policy) {
    ondemand::object object;
    TRY_STATUS(open_object(kind, value, object));
    if (kind == "all") policy.kind = VersionPolicy::Kind::kAll;
    if (kind == "specific") policy.kind = VersionPolicy::Kind::kSpecific;
    if (kind != "all" && kind != "specific" && kind != "latest") {
      return wrong("version_policy", "expected \"latest\", \"all\" or \"specific\"");
    }
    return for_each_field(json, object, [&](std::string_view name, ondemand::value& one) -> Status {
      if (kind == "latest" && name == "num_versions") {
        uint64_t count = 0;
        TRY_STATUS(read_count(name, one, UINT32_MAX, count));
        policy.latest = static_cast<uint32_t>(count == 0 ? 1 : count);
        return {};
      }
      if (kind == "specific" && name == "versions") {
        return read_counts(name, one, INT64_MAX, policy.versions);
      }
      return wrong(name, "is not known");
    });
  }

  Status read_batching(JsonInput& json, ondemand::value& value) {
    ondemand::object object;
    TRY_STATUS(open_object("dynamic_batching", value, object));
    return for_each_field(json, object, [&](std::string_view name, ondemand::value& one) -> Status {
      serving::AdmissionOverrides& admission = overrides_.admission;
      uint64_t count = 0;
      if (name == "preferred_batch_size") {
        std::vector<uint64_t> counts;
        TRY_STATUS(read_counts(name, one, 1'000'000, counts));
        admission.preferred_rows.emplace(counts.begin(), counts.end());
      } else if (name == "max_queue_delay_microseconds") {
        TRY_STATUS(read_count(name, one, kMicrosecondsMax, count));
        admission.delay_max = std::chrono::microseconds(count);
      } else if (name == "default_priority_level") {
        TRY_STATUS(read_count(name, one, serving::kPriorityLevels, count));
        if (count > 0) admission.priority = static_cast<uint32_t>(count);
      } else if (name == "priority_levels") {
        TRY_STATUS(read_count(name, one, serving::kPriorityLevels, count));
        if (count != 0 && count != serving::kPriorityLevels) {
          return wrong(name, fmt::format("there are {}", serving::kPriorityLevels));
        }
      } else if (name == "default_queue_policy") {
        return read_queue_policy(json, one);
      } else {
        return check_unchanged(name, one);
      }
      return {};
    });
  }

  Status read_queue_policy(JsonInput& json, ondemand::value& value) {
    ondemand::object object;
    TRY_STATUS(open_object("default_queue_policy", value, object));
    return for_each_field(json, object, [&](std::string_view name, ondemand::value& one) -> Status {
      uint64_t count = 0;
      if (name == "max_queue_size") {
        TRY_STATUS(read_count(name, one, 100'000'000, count));
        if (count > 0) overrides_.admission.requests_max = static_cast<uint32_t>(count);
      } else if (name == "default_timeout_microseconds") {
        TRY_STATUS(read_count(name, one, kMicrosecondsMax, count));
        overrides_.admission.timeout = std::chrono::microseconds(count);
      } else if (name == "timeout_action" || name == "allow_timeout_override") {
        std::string_view raw;
        if (simdjson::to_json_string(one).get(raw) != simdjson::SUCCESS)
          return wrong(name, "is malformed");
        const std::string text = minified(raw);
        if (text != "\"REJECT\"" && text != "true" && text != "0") {
          return wrong(name, "cannot be changed");
        }
      } else {
        return wrong(name, "is not known");
      }
      return {};
    });
  }

  Status read_parameters(JsonInput& json, ondemand::value& value) {
    ondemand::object object;
    TRY_STATUS(open_object("parameters", value, object));
    return for_each_field(json, object, [&](std::string_view name, ondemand::value& one) -> Status {
      ondemand::object holder;
      TRY_STATUS(open_object(name, one, holder));
      std::string text;
      Status status = for_each_field(json, holder, [&](std::string_view, ondemand::value& inner) {
        std::string_view view;
        if (inner.get_string().get(view) != simdjson::SUCCESS) {
          return wrong(name, "expected {\"string_value\": text}");
        }
        text = view;
        return Status();
      });
      TRY_STATUS(std::move(status));
      if (name != "joined_rows_max") return {};  // for the backends of other servers
      uint32_t rows = 0;
      const auto [place, error] = std::from_chars(text.data(), text.data() + text.size(), rows);
      if (error != std::errc() || place != text.data() + text.size() || rows == 0) {
        return wrong(name, "expected a whole number from 1 on, as a text");
      }
      overrides_.admission.rows_max = rows;
      return {};
    });
  }

  static constexpr uint64_t kMicrosecondsMax = 3'600'000'000;

  const std::string_view model_;
  const bool is_new_;
  std::map<std::string, std::string> present_;
  ModelOverrides& overrides_;
};

/// Each field of the model's configuration as it is now, and of its dynamic_batching.
Result<std::map<std::string, std::string>> fields_of(std::string_view config) {
  std::map<std::string, std::string> fields;
  if (config.empty()) return fields;
  JsonInput json("the configuration");
  TRY_STATUS(json.start(config));
  ondemand::object object;
  if (json.document().get_object().get(object) != simdjson::SUCCESS) {
    return internal_error("the model's configuration is no object");
  }
  TRY_STATUS(for_each_field(json, object, [&](std::string_view name, ondemand::value& value) {
    std::string_view raw;
    if (simdjson::to_json_string(value).get(raw) != simdjson::SUCCESS)
      return wrong(name, "is malformed");
    fields[std::string(name)] = minified(raw);
    return Status();
  }));
  return fields;
}

}  // namespace

Result<ModelOverrides> read_config_override(std::string_view config, std::string_view model,
                                            const std::optional<std::string>& present) {
  ModelOverrides overrides;
  std::optional<std::map<std::string, std::string>> fields;
  if (present) fields = TRY(fields_of(*present));
  JsonInput json("the config override");
  TRY_STATUS(json.start(config));
  TRY_STATUS(ConfigReader(model, std::move(fields), overrides).read(json));
  return overrides;
}

}  // namespace slipway::protocols::kserve_v2
