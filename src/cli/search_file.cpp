#include "cli/search_file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>

#include "base/edit_distance.h"

namespace slipway::cli {
namespace {

using training::HalvingPlan;
using training::LearnerSpaces;
using training::SearchPlan;
using training::Space;
using training::Values;

constexpr size_t kBytesMax = 1 << 20;
constexpr size_t kBracketsMax = 32;  // one in another; a search needs four
constexpr size_t kIndentMax = 256;   // of a line: each level of a block takes a column at least
constexpr size_t kValuesMax = 10'000;
constexpr size_t kRandomDraws = 10;  // scikit-learn's n_iter

const std::vector<std::string> kKeys = {
    "kind",       "draws",         "factor",        "resource",
    "learners",   "min_resources", "max_resources", "aggressive_elimination",
    "preparation"};

Status at_line(const YAML::Node& node, Status status) {
  if (status.ok()) return status;
  return std::move(status).with_context(fmt::format("line {}", node.Mark().line + 1));
}

Status wrong(const YAML::Node& node, std::string message) {
  return at_line(node, invalid_argument(std::move(message)));
}

std::string text_of(const YAML::Node& node) { return node.IsScalar() ? node.Scalar() : ""; }

/// The parser recurses: what would take it deep is refused before it sees it.
Status check_depth(std::string_view yaml) {
  size_t depth = 0;
  size_t indent = 0;
  size_t line = 1;
  bool at_start = true;
  for (const char c : yaml) {
    if (c == '\n') {
      ++line;
      indent = 0;
      at_start = true;
      continue;
    }
    at_start = at_start && (c == ' ' || c == '-' || c == '?' || c == '\t');
    if (at_start) ++indent;
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    if (depth > kBracketsMax || indent > kIndentMax) {
      return resource_exhausted(fmt::format("line {}: nested too deeply", line));
    }
  }
  return {};
}

Result<double> number_of(const YAML::Node& node, std::string_view what) {
  const std::string text = text_of(node);
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && stop == end && std::isfinite(number)) return number;
  return wrong(node, fmt::format("{}: expected a number, got '{}'", what, text));
}

Result<uint64_t> count_of(const YAML::Node& node, std::string_view what) {
  const double number = TRY(number_of(node, what));
  if (number >= 1 && number <= 1e12 && number == std::floor(number)) {
    return static_cast<uint64_t>(number);
  }
  return wrong(node, fmt::format("{}: expected a whole number from 1, got {}", what, number));
}

std::optional<Values::Kind> range_kind(const std::string& word) {
  if (word == "uniform") return Values::Kind::kUniform;
  if (word == "log") return Values::Kind::kLog;
  if (word == "int") return Values::Kind::kInteger;
  if (word == "log_int") return Values::Kind::kLogInteger;
  return std::nullopt;
}

Result<Values> read_range(const YAML::Node& node, const std::string& name) {
  const std::string wanted = fmt::format(
      "{}: expected one of {{uniform: [LOW, HIGH]}}, {{log: ...}}, {{int: ...}}, "
      "{{log_int: ...}}",
      name);
  if (node.size() != 1) return wrong(node, wanted);
  const auto entry = *node.begin();
  const auto kind = range_kind(text_of(entry.first));
  if (!kind.has_value()) {
    return wrong(entry.first, fmt::format("{}, got '{}'", wanted, text_of(entry.first)));
  }
  const YAML::Node ends = entry.second;
  if (!ends.IsSequence() || ends.size() != 2) {
    return wrong(ends, fmt::format("{}: expected [LOW, HIGH]", name));
  }
  Values values;
  values.kind = *kind;
  values.low = TRY(number_of(ends[0], name));
  values.high = TRY(number_of(ends[1], name));
  return values;
}

/// A value, a list of values, or a range.
Result<Values> read_values(const YAML::Node& node, const std::string& name) {
  Values values;
  if (node.IsScalar()) {
    values.list.push_back(node.Scalar());
  } else if (node.IsNull()) {
    values.list.emplace_back("none");
  } else if (node.IsMap()) {
    values = TRY(read_range(node, name));
  } else if (node.IsSequence()) {
    if (node.size() > kValuesMax) {
      return wrong(node, fmt::format("{}: at most {} values", name, kValuesMax));
    }
    values.list.reserve(node.size());
    for (const YAML::Node& value : node) {
      if (!value.IsScalar() && !value.IsNull()) {
        return wrong(value, fmt::format("{}: expected a number or a word", name));
      }
      values.list.push_back(value.IsNull() ? "none" : value.Scalar());
    }
  } else {
    return wrong(node, fmt::format("{}: expected a value, a list or a range", name));
  }
  if (Status status = check_values(values); !status.ok()) {
    return at_line(node, std::move(status).with_context(name));
  }
  return values;
}

Result<Space> read_space(const YAML::Node& node, const std::string& what) {
  Space space;
  if (node.IsNull()) return space;
  if (!node.IsMap()) {
    return wrong(node, fmt::format("{}: expected hyperparameters with their values", what));
  }
  for (const auto& entry : node) {
    const std::string name = text_of(entry.first);
    if (name.empty()) return wrong(entry.first, fmt::format("{}: expected a name", what));
    Values values = TRY(read_values(entry.second, fmt::format("{}: {}", what, name)));
    if (!space.emplace(name, std::move(values)).second) {
      return wrong(entry.first, fmt::format("{}: {} stands there twice", what, name));
    }
  }
  return space;
}

/// learners: a map of spaces (or lists of spaces), or a list of names.
Status read_learners(const YAML::Node& node, SearchPlan& plan) {
  std::set<std::string> seen;
  const auto add = [&](const YAML::Node& at, LearnerSpaces learner) -> Status {
    if (learner.learner.empty()) return wrong(at, "learners: expected a learner's name");
    if (!seen.insert(learner.learner).second) {
      return wrong(at, fmt::format("learners: {} stands there twice", learner.learner));
    }
    plan.learners.push_back(std::move(learner));
    return {};
  };
  if (node.IsSequence()) {
    for (const YAML::Node& name : node) TRY_STATUS(add(name, {text_of(name), {}}));
  } else if (node.IsMap()) {
    for (const auto& entry : node) {
      LearnerSpaces learner{text_of(entry.first), {}};
      if (entry.second.IsSequence()) {
        for (const YAML::Node& space : entry.second) {
          learner.spaces.push_back(TRY(read_space(space, learner.learner)));
        }
      } else {
        learner.spaces.push_back(TRY(read_space(entry.second, learner.learner)));
      }
      TRY_STATUS(add(entry.first, std::move(learner)));
    }
  }
  if (!plan.learners.empty()) return {};
  return wrong(node, "learners: expected names, each with what is to be tried of it");
}

Status read_resources_min(const YAML::Node& node, HalvingPlan& halving) {
  const std::string word = text_of(node);
  if (word == "exhaust" || word == "smallest") {
    halving.least =
        word == "exhaust" ? HalvingPlan::Least::kExhaust : HalvingPlan::Least::kSmallest;
    return {};
  }
  halving.least = HalvingPlan::Least::kGiven;
  halving.resources_min = TRY(count_of(node, "min_resources (exhaust, smallest or a number)"));
  return {};
}

Status read_halving_key(const std::string& key, const YAML::Node& node, HalvingPlan& halving) {
  if (key == "factor") {
    halving.factor = TRY(number_of(node, "factor"));
    if (halving.factor > 1) return {};
    return wrong(node, fmt::format("factor: expected a number above 1, got {}", halving.factor));
  }
  if (key == "resource") {
    halving.resource = text_of(node);
    if (halving.resource.empty()) {
      return wrong(node, "resource: expected rows or a hyperparameter such as n_estimators");
    }
    if (halving.resource == "rows") halving.resource.clear();
    return {};
  }
  if (key == "max_resources") {
    halving.resources_max = TRY(count_of(node, "max_resources"));
    return {};
  }
  if (key == "min_resources") return read_resources_min(node, halving);
  const std::string word = text_of(node);
  if (word != "true" && word != "false") {
    return wrong(node, fmt::format("{}: expected true or false, got '{}'", key, word));
  }
  halving.is_aggressive = word == "true";
  return {};
}

Result<SearchPlan> read_root(const YAML::Node& root) {
  if (!root.IsMap()) return wrong(root, "expected learners: with what is to be tried of them");
  SearchPlan plan;
  HalvingPlan halving;
  std::string kind = "grid";
  std::set<std::string> seen;
  YAML::Node first_of_halving;
  bool has_halving_key = false;
  for (const auto& entry : root) {
    const std::string key = text_of(entry.first);
    if (std::ranges::find(kKeys, key) == kKeys.end()) {
      const std::string nearest = nearest_name(key, kKeys);
      return wrong(entry.first,
                   fmt::format("there is no '{}'; {}", key,
                               nearest.empty() ? fmt::format("expected {}", fmt::join(kKeys, ", "))
                                               : fmt::format("did you mean {}?", nearest)));
    }
    if (!seen.insert(key).second) {
      return wrong(entry.first, fmt::format("{} stands there twice", key));
    }
    if (key == "kind") {
      kind = text_of(entry.second);
      if (kind != "grid" && kind != "random" && kind != "halving") {
        return wrong(entry.second,
                     fmt::format("kind: expected grid, random or halving, got '{}'", kind));
      }
    } else if (key == "draws") {
      plan.draws = TRY(count_of(entry.second, "draws"));
    } else if (key == "learners") {
      TRY_STATUS(read_learners(entry.second, plan));
    } else if (key == "preparation") {
      plan.preparation = TRY(read_space(entry.second, "preparation"));
      if (!is_listed(plan.preparation)) {
        return wrong(entry.second, "preparation: expected lists of words");
      }
    } else {
      TRY_STATUS(read_halving_key(key, entry.second, halving));
      if (!has_halving_key) first_of_halving.reset(entry.first);
      has_halving_key = true;
    }
  }
  if (kind == "grid" && plan.draws > 0) {
    return wrong(root["draws"], "draws go with kind: random or halving: a grid is tried whole");
  }
  if (kind != "halving" && has_halving_key) {
    return wrong(first_of_halving,
                 fmt::format("{} goes with kind: halving", text_of(first_of_halving)));
  }
  if (kind == "random" && plan.draws == 0) plan.draws = kRandomDraws;
  if (kind == "halving") plan.halving = halving;
  return plan;
}

}  // namespace

Result<SearchPlan> parse_search(std::string_view yaml) {
  if (yaml.size() > kBytesMax) {
    return resource_exhausted(fmt::format("a search has at most {} bytes", kBytesMax));
  }
  TRY_STATUS(check_depth(yaml));
  try {
    return read_root(YAML::Load(std::string(yaml)));
  } catch (const YAML::Exception& error) {
    return invalid_argument(fmt::format("line {}: {}", error.mark.line + 1, error.msg));
  }
}

}  // namespace slipway::cli
