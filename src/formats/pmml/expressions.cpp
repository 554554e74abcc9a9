// Expressions: Constant, FieldRef, NormContinuous, NormDiscrete, Discretize, MapValues, Apply.
//
// An expression and what lies in it are listed with each before its arguments, and then compiled
// from the last to the first, so that arguments are there when their function is: no recursion over
// the file. The body of a user's function is compiled anew for each use, with its parameters bound
// to the arguments: functions may use others only so deep.
#include <fmt/format.h>

#include <limits>
#include <set>

#include "formats/pmml/internal/fields.h"

namespace slipway::pmml {
namespace {

constexpr size_t kFunctionDepthMax = 16;
using Parameters = std::map<std::string, Typed, std::less<>>;

bool is_expression(const Element& element) {
  static const std::set<std::string_view> kNames = {
      "Constant",  "FieldRef",  "NormContinuous", "NormDiscrete", "Discretize",
      "MapValues", "TextIndex", "Apply",          "Aggregate",    "Lag"};
  return kNames.contains(element.name());
}

class Compiler {
 public:
  Compiler(Scope& scope, const Parameters* parameters, size_t depth, Element origin)
      : scope_(scope),
        context_(scope.context()),
        parameters_(parameters),
        depth_(depth),
        origin_(origin) {}

  Result<Typed> compile(const Element& top) {
    std::vector<Item> items{{top, 0, {}}};
    for (size_t i = 0; i < items.size(); ++i) {
      if (++context_.expressions > Context::kExpressionsMax) {
        return resource_exhausted(
            fmt::format("the file has over {} expressions, functions counted at each use",
                        Context::kExpressionsMax));
      }
      if (!items[i].element.is("Apply") && !items[i].element.is("TextIndex")) continue;
      for (const Element& argument : items[i].element.children()) {
        if (argument.is("TextIndexNormalization")) continue;
        if (!is_expression(argument)) return argument.unsupported("an expression of this kind");
        items.push_back({argument, i, {}});
      }
    }
    Typed value;
    for (size_t i = items.size(); i-- > 0;) {
      Item& item = items[i];
      // Arguments came from the last to the first.
      const std::vector<Typed> arguments(item.arguments.rbegin(), item.arguments.rend());
      value = TRY(compile_one(item.element, arguments));
      if (i > 0) items[item.parent].arguments.push_back(value);
      item.arguments = {};
    }
    return value;
  }

 private:
  struct Item {
    Element element;
    size_t parent;
    std::vector<Typed> arguments;
  };

  ExpressionBuilder& terms() { return context_.terms; }

  Result<Typed> field(const Element& at, std::string_view name) {
    if (parameters_ == nullptr) return scope_.resolve(at, name);
    const auto found = parameters_->find(name);
    if (found == parameters_->end()) {
      return at.invalid(fmt::format("the function has no parameter \"{}\"", name.substr(0, 128)));
    }
    return found->second;
  }

  Result<Typed> compile_one(const Element& element, const std::vector<Typed>& arguments) {
    if (element.is("Apply")) return apply(element, arguments);
    if (element.is("Constant")) return constant(element);
    if (element.is("FieldRef")) return field_ref(element);
    if (element.is("NormContinuous")) return norm_continuous(element);
    if (element.is("NormDiscrete")) return norm_discrete(element);
    if (element.is("Discretize")) return discretize(element);
    if (element.is("MapValues")) return map_values(element);
    if (element.is("TextIndex")) return text_index(element, arguments);
    return element.unsupported("an expression of this kind");
  }

  /// `otherwise` where the value is missing.
  Result<Typed> coalesce(const Element& at, Typed value, std::string_view otherwise) {
    const TermId by = TRY(literal(context_, at, otherwise, value.type));
    const Code code = context_.is_text(value) ? Code::kCoalesceText : Code::kCoalesce;
    return Typed{TRY(terms().apply(code, {value.term, by})), value.type};
  }

