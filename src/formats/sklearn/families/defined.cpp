#include "formats/sklearn/families/defined.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "formats/formula_terms.h"
#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"

namespace slipway::sklearn {
namespace {

using formats::Definition;
using formats::Formula;
using formats::FormulaConstants;
using formats::FormulaNode;
using formats::FormulaStep;
using formats::FormulaTable;
using formats::FormulaValue;

constexpr size_t kListMax = 1U << 20;

std::string listed(const std::vector<std::string>& names) {
  constexpr size_t kShown = 10;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i) {
    text += (i == 0 ? "'" : ", '") + names[i] + "'";
  }
  return names.size() > kShown ? text + ", ..." : text;
}

/// All numbers or all texts; None is a missing number.
Result<FormulaConstants> constants_of(const std::vector<pickle::Value>& values) {
  std::vector<double> numbers;
  std::vector<std::string> texts;
  for (const pickle::Value& value : values) {
    if (const auto text = value.as_string(); text.ok()) {
      texts.emplace_back(*text);
    } else if (value.is_none()) {
      numbers.push_back(std::numeric_limits<double>::quiet_NaN());
    } else {
      numbers.push_back(TRY(value.as_double()));
    }
  }
  if (!numbers.empty() && !texts.empty()) {
    return invalid_argument("it holds numbers beside texts");
  }
  if (texts.empty()) return FormulaConstants(std::move(numbers));
  return FormulaConstants(std::move(texts));
}

/// A fitted value of the file as what a formula works with.
Result<FormulaValue> value_of(pickle::Value value, ExpressionBuilder& terms) {
  if (value.is_none()) return FormulaValue(terms.missing_number());
  if (const auto text = value.as_string(); text.ok()) return FormulaValue(terms.text(*text));
  if (const auto number = value.as_double(); number.ok()) {
    return FormulaValue(terms.number(*number));
  }
  const bool is_dict = value.kind() == pickle::Kind::kDict;
  const bool is_list = value.kind() == pickle::Kind::kList || value.kind() == pickle::Kind::kTuple;
  if ((is_dict || is_list) && value.size() > kListMax) {
    return resource_exhausted(fmt::format("it has over {} entries", kListMax));
  }
  std::vector<pickle::Value> items;
  if (is_list) {
    for (size_t i = 0; i < value.size(); ++i) items.push_back(value.at(i));
    return FormulaValue(TRY(constants_of(items)));
  }
  if (is_dict) {
    std::vector<pickle::Value> keys;
    for (size_t i = 0; i < value.size(); ++i) {
      keys.push_back(value.entry(i).key);
      items.push_back(value.entry(i).value);
    }
    FormulaTable table;
    table.keys = TRY(constants_of(keys));
    table.values = TRY(constants_of(items));
    return FormulaValue(std::move(table));
  }
  if (auto numbers = pickle::to_f64(value); numbers.ok()) {
    return FormulaValue(FormulaConstants(std::move(numbers->values)));
  }
  if (auto texts = pickle::to_strings(value); texts.ok()) {
    return FormulaValue(FormulaConstants(std::move(texts->values)));
  }
  return invalid_argument(
      fmt::format("a {} is no number, text, list, dict or array of them", value.type_name()));
}

/// What the names of a definition mean: columns, fitted state, arguments.
class Scope final : public formats::FormulaScope {
 public:
  Scope(Lowering& lowering, const Definition& definition, pickle::Value self,
        std::optional<pickle::Value> arguments, const Features& input, ExpressionBuilder& terms)
      : lowering_(lowering),
        definition_(definition),
        self_(self),
        arguments_(arguments),
        input_(input),
        terms_(terms) {}

