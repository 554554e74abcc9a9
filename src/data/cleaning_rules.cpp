#include "data/cleaning_rules.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <cmath>

#include "data/cell_text.h"
#include "graph/ops/text_pattern.h"

namespace slipway::data {
namespace {

using Kind = CleaningRule::Kind;

constexpr size_t kYamlBytesMax = 16ULL << 20;
constexpr std::string_view kRules = "trim, lower, upper, number, replace, map or unit";

Status wrong(const YAML::Node& node, std::string_view message) {
  return invalid_argument(
      fmt::format("line {}, column {}: {}", node.Mark().line + 1, node.Mark().column + 1, message));
}

/// Empty where there is no such entry.
Result<std::string> text_of(const YAML::Node& node, const char* key, bool is_needed) {
  const YAML::Node value = node[key];
  if (!value.IsDefined() && !is_needed) return std::string();
  if (!value.IsDefined() || !value.IsScalar()) {
    return wrong(node, fmt::format("expected {}: and a text", key));
  }
  return value.Scalar();
}

Status check_keys(const YAML::Node& node, std::initializer_list<std::string_view> keys) {
  for (const auto& entry : node) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      return wrong(entry.first, fmt::format("'{}' is no part of this rule", key));
    }
  }
  return {};
}

Status read_replace(const YAML::Node& node, CleaningRule& rule) {
  rule.kind = Kind::kReplace;
  if (!node.IsMap()) return wrong(node, "replace: expected {pattern: ..., by: ...}");
  TRY_STATUS(check_keys(node, {"pattern", "by"}));
  rule.pattern = TRY(text_of(node, "pattern", true));
  rule.by = TRY(text_of(node, "by", false));
  const Status compiled = TextPattern::compile(rule.pattern).status();
  return compiled.ok() ? Status() : wrong(node["pattern"], compiled.message());
}

Status read_map(const YAML::Node& node, CleaningRule& rule) {
  rule.kind = Kind::kMap;
  if (!node.IsMap() || node.size() == 0) return wrong(node, "map: expected {text: text, ...}");
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) return wrong(entry.first, "map: expected a text");
    if (entry.second.IsNull()) {
      rule.map.emplace_back(entry.first.Scalar(), std::nullopt);
    } else if (entry.second.IsScalar()) {
      rule.map.emplace_back(entry.first.Scalar(), entry.second.Scalar());
    } else {
      return wrong(entry.second, "map: expected a text, or null for a missing one");
    }
  }
  return {};
}

Status read_unit(const YAML::Node& node, CleaningRule& rule) {
  rule.kind = Kind::kUnit;
  if (!node.IsMap()) return wrong(node, "unit: expected {to: ..., units: {...}}");
  TRY_STATUS(check_keys(node, {"to", "units"}));
  rule.to = TRY(text_of(node, "to", true));
  const YAML::Node units = node["units"];
  if (!units.IsDefined() || !units.IsMap() || units.size() == 0) {
    return wrong(node, "unit: expected units: and a number for each");
  }
  bool has_wanted = false;
  for (const auto& entry : units) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
    const NumberText factor =
        entry.second.IsScalar() ? parse_number(entry.second.Scalar()) : NumberText{};
    if (name.empty() || factor.form != NumberForm::kNumber || !std::isfinite(factor.value) ||
        factor.value == 0) {
      return wrong(entry.first, fmt::format("unit: expected how many {} one {} is, not 0", rule.to,
                                            name.empty() ? "unit" : name));
    }
    has_wanted = has_wanted || name == rule.to;
    rule.units.emplace_back(name, factor.value);
  }
  if (has_wanted) return {};
  return wrong(units, fmt::format("unit: {} is not among the units", rule.to));
}

Result<CleaningRule> read_rule(const YAML::Node& node) {
  CleaningRule rule;
  rule.place = fmt::format("line {}, column {}", node.Mark().line + 1, node.Mark().column + 1);
  if (node.IsScalar()) {
    const std::string& word = node.Scalar();
    constexpr std::pair<std::string_view, Kind> kWords[] = {{"trim", Kind::kTrim},
                                                            {"lower", Kind::kLower},
                                                            {"upper", Kind::kUpper},
                                                            {"number", Kind::kNumber}};
    for (const auto& [name, kind] : kWords) {
      if (word != name) continue;
      rule.kind = kind;
      return rule;
    }
    return wrong(node, fmt::format("expected the rule {}, got '{}'", kRules, word));
  }
  if (!node.IsMap() || node.size() != 1 || !node.begin()->first.IsScalar()) {
    return wrong(node, fmt::format("expected one rule: {}", kRules));
  }
  const std::string key = node.begin()->first.Scalar();
  const YAML::Node value = node.begin()->second;
  if (key == "replace") {
    TRY_STATUS(read_replace(value, rule));
  } else if (key == "map") {
    TRY_STATUS(read_map(value, rule));
  } else if (key == "unit") {
    TRY_STATUS(read_unit(value, rule));
  } else {
    return wrong(node, fmt::format("expected the rule {}, got '{}'", kRules, key));
  }
  return rule;
}

Result<std::vector<CleaningRule>> read_column(const YAML::Node& node) {
  if (!node.IsSequence() || node.size() == 0) return wrong(node, "expected a list of rules");
  std::vector<CleaningRule> rules;
  for (const YAML::Node& one : node) {
    if (!rules.empty() && rules.back().gives_number()) {
      return wrong(one, "behind number and unit there is no text for another rule");
    }
    rules.push_back(TRY(read_rule(one)));
  }
  return rules;
}

Result<CleaningRules> read_root(const YAML::Node& root) {
  if (!root.IsMap() || root.size() != 1 || !root["rules"].IsDefined() || !root["rules"].IsMap()) {
    return wrong(root, "expected `rules:` and below it a list of rules for each column");
  }
  CleaningRules rules;
  for (const auto& entry : root["rules"]) {
    if (!entry.first.IsScalar()) return wrong(entry.first, "expected a column's name");
    const std::string& name = entry.first.Scalar();
    Result<std::vector<CleaningRule>> column = read_column(entry.second);
    if (!column.ok()) {
      return std::move(column).status().with_context(fmt::format("column '{}'", name));
    }
    if (!rules.emplace(name, std::move(column).value()).second) {
      return wrong(entry.first, fmt::format("column '{}' stands there twice", name));
    }
  }
  return rules;
}

}  // namespace

Result<CleaningRules> parse_cleaning_rules(std::string_view yaml) {
  if (yaml.size() > kYamlBytesMax) {
    return resource_exhausted(fmt::format("rules have at most {} bytes", kYamlBytesMax));
  }
  try {
    return read_root(YAML::Load(std::string(yaml)));
  } catch (const YAML::Exception& error) {
    return invalid_argument(fmt::format("line {}, column {}: {}", error.mark.line + 1,
                                        error.mark.column + 1, error.msg));
  }
}

}  // namespace slipway::data