  Result<Typed> constant(const Element& element) {
    const std::string_view text = element.text();
    const auto type = element.attribute("dataType");
    if (element.attribute_or("missing", "false") == "true") {
      const DataType of = type ? TRY(parse_type(element, *type)) : DataType::kString;
      if (of == DataType::kString) return Typed{terms().missing_text(), of};
      return Typed{terms().missing_number(), of};
    }
    if (type) {
      const DataType of = TRY(parse_type(element, *type));
      if (text.empty() && of != DataType::kString) return Typed{terms().missing_number(), of};
      return Typed{TRY(literal(context_, element, text, of)), of};
    }
    const auto number = parse_double(text);
    if (!number) return Typed{terms().text(text), DataType::kString};
    const bool whole = text.find_first_of(".eEINn") == std::string_view::npos;
    return Typed{terms().number(*number), whole ? DataType::kInteger : DataType::kDouble};
  }

  Result<Typed> field_ref(const Element& element) {
    const Typed value = TRY(field(element, TRY(element.required("field"))));
    const auto otherwise = element.attribute("mapMissingTo");
    return otherwise ? coalesce(element, value, *otherwise) : Result<Typed>(value);
  }

  Result<Typed> norm_continuous(const Element& element) {
    const Typed value = TRY(field(element, TRY(element.required("field"))));
    PiecewiseLine line;
    for (const Element& norm : element.children("LinearNorm")) {
      line.x.push_back(TRY(norm.number("orig")));
      line.y.push_back(TRY(norm.number("norm")));
    }
    if (line.x.size() < 2) return element.invalid("expected two LinearNorms or more");
    const std::string_view beyond = element.attribute_or("outliers", "asIs");
    if (beyond == "asMissingValues") {
      line.beyond = PiecewiseLine::Beyond::kMissing;
    } else if (beyond == "asExtremeValues") {
      line.beyond = PiecewiseLine::Beyond::kClamp;
    } else if (beyond != "asIs") {
      return element.unsupported(fmt::format("outliers {}", beyond.substr(0, 64)));
    }
    const TermId x = TRY(as_number(context_, element, value));
    const Typed normed{TRY(terms().interpolate(x, std::move(line))), DataType::kDouble};
    const auto otherwise = element.attribute("mapMissingTo");
    if (!otherwise) return normed;
    // Where the field is missing; not where it lies beyond the line.
    const TermId by = TRY(literal(context_, element, *otherwise, DataType::kDouble));
    const TermId missing = TRY(terms().apply(Code::kIsMissing, {x}));
    return Typed{TRY(terms().apply(Code::kChoose, {missing, by, normed.term})), DataType::kDouble};
  }

  Result<Typed> norm_discrete(const Element& element) {
    const Typed value = TRY(field(element, TRY(element.required("field"))));
    const std::string wanted(TRY(element.required("value")));
    const Typed is{TRY(is_one_of(context_, element, value, {wanted})), DataType::kDouble};
    const auto otherwise = element.attribute("mapMissingTo");
    return otherwise ? coalesce(element, is, *otherwise) : Result<Typed>(is);
  }

  /// A value for each position, `otherwise` at -1; missing where the position is.
  Result<Typed> picked(const Element& at, TermId position, const std::vector<std::string>& values,
                       DataType type) {
    if (type == DataType::kString) {
      const TermId value = TRY(terms().pick(position, values));
      const auto otherwise = at.attribute("defaultValue");
      return otherwise ? with_default(at, position, {value, type}, *otherwise)
                       : Result<Typed>(Typed{value, type});
    }
    std::vector<double> numbers;
    for (const std::string& text : values) {
      const TermId constant = TRY(literal(context_, at, text, type));
      const auto number = terms().constant_number(constant);
      if (!number) return at.unsupported("a table of times");
      numbers.push_back(*number);
    }
    const TermId value = TRY(terms().pick(position, std::move(numbers)));
    const auto otherwise = at.attribute("defaultValue");
    return otherwise ? with_default(at, position, {value, type}, *otherwise)
                     : Result<Typed>(Typed{value, type});
  }

  Result<Typed> with_default(const Element& at, TermId position, Typed value,
                             std::string_view otherwise) {
    const TermId by = TRY(literal(context_, at, otherwise, value.type));
    const TermId none = TRY(terms().apply(Code::kLess, {position, terms().number(0)}));
    const Code code = context_.is_text(value) ? Code::kChooseText : Code::kChoose;
    return Typed{TRY(terms().apply(code, {none, by, value.term})), value.type};
  }

