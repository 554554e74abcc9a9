#include "formats/sklearn/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "formats/pickle/numpy.h"
#include "formats/pickle/skops.h"
#include "formats/pickle/tree.h"
#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/boosters.h"
#include "formats/sklearn/families/defined.h"
#include "formats/sklearn/lowering.h"

namespace slipway::sklearn {
namespace {

constexpr size_t kCandidatesMax = 200;
constexpr std::string_view kRefusedMessage =
    "this name is refused: reading it as scikit-learn does could run code";

/// Libraries whose objects count as models, whether or not they can be read.
bool is_model_library(std::string_view module) {
  static constexpr std::array kPrefixes = {
      std::string_view("sklearn."),  std::string_view("xgboost."),
      std::string_view("lightgbm."), std::string_view("catboost"),
      std::string_view("imblearn."), std::string_view("sklearnex."),
      std::string_view("daal4py"),   std::string_view("category_encoders.")};
  return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](std::string_view prefix) { return module.starts_with(prefix); });
}

bool is_estimator(pickle::Value value) {
  return value.kind() == pickle::Kind::kObject && value.state().has_value() &&
         (is_model_library(value.module()) || value.trust() == pickle::Trust::kRefused);
}

using Item = std::pair<std::string, pickle::Value>;

/// How --select names an entry: its key, or its place ("#2") where the key is no str or int.
std::string key_text(pickle::Value key, size_t place) {
  if (const auto text = key.as_string(); text.ok()) return std::string(*text);
  if (const auto number = key.as_int(); number.ok()) return fmt::format("{}", *number);
  return fmt::format("#{}", place);
}

void add_entries(pickle::Value dict, std::vector<Item>& items) {
  const size_t count = std::min(dict.size(), kCandidatesMax);
  for (size_t i = 0; i < count; ++i) {
    const pickle::Value::Entry entry = dict.entry(i);
    items.emplace_back(key_text(entry.key, i), entry.value);
  }
}

/// What a container holds, with path parts: dict, OrderedDict, Bunch, SimpleNamespace; list, tuple,
/// deque, array of objects.
std::vector<Item> container_items(pickle::Value value) {
  std::vector<Item> items;
  const auto add = [&](size_t i, pickle::Value item) {
    items.emplace_back(fmt::format("{}", i), item);
  };
  switch (value.kind()) {
    case pickle::Kind::kDict: add_entries(value, items); break;
    case pickle::Kind::kList:
    case pickle::Kind::kTuple:
      for (size_t i = 0; i < std::min(value.size(), kCandidatesMax); ++i) add(i, value.at(i));
      break;
    case pickle::Kind::kObject: {
      const size_t count = std::min(value.appended_size(), kCandidatesMax);
      for (size_t i = 0; i < count; ++i) add(i, value.appended(i));
      add_entries(value, items);
      const auto state = value.state();
      if (value.is("types", "SimpleNamespace") && state && state->kind() == pickle::Kind::kDict) {
        add_entries(*state, items);
      }
      if (const auto objects = pickle::to_values(value); items.empty() && objects.ok()) {
        const size_t shown = std::min(objects->values.size(), kCandidatesMax);
        for (size_t i = 0; i < shown; ++i) add(i, objects->values[i]);
      }
      break;
    }
    default: break;
  }
  return items;
}

/// Models inside nested containers, breadth first; bounded in number and depth.
std::vector<Item> find_models(pickle::Value root) {
  constexpr int kLevelsMax = 4;
  std::vector<Item> models;
  std::vector<Item> level = container_items(root);
  for (int depth = 0; depth < kLevelsMax && !level.empty(); ++depth) {
    std::vector<Item> next;
    for (const auto& [path, value] : level) {
      if (models.size() + next.size() >= kCandidatesMax) break;
      if (is_estimator(value)) {
        models.emplace_back(path, value);
        continue;
      }
      for (auto& [part, child] : container_items(value)) {
        next.emplace_back(fmt::format("{}.{}", path, part), child);
      }
    }
    level = std::move(next);
  }
  return models;
}

/// Follows "a.b.0" through containers; keys may themselves hold dots.
Result<pickle::Value> select_model(pickle::Value root, std::string_view path) {
  pickle::Value value = root;
  std::string_view rest = path;
  while (!rest.empty()) {
    const auto items = container_items(value);
    const auto found = std::find_if(items.begin(), items.end(), [&](const auto& item) {
      return rest == item.first || (rest.starts_with(item.first) && rest[item.first.size()] == '.');
    });
    if (found == items.end()) {
      std::string names;
      for (const auto& [name, child] : items) names += (names.empty() ? "" : ", ") + name;
      return not_found(fmt::format("--select {}: nothing at '{}'; there is: {}", path, rest,
                                   names.empty() ? "nothing inside" : names));
    }
    rest.remove_prefix(std::min(rest.size(), found->first.size() + 1));
    value = found->second;
  }
  return value;
}