  /// Makes numbers and texts of the columns that the formulas use. To be called once, first.
  Status use_columns(const std::vector<const Formula*>& formulas) {
    std::set<uint32_t> used;
    for (const Formula* formula : formulas) {
      for (const FormulaNode& node : formula->nodes) {
        if (node.kind != FormulaNode::Kind::kPath || is_state(node)) continue;
        Result<uint32_t> place = column_of(node);
        if (!place.ok()) return formula->error(node.at, place.status().message());
        used.insert(*place);
      }
    }
    return load({used.begin(), used.end()});
  }
  Status use_all_columns() {
    std::vector<uint32_t> all(input_.size());
    for (uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    return load(all);
  }

  /// From now on `x`, `i` and `name` stand for this column.
  void set_current(uint32_t column) { current_ = column; }

  Result<FormulaValue> find(const FormulaNode& path) override {
    if (is_state(path)) {
      const bool of_self = path.text == "self";
      if (path.steps.empty()) return invalid_argument(fmt::format("{}.what?", path.text));
      if (!of_self && !arguments_.has_value()) return invalid_argument("there are no kw_args");
      return inside(of_self ? self_ : *arguments_, path);
    }
    if (current_.has_value() && path.steps.empty()) {
      if (path.text == "i") return FormulaValue(terms_.number(*current_));
      if (path.text == "name") return FormulaValue(terms_.text(input_.name(*current_)));
      if (path.text == "x") return FormulaValue(loaded_.at(*current_));
    }
    return FormulaValue(loaded_.at(TRY(column_of(path))));
  }

 private:
  static bool is_state(const FormulaNode& path) { return path.text == "self" || path.text == "kw"; }

  Result<uint32_t> column_named(std::string_view name) const {
    if (input_.names.empty() && definition_.inputs.has_value()) {
      const auto& inputs = *definition_.inputs;
      for (uint32_t i = 0; i < inputs.size() && i < input_.size(); ++i) {
        if (inputs[i].name == name) return i;
      }
    }
    const auto found = std::ranges::find(input_.names, name);
    if (found != input_.names.end()) {
      return static_cast<uint32_t>(found - input_.names.begin());
    }
    return invalid_argument(
        input_.names.empty()
            ? fmt::format("'{}' is no input, function or constant; the columns have no names: "
                          "give them by 'inputs', or write col[0]",
                          name)
            : fmt::format("no column '{}' reaches it; there is: {}", name, listed(input_.names)));
  }

  Result<uint32_t> column_of(const FormulaNode& path) const {
    if (path.text != "col" || path.steps.size() != 1) {
      if (!path.steps.empty()) {
        return invalid_argument(
            fmt::format("'{}' has no parts: only self, kw and col do", path.text));
      }
      return column_named(path.text);
    }
    const FormulaStep& step = path.steps[0];
    if (step.kind == FormulaStep::Kind::kKey) return column_named(step.key);
    if (step.kind == FormulaStep::Kind::kIndex && step.index >= 0 &&
        static_cast<uint64_t>(step.index) < input_.size()) {
      return static_cast<uint32_t>(step.index);
    }
    return invalid_argument(
        fmt::format("col takes the name of a column, or a number below {}", input_.size()));
  }

  bool is_text(uint32_t column) const {
    const ColumnRef& ref = input_.columns[column];
    if (!ref.open) return lowering_.type(ref.value).kind == ValueKind::kString;
    if (!definition_.inputs.has_value()) return false;
    const auto& inputs = *definition_.inputs;
    if (input_.names.empty()) return column < inputs.size() && inputs[column].is_text;
    const auto found = std::ranges::find(inputs, input_.names[column], &Definition::Input::name);
    return found != inputs.end() && found->is_text;
  }

  Status load(const std::vector<uint32_t>& columns) {
    std::vector<uint32_t> parts[2];
    for (const uint32_t column : columns) parts[is_text(column) ? 1 : 0].push_back(column);
    for (const bool text : {false, true}) {
      const std::vector<uint32_t>& part = parts[text ? 1 : 0];
      if (part.empty()) continue;
      const Features some = input_.pick(part);
      const ValueId value = TRY(text ? lowering_.strings(some) : lowering_.dense(some));
      for (uint32_t i = 0; i < part.size(); ++i) {
        loaded_.emplace(part[i], terms_.column(value, i, lowering_.type(value).kind));
      }
    }
    return {};
  }

  Result<FormulaValue> inside(pickle::Value value, const FormulaNode& path) {
    std::string shown = path.text;
    for (size_t i = 0; i < path.steps.size(); ++i) {
      FormulaStep step = path.steps[i];
      if (step.kind == FormulaStep::Kind::kVariable) TRY_STATUS(bind(step));
      const std::string outer = shown;
      shown +=
          step.kind == FormulaStep::Kind::kIndex ? fmt::format("[{}]", step.index) : "." + step.key;
      const std::optional<pickle::Value> next =
          value.kind() == pickle::Kind::kObject && step.kind == FormulaStep::Kind::kKey
              ? value.find_attr(step.key)
              : entry(value, step);
      if (next.has_value()) {
        value = *next;
        continue;
      }
      // An array's items are no values of the file.
      if (i + 1 == path.steps.size()) return item(value, step, outer);
      return invalid_argument(fmt::format("the file has no {}", shown));
    }
    Result<FormulaValue> made = value_of(value, terms_);
    if (!made.ok()) return invalid_argument(fmt::format("{}: {}", shown, made.status().message()));
    return made;
  }

  Status bind(FormulaStep& step) const {
    if (!current_.has_value() || (step.key != "i" && step.key != "name")) {
      return invalid_argument(
          fmt::format("'{}' cannot be an index: there are i and name, under 'each'", step.key));
    }
    if (step.key == "name") {
      step = {FormulaStep::Kind::kKey, input_.name(*current_), 0};
    } else {
      step = {FormulaStep::Kind::kIndex, "", *current_};
    }
    return {};
  }

  static std::optional<pickle::Value> entry(pickle::Value value, const FormulaStep& step) {
    if (value.kind() == pickle::Kind::kDict) {
      if (step.kind == FormulaStep::Kind::kKey) return value.find(step.key);
      for (size_t i = 0; i < value.size(); ++i) {
        const Result<int64_t> key = value.entry(i).key.as_int();
        if (key.ok() && *key == step.index) return value.entry(i).value;
      }
    }
    const bool is_list =
        value.kind() == pickle::Kind::kList || value.kind() == pickle::Kind::kTuple;
    if (!is_list || step.kind != FormulaStep::Kind::kIndex) return std::nullopt;
    const auto size = static_cast<int64_t>(value.size());
    const int64_t place = step.index < 0 ? step.index + size : step.index;
    if (place < 0 || place >= size) return std::nullopt;
    return value.at(static_cast<size_t>(place));
  }

  /// Of an array.
  Result<FormulaValue> item(pickle::Value value, const FormulaStep& step,
                            const std::string& shown) {
    const auto place_in = [&](size_t size) -> std::optional<size_t> {
      const auto count = static_cast<int64_t>(size);
      const int64_t place = step.index < 0 ? step.index + count : step.index;
      if (place < 0 || place >= count) return std::nullopt;
      return static_cast<size_t>(place);
    };
    if (step.kind == FormulaStep::Kind::kIndex && value.kind() == pickle::Kind::kObject) {
      if (const auto numbers = pickle::to_f64(value); numbers.ok()) {
        if (const auto place = place_in(numbers->values.size())) {
          return FormulaValue(terms_.number(numbers->values[*place]));
        }
      } else if (const auto texts = pickle::to_strings(value); texts.ok()) {
        if (const auto place = place_in(texts->values.size())) {
          return FormulaValue(terms_.text(texts->values[*place]));
        }
      }
    }
    return invalid_argument(step.kind == FormulaStep::Kind::kIndex
                                ? fmt::format("the file has no {}[{}]", shown, step.index)
                                : fmt::format("the file has no {}.{}", shown, step.key));
  }

  Lowering& lowering_;
  const Definition& definition_;
  pickle::Value self_;
  std::optional<pickle::Value> arguments_;
  const Features& input_;
  ExpressionBuilder& terms_;
  std::map<uint32_t, TermId> loaded_;
  std::optional<uint32_t> current_;
};

Result<ValueId> add_terms(Lowering& lowering, ExpressionBuilder& terms,
                          const std::vector<TermId>& outputs) {
  ExpressionBuilder::Built built = TRY(terms.build(outputs));
  return lowering.add(std::move(built.op), std::move(built.inputs));
}

/// The terms as columns: numbers of one value, texts of another.
Result<Features> add_columns(Lowering& lowering, ExpressionBuilder& terms,
                             const std::vector<TermId>& made, std::vector<std::string> names) {
  std::vector<TermId> parts[2];
  Features features;
  for (const TermId term : made) {
    std::vector<TermId>& part = parts[terms.is_text(term) ? 1 : 0];
    features.columns.push_back({0, static_cast<uint32_t>(part.size()), false});
    part.push_back(term);
  }
  ValueId values[2] = {};
  for (size_t i = 0; i < 2; ++i) {
    if (!parts[i].empty()) values[i] = TRY(add_terms(lowering, terms, parts[i]));
  }
  for (size_t i = 0; i < made.size(); ++i) {
    features.columns[i].value = values[terms.is_text(made[i]) ? 1 : 0];
  }
  features.names = std::move(names);
  return features;
}

Status check_inputs(const Definition& definition, const Features& input) {
  if (!definition.inputs.has_value()) return {};
  const auto& inputs = *definition.inputs;
  if (input.names.empty()) {
    if (inputs.size() == input.size()) return {};
    return invalid_argument(fmt::format("it is defined for {} inputs, but {} columns reach it",
                                        inputs.size(), input.size()));
  }
  for (const Definition::Input& wanted : inputs) {
    if (std::ranges::find(input.names, wanted.name) == input.names.end()) {
      return invalid_argument(
          fmt::format("no column '{}' reaches it; there is: {}", wanted.name, listed(input.names)));
    }
  }
  return {};
}

Result<Step> lower_each(Lowering& lowering, const Definition& definition, Scope& scope,
                        ExpressionBuilder& terms, const Features& input) {
  TRY_STATUS(scope.use_all_columns());
  std::vector<TermId> made;
  for (uint32_t i = 0; i < input.size(); ++i) {
    scope.set_current(i);
    made.push_back(TRY(formats::compile_formula(*definition.each, scope, terms)));
  }
  Step step;
  step.transform = TRY(add_columns(lowering, terms, made, input.names));
  return step;
}

}  // namespace

Result<Step> lower_defined(Lowering& lowering, const Definition& definition, pickle::Value self,
                           std::optional<pickle::Value> arguments, const Features& input) {
  if (!definition.same_as.empty()) {
    const LowerFunction function = find_estimator("sklearn.", definition.same_as);
    if (function != nullptr) return function(lowering, self, input);
    return invalid_argument(fmt::format(
        "same_as: {} is no class of scikit-learn that Slipway computes", definition.same_as));
  }
  TRY_STATUS(check_inputs(definition, input));
  ExpressionBuilder terms;
  Scope scope(lowering, definition, self, arguments, input, terms);
  if (definition.each.has_value()) {
    return lower_each(lowering, definition, scope, terms, input);
  }
  const bool is_model = !definition.methods.empty();
  const auto& outputs = is_model ? definition.methods : definition.outputs;
  std::vector<const Formula*> formulas;
  formulas.reserve(outputs.size());
  for (const Definition::Output& output : outputs) formulas.push_back(&output.formula);
  TRY_STATUS(scope.use_columns(formulas));
  std::vector<TermId> made;
  std::vector<std::string> names;
  for (const Definition::Output& output : outputs) {
    made.push_back(TRY(formats::compile_formula(output.formula, scope, terms)));
    names.push_back(output.name);
  }
  Step step;
  if (!is_model) {
    step.transform = definition.keep ? input : Features{};
    Features columns = TRY(add_columns(lowering, terms, made, std::move(names)));
    if (definition.keep) {
      step.transform->append(columns);
    } else {
      step.transform = std::move(columns);
    }
    return step;
  }
  for (size_t i = 0; i < made.size(); ++i) {
    if (terms.is_text(made[i])) {
      return outputs[i].formula.error(0, "the result of a method must be a number");
    }
    Method method;
    method.name = names[i];
    method.value = TRY(add_terms(lowering, terms, {made[i]}));
    method.is_vector = true;
    step.methods.push_back(std::move(method));
  }
  return step;
}

const Definition* definition_of_function(const formats::Definitions* definitions,
                                         pickle::Value transformer) {
  if (definitions == nullptr || !transformer.is("sklearn.", "FunctionTransformer")) return nullptr;
  const auto function = transformer.find_attr("func");
  if (!function.has_value() || function->kind() != pickle::Kind::kGlobal) return nullptr;
  return definitions->find(fmt::format("{}.{}", function->module(), function->name()));
}

const Definition* first_definition(const formats::Definitions* definitions, pickle::Value model) {
  if (definitions == nullptr) return nullptr;
  const auto definition_of = [&](pickle::Value value) {
    const Definition* found = definition_of_function(definitions, value);
    return found != nullptr ? found : definitions->find(value.type_name());
  };
  const auto first =
      first_where(model, [&](pickle::Value value) { return definition_of(value) != nullptr; });
  return first.has_value() ? definition_of(*first) : nullptr;
}

}  // namespace slipway::sklearn