  /// `mapMissingTo` where the position is missing, because an input is.
  Result<Typed> with_missing(const Element& at, TermId position, Typed value) {
    const auto otherwise = at.attribute("mapMissingTo");
    if (!otherwise) return value;
    const TermId by = TRY(literal(context_, at, *otherwise, value.type));
    const TermId missing = TRY(terms().apply(Code::kIsMissing, {position}));
    const Code code = context_.is_text(value) ? Code::kChooseText : Code::kChoose;
    return Typed{TRY(terms().apply(code, {missing, by, value.term})), value.type};
  }

  Result<Typed> discretize(const Element& element) {
    const Typed value = TRY(field(element, TRY(element.required("field"))));
    std::vector<Interval> intervals;
    std::vector<std::string> values;
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    for (const Element& bin : element.children("DiscretizeBin")) {
      const Element range = bin.child("Interval");
      if (!range) return bin.invalid("expected an Interval");
      const std::string_view closure = TRY(range.required("closure"));
      const double left = TRY(range.number_or("leftMargin", -kInfinity));
      const double right = TRY(range.number_or("rightMargin", kInfinity));
      intervals.push_back({left, right, closure.starts_with("open"), closure.ends_with("Open")});
      values.emplace_back(TRY(bin.required("binValue")));
    }
    const DataType type = TRY(parse_type(element, element.attribute_or("dataType", "string")));
    const TermId x = TRY(as_number(context_, element, value));
    const TermId position = TRY(terms().find_interval(x, std::move(intervals)));
    return with_missing(element, position, TRY(picked(element, position, values, type)));
  }

  Result<Typed> text_index(const Element& element, const std::vector<Typed>& arguments) {
    if (arguments.size() != 1) return element.invalid("expected one expression");
    const auto term = terms().constant_text(arguments[0].term);
    if (!term) return element.unsupported("a term that varies from row to row");
    const std::string copy(*term);
    const Typed field_text = TRY(field(element, TRY(element.required("textField"))));
    const Typed text = TRY(cast(context_, element, field_text, DataType::kString));
    return count_term(context_, element, origin_, text, copy);
  }

  Result<Typed> map_values(const Element& element);
  Result<Typed> apply(const Element& element, std::vector<Typed> arguments);
  Result<Typed> call(const Element& element, const Element& function,
                     const std::vector<Typed>& arguments);