/// Versions whose files the tests read; others in between are read with a warning.
bool is_tested_version(std::string_view version) {
  static constexpr std::array kTested = {std::string_view("1.1."), std::string_view("1.3."),
                                         std::string_view("1.5."), std::string_view("1.7."),
                                         std::string_view("1.9.")};
  return std::any_of(kTested.begin(), kTested.end(),
                     [&](std::string_view prefix) { return version.starts_with(prefix); });
}

void describe(const pickle::Tree& tree, pickle::Value model, ModelInfo& info) {
  info.library = "scikit-learn";
  info.container = tree.container();
  info.compression = tree.compression();
  info.file_bytes = tree.file_bytes();
  info.class_name = model.type_name();
  if (const std::string_view library = booster_library(model.module()); !library.empty()) {
    info.library = library;  // a pickle does not tell its version
    return;
  }
  if (model.kind() == pickle::Kind::kObject) {
    info.library_version = string_attr_or(model, "_sklearn_version", "");
  }
  if (info.library_version.empty()) {
    info.warnings.emplace_back("the file does not say which scikit-learn wrote it");
  } else if (!is_tested_version(info.library_version)) {
    info.warnings.push_back(fmt::format(
        "written by scikit-learn {}, a version that Slipway's tests do not cover; compare some "
        "predictions before you rely on it",
        info.library_version));
  }
}

void add_refused(const pickle::Tree& tree, std::vector<Gap>& gaps) {
  for (const pickle::RefusedGlobal& refused : tree.refused()) {
    gaps.push_back({"", refused.module + "." + refused.name, refused.offset,
                    std::string(kRefusedMessage),
                    "it is no part of scikit-learn: save the model without it and do its work "
                    "before the model is called, or say what it computes in MODEL.slipway.yaml; if "
                    "you did not expect it, do not load this file "
                    "elsewhere",
                    true});
  }
}

/// Adds what lowering found. A refused class at a place in the pipeline is one gap, with the place.
void add_found(const std::vector<Gap>& found, std::vector<Gap>& gaps) {
  for (const Gap& gap : found) {
    const auto refused = std::find_if(gaps.begin(), gaps.end(), [&](const Gap& other) {
      return other.class_name == gap.class_name && other.is_refused;
    });
    if (refused == gaps.end()) {
      gaps.push_back(gap);
    } else if (refused->path.empty()) {
      refused->path = gap.path;
    }
  }
}

/// For a file in which nothing is a model.
void add_no_model(pickle::Value root, std::vector<Gap>& gaps) {
  const std::string type = root.type_name();
  if (std::any_of(gaps.begin(), gaps.end(), [&](const Gap& gap) { return gap.class_name == type; }))
    return;
  gaps.push_back({"", type, root.offset(), "the file holds no fitted model of scikit-learn",
                  "save the fitted estimator itself, with joblib.dump(model, path)"});
}

/// What only a booster knows of the columns, where it is the first to see them.
void add_booster_columns(pickle::Value model, const formats::FormatSet& formats,
                         const Limits& limits, std::optional<uint32_t>& count,
                         std::vector<std::string>& names) {
  std::optional<BoosterColumns> columns = booster_columns(model, formats, limits);
  if (!columns.has_value() || count.value_or(columns->count) != columns->count) return;
  count = columns->count;
  names = std::move(columns->names);
}

/// What only the definition of the custom code that is the first to see the columns knows of them.
void add_defined_columns(pickle::Value model, const formats::Definitions* definitions,
                         std::optional<uint32_t>& count, std::vector<std::string>& names) {
  const formats::Definition* first = first_definition(definitions, model);
  if (first == nullptr || !first->inputs.has_value()) return;
  count = static_cast<uint32_t>(first->inputs->size());
  names.clear();
  for (const formats::Definition::Input& input : *first->inputs) names.push_back(input.name);
}

