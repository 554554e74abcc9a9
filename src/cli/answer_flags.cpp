#include "cli/answer_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "engine/adjusted_model.h"
#include "protocols/dialects.h"

namespace slipway::cli {
namespace {

/// Every row's answer has them all.
constexpr size_t kKeyFieldsMax = 64;

/// The dialects' own choices, and for all others that of the settings' empty name.
Result<std::vector<std::pair<std::string, uint32_t>>> chosen_outputs(
    const serving::ModelSettings& settings, const Signature& signature) {
  const std::vector<std::string_view> dialects = protocols::dialect_names();
  std::vector<std::pair<std::string, uint32_t>> chosen;
  const auto has = [&](std::string_view dialect) {
    return std::ranges::any_of(chosen, [&](const auto& one) { return one.first == dialect; });
  };
  for (const auto& [dialect, name] : settings.outputs) {
    if (dialect.empty()) continue;
    if (std::ranges::find(dialects, dialect) == dialects.end()) {
      return invalid_argument(fmt::format("outputs: there is no dialect \"{}\"; there are {}",
                                          dialect, fmt::join(dialects, ", ")));
    }
    if (has(dialect)) return invalid_argument(fmt::format("outputs: {} is given twice", dialect));
    const std::optional<uint32_t> output = signature.find_output(name);
    if (!output) {
      return invalid_argument(fmt::format("outputs: the model has no output \"{}\"; it gives {}",
                                          name, engine::output_names(signature)));
    }
    chosen.emplace_back(dialect, *output);
  }
  const bool for_all = std::ranges::any_of(settings.outputs,
                                           [](const auto& output) { return output.first.empty(); });
  for (const std::string_view dialect : dialects) {
    if (for_all && !has(dialect)) chosen.emplace_back(dialect, signature.default_output);
  }
  return chosen;
}

Status check_key_fields(const std::vector<std::string>& names, const Signature& signature) {
  if (names.empty()) return {};
  if (signature.rows_are_records) {
    return invalid_argument(
        "key fields: the model's rows are records: every field of a row is the model's");
  }
  if (names.size() > kKeyFieldsMax) {
    return invalid_argument(
        fmt::format("key fields: at most {}, got {}", kKeyFieldsMax, names.size()));
  }
  std::unordered_set<std::string_view> seen;
  for (const std::string& name : names) {
    if (name.empty()) return invalid_argument("key fields: a name is empty");
    if (!seen.insert(name).second) {
      return invalid_argument(fmt::format("key fields: \"{}\" is given twice", name));
    }
    if (signature.columns_named && signature.find_column(name)) {
      return invalid_argument(fmt::format("key fields: \"{}\" is a column of the model", name));
    }
    const bool is_answer = signature.find_output(name) || name == "prediction" ||
                           name == "probabilities" || name == "predicted_label" || name == "score";
    if (is_answer) {
      return invalid_argument(
          fmt::format("key fields: an answer holds something else as \"{}\"", name));
    }
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const serving::ModelSettings>> answer_settings(const AnswerFlags& flags) {
  serving::ModelSettings settings;
  settings.threshold = flags.threshold;
  settings.class_names = flags.class_names;
  settings.key_fields = flags.key_fields;
  for (const std::string& text : flags.outputs) {
    const size_t equals = text.find('=');
    const bool is_named = equals != std::string::npos;
    std::string dialect = is_named ? text.substr(0, equals) : "";
    std::string output = is_named ? text.substr(equals + 1) : text;
    if (output.empty() || (is_named && dialect.empty())) {
      return invalid_argument(
          fmt::format("--outputs: expected OUTPUT or DIALECT=OUTPUT, got \"{}\"", text));
    }
    const auto dialects = protocols::dialect_names();
    if (is_named && std::ranges::find(dialects, dialect) == dialects.end()) {
      return invalid_argument(fmt::format("--outputs: there is no dialect \"{}\"; there are {}",
                                          dialect, fmt::join(dialects, ", ")));
    }
    settings.outputs.emplace_back(std::move(dialect), std::move(output));
  }
  if (settings.empty()) return std::shared_ptr<const serving::ModelSettings>();
  return std::make_shared<const serving::ModelSettings>(std::move(settings));
}

Status apply_settings(const serving::ModelSettings& settings, serving::LoadedModel& model) {
  engine::AnswerSettings answers{settings.threshold, settings.class_names, ""};
  for (const auto& [dialect, output] : settings.outputs) {
    if (!dialect.empty()) continue;
    if (!answers.default_output.empty()) {
      return invalid_argument("outputs: that of all dialects is given twice");
    }
    answers.default_output = output;
  }
  model.executable = TRY(engine::adjust_model(model.executable, answers));
  const Signature& signature = model.executable->signature();
  model.default_outputs = TRY(chosen_outputs(settings, signature));
  TRY_STATUS(check_key_fields(settings.key_fields, signature));
  model.key_fields = settings.key_fields;
  return {};
}

}  // namespace slipway::cli