  Scope& scope_;
  Context& context_;
  const Parameters* parameters_;
  size_t depth_;
  Element origin_;  // the outermost Apply whose function this is the body of
};

/// An InlineTable's rows: the texts of these columns.
Result<std::vector<std::vector<std::string>>> table_rows(const Element& element,
                                                         const std::vector<std::string>& columns) {
  const Element table = element.child("InlineTable");
  if (!table) return element.unsupported("a table outside the file");
  std::vector<std::vector<std::string>> rows;
  for (const Element& row : table.children("row")) {
    std::map<std::string, std::string, std::less<>> cells;
    for (const Element& cell : row.children()) cells.emplace(cell.name(), cell.text());
    std::vector<std::string> texts;
    for (const std::string& column : columns) {
      const auto cell = cells.find(column);
      if (cell == cells.end()) break;
      texts.push_back(cell->second);
    }
    if (texts.size() == columns.size()) rows.push_back(std::move(texts));
  }
  return rows;
}

Result<Typed> Compiler::map_values(const Element& element) {
  std::vector<std::string> columns;
  std::vector<Typed> inputs;
  for (const Element& pair : element.children("FieldColumnPair")) {
    columns.emplace_back(TRY(pair.required("column")));
    inputs.push_back(TRY(field(pair, TRY(pair.required("field")))));
  }
  if (columns.empty()) return element.invalid("expected a FieldColumnPair");
  columns.emplace_back(TRY(element.required("outputColumn")));
  const auto rows = TRY(table_rows(element, columns));
  // Each input becomes the position of its value among those of its column; the positions together
  // are one number, as digits are.
  std::vector<double> keys(rows.size(), 0);
  TermId code = terms().number(0);
  double combinations = 1;
  for (size_t i = 0; i < inputs.size(); ++i) {
    std::map<std::string, double, std::less<>> places;
    std::vector<std::string> distinct;
    for (size_t row = 0; row < rows.size(); ++row) {
      const auto [place, added] =
          places.try_emplace(rows[row][i], static_cast<double>(distinct.size()));
      if (added) distinct.push_back(rows[row][i]);
      keys[row] += combinations * place->second;
    }
    const TermId position = TRY(position_in(context_, element, inputs[i], distinct));
    // A value that the column lacks leads far away from every key.
    const TermId far = terms().number(-1e300);
    const TermId known = TRY(terms().apply(Code::kLessOrEqual, {terms().number(0), position}));
    const TermId digit = TRY(terms().apply(Code::kChoose, {known, position, far}));
    const TermId part = TRY(terms().apply(Code::kMultiply, {digit, terms().number(combinations)}));
    code = i == 0 ? part : TRY(terms().apply(Code::kAdd, {code, part}));
    combinations *= static_cast<double>(std::max<size_t>(distinct.size(), 1));
    if (combinations > 9e15) return element.unsupported("a table of so many combinations");
  }
  const TermId position = TRY(terms().find(code, std::move(keys)));
  std::vector<std::string> values;
  values.reserve(rows.size());
  for (const auto& row : rows) values.push_back(row.back());
  const DataType type = TRY(parse_type(element, element.attribute_or("dataType", "string")));
  return with_missing(element, position, TRY(picked(element, position, values, type)));
}

Result<Typed> Compiler::call(const Element& element, const Element& function,
                             const std::vector<Typed>& arguments) {
  if (depth_ >= kFunctionDepthMax) {
    return element.invalid(fmt::format("functions use each other over {} deep", kFunctionDepthMax));
  }
  const std::vector<Element> fields = function.children("ParameterField");
  if (fields.size() != arguments.size()) {
    return element.invalid(fmt::format("the function has {} parameters, got {} arguments",
                                       fields.size(), arguments.size()));
  }
  Parameters parameters;
  for (size_t i = 0; i < fields.size(); ++i) {
    Typed argument = arguments[i];
    if (const auto type = fields[i].attribute("dataType")) {
      argument = TRY(cast(context_, fields[i], argument, TRY(parse_type(fields[i], *type))));
    }
    parameters.insert_or_assign(std::string(TRY(fields[i].required("name"))), argument);
  }
  const Element body = expression_of(function);
  if (!body) return function.invalid("expected an expression");
  // Functions in functions: kFunctionDepthMax of them.
  const Typed value =
      TRY(Compiler(scope_, &parameters, depth_ + 1, origin_ ? origin_ : element).compile(body));
  const auto type = function.attribute("dataType");
  return type ? cast(context_, function, value, TRY(parse_type(function, *type)))
              : Result<Typed>(value);
}

Result<Typed> Compiler::apply(const Element& element, std::vector<Typed> arguments) {
  const std::string_view name = TRY(element.required("function"));
  const auto missing_to = element.attribute("mapMissingTo");
  std::optional<TermId> any_missing;
  if (missing_to) {
    for (const Typed& argument : arguments) {
      const Code code = context_.is_text(argument) ? Code::kIsTextMissing : Code::kIsMissing;
      const TermId missing = TRY(terms().apply(code, {argument.term}));
      any_missing = any_missing ? TRY(terms().apply(Code::kOr, {*any_missing, missing})) : missing;
      if (name == "if") break;  // of the branches only the one taken counts, and that below
    }
  }
  Typed value;
  if (const auto function = context_.functions.find(name); function != context_.functions.end()) {
    value = TRY(call(element, function->second, arguments));
  } else {
    value = TRY(apply_function(context_, element, name, std::move(arguments)));
  }
  const bool text = context_.is_text(value);
  if (const auto otherwise = element.attribute("defaultValue")) {
    value = TRY(coalesce(element, value, *otherwise));
  }
  if (any_missing) {
    if (name == "if") return coalesce(element, value, *missing_to);
    const TermId by = TRY(literal(context_, element, *missing_to, value.type));
    value.term = TRY(
        terms().apply(text ? Code::kChooseText : Code::kChoose, {*any_missing, by, value.term}));
  }
  return value;
}

}  // namespace

Element expression_of(const Element& container) {
  for (Element child = container.first(); child; child = child.next()) {
    if (is_expression(child)) return child;
  }
  return {};
}

Result<Typed> compile_expression(Scope& scope, const Element& expression) {
  return Compiler(scope, nullptr, 0, Element()).compile(expression);
}

}  // namespace slipway::pmml