Result<ReadReport> read_tree(const pickle::Tree& tree, const ReadOptions& options,
                             const Limits& limits, const formats::FormatSet& formats) {
  ReadReport report;
  pickle::Value model = tree.root();
  if (!options.select.empty()) model = TRY(select_model(model, options.select));
  add_refused(tree, report.gaps);
  if (!is_estimator(model)) {
    const auto models = find_models(model);
    if (models.size() > 1) {
      for (const auto& [path, value] : models)
        report.candidates.push_back({path, value.type_name()});
      describe(tree, models[0].second, report.info);
      report.info.class_name = tree.root().type_name();
      return report;
    }
    if (models.size() == 1) model = models[0].second;
    const bool may_be_model =
        model.kind() == pickle::Kind::kGlobal ||
        (model.kind() == pickle::Kind::kObject && is_model_library(model.module()));
    if (!may_be_model) {
      describe(tree, model, report.info);
      add_no_model(model, report.gaps);
      return report;
    }
  }
  describe(tree, model, report.info);

  const bool records = takes_records(model);
  const bool texts = !records && takes_texts(model);
  std::optional<uint32_t> count = records || texts ? std::optional(1U) : feature_count(model);
  std::vector<std::string> names;
  if (!records && !texts) {
    names = feature_names(model);
    if (names.empty()) add_booster_columns(model, formats, limits, count, names);
    add_defined_columns(model, options.definitions.get(), count, names);
  }
  const uint32_t columns = count.value_or(static_cast<uint32_t>(std::max<size_t>(names.size(), 1)));
  if (names.size() != columns) names.clear();
  if (names.empty() && !records && options.column_names.size() == columns) {
    names = options.column_names;
  }
  Limits lowering_limits = limits;
  lowering_limits.memory_bytes_max = tree.memory_bytes_max();
  Lowering lowering(columns, std::move(names), lowering_limits, &formats);
  if (records) lowering.set_rows_are_records();
  if (texts) lowering.set_rows_are_texts();
  lowering.set_definitions(options.definitions.get());
  const Step step = lowering.lower(model, lowering.input(), "");
  report.classes.assign(lowering.classes().begin(), lowering.classes().end());
  report.defined.assign(lowering.defined().begin(), lowering.defined().end());
  report.defined_unverified = options.definitions != nullptr && options.definitions->unverified();
  std::erase_if(report.gaps, [&](const Gap& gap) {
    return gap.is_refused && lowering.defined().contains(gap.class_name);
  });
  add_found(lowering.gaps(), report.gaps);
  if (!report.gaps.empty()) return report;
  const auto give_up = [&](const Status& why) {
    report.gaps.push_back(
        {"", model.type_name(), model.offset(), why.message(),
         "save the model again with a newer scikit-learn, or see docs/coverage.md"});
  };
  if (!count.has_value()) {
    give_up(unimplemented("it does not say how many columns it takes"));
    return report;
  }
  Result<std::shared_ptr<const Graph>> graph = std::move(lowering).finish(step);
  if (graph.ok()) {
    report.graph = std::move(graph).value();
  } else {
    give_up(graph.status());
  }
  return report;
}

class PickleFormat final : public formats::ModelFormat {
 public:
  std::string_view name() const override { return "pickle"; }
  std::string_view description() const override {
    return "a pickle or joblib file, plain or compressed";
  }
  bool recognises(std::string_view start) const override { return pickle::may_begin_pickle(start); }
  Result<ReadReport> read(FileBytes bytes, const ReadOptions& options,
                          const formats::FormatSet& formats, const Limits& limits) const override {
    if (!pickle::looks_like_pickle(bytes)) {
      return invalid_argument("not a pickle or joblib file: damaged, or something else");
    }
    return sklearn::read(std::move(bytes), options, limits, formats);
  }
};

class SkopsFormat final : public formats::ModelFormat {
 public:
  std::string_view name() const override { return "skops"; }
  std::string_view description() const override { return "a skops file"; }
  // It begins as any zip archive does: the reader of archives looks inside and asks for it by name.
  bool recognises(std::string_view /*start*/) const override { return false; }
  Result<ReadReport> read(FileBytes bytes, const ReadOptions& options,
                          const formats::FormatSet& formats, const Limits& limits) const override {
    const pickle::Tree tree = TRY(pickle::parse_skops(std::move(bytes), limits));
    return read_tree(tree, options, limits, formats);
  }
};

}  // namespace

Result<ReadReport> read(FileBytes bytes, const ReadOptions& options, const Limits& limits,
                        const formats::FormatSet& formats) {
  const pickle::Tree tree = TRY(pickle::parse(std::move(bytes), limits));
  return read_tree(tree, options, limits, formats);
}

std::unique_ptr<const formats::ModelFormat> make_format() {
  return std::make_unique<PickleFormat>();
}

std::unique_ptr<const formats::ModelFormat> make_skops_format() {
  return std::make_unique<SkopsFormat>();
}

}  // namespace slipway::sklearn
