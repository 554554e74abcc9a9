#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "writers/pmml/internal/expression.h"

namespace slipway::writers::pmml {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\t': out += "&#9;"; break;
      case '\n': out += "&#10;"; break;
      case '\r': out += "&#13;"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\xEF\xBF\xBD";
        } else {
          out += c;
        }
    }
  }
  return out;
}

std::string spelled(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "INF" : "-INF";
  return fmt::format("{}", value);
}

Expression number(double value) {
  if (std::isnan(value)) return missing_number();
  return fmt::format("<Constant dataType=\"double\">{}</Constant>", spelled(value));
}

Expression missing_number() { return "<Constant dataType=\"double\" missing=\"true\"/>"; }

Expression text(std::string_view value) {
  return fmt::format("<Constant dataType=\"string\">{}</Constant>", escaped(value));
}

Expression field(std::string_view name) {
  return fmt::format("<FieldRef field=\"{}\"/>", escaped(name));
}

Expression call(std::string_view function, std::span<const Expression> arguments) {
  // What has no result is missing; without the attribute it would be an error.
  constexpr std::string_view kPartial[] = {"/",    "ln",   "log10",  "ln1p", "sqrt", "pow",
                                           "asin", "acos", "modulo", "sin",  "cos",  "tan"};
  const bool is_partial = std::ranges::find(kPartial, function) != std::end(kPartial);
  std::string out = fmt::format("<Apply function=\"{}\"{}>", function,
                                is_partial ? " invalidValueTreatment=\"asMissing\"" : "");
  for (const Expression& argument : arguments) out += argument;
  return out + "</Apply>";
}

Expression call(std::string_view function, std::initializer_list<Expression> arguments) {
  return call(function, std::span(arguments.begin(), arguments.size()));
}

Expression sum_of(std::span<const Expression> terms) {
  if (terms.empty()) return number(0);
  std::vector<Expression> level(terms.begin(), terms.end());
  while (level.size() > 1) {
    std::vector<Expression> next;
    for (size_t i = 0; i + 1 < level.size(); i += 2) next.push_back(add(level[i], level[i + 1]));
    if (level.size() % 2 == 1) next.push_back(level.back());
    level = std::move(next);
  }
  return level[0];
}

Expression linear(std::span<const Expression> x, std::span<const double> weights, double constant) {
  std::vector<Expression> terms;
  for (size_t i = 0; i < x.size(); ++i) terms.push_back(multiply(x[i], number(weights[i])));
  if (constant != 0 || terms.empty()) terms.push_back(number(constant));
  return sum_of(terms);
}

Expression logistic(const Expression& x) {
  return divide(number(1), add(number(1), call("exp", {multiply(number(-1), x)})));
}

Expression clip(const Expression& x, double low, double high) {
  Expression out = x;
  if (low > -INFINITY) out = choose(call("lessThan", {x, number(low)}), number(low), x);
  if (high < INFINITY) out = choose(call("greaterThan", {x, number(high)}), number(high), out);
  return out == x ? x : choose(is_missing(x), missing_number(), out);
}

std::vector<std::string> fields_in(std::string_view xml) {
  constexpr std::string_view kMark = "field=\"";
  std::vector<std::string> names;
  for (size_t at = xml.find(kMark); at != std::string_view::npos; at = xml.find(kMark, at)) {
    at += kMark.size();
    names.emplace_back(xml.substr(at, xml.find('"', at) - at));
  }
  return names;
}

Expression whole_number(Fields& fields, std::string_view function, const Expression& x) {
  constexpr double kStep = 1 << 20;
  constexpr double kSmall = 1 << 30;
  const Expression size = call("abs", {x});
  const Expression steps = call("floor", {divide(x, number(kStep))});
  const Expression high = fields.define(multiply(steps, number(kStep)));
  const Expression rest = call(function, {subtract(x, high)});
  // A number of 2^50 or more is taken as whole: what it has behind the point is 7/8 at most.
  return choose(call("lessThan", {size, number(kSmall)}), call(function, {x}),
                choose(call("lessThan", {size, number(kStep * kSmall)}), add(high, rest), x));
}

std::string Fields::fresh(std::string_view stem) {
  while (true) {
    std::string name = fmt::format("{}{}", stem, ++next_);
    if (taken_.insert(name).second) return name;
  }
}

Expression Fields::define(const Expression& value, FieldType type) {
  if (type == FieldType::kDouble &&
      (value.starts_with("<FieldRef") || value.starts_with("<Constant"))) {
    return value;
  }
  Field made;
  made.name = fresh("d");
  const bool is_text = type == FieldType::kString;
  made.xml =
      fmt::format("<DerivedField name=\"{}\" optype=\"{}\" dataType=\"{}\">{}</DerivedField>\n",
                  made.name, is_text ? "categorical" : "continuous",
                  is_text                     ? "string"
                  : type == FieldType::kFloat ? "float"
                                              : "double",
                  value);
  made.uses = fields_in(value);
  for (const std::string& use : made.uses) {
    made.is_later = made.is_later || results_.contains(use) || later_.contains(use);
  }
  if (made.is_later) later_.insert(made.name);
  bytes_ += made.xml.size();
  Expression reference = field(made.name);
  fields_.push_back(std::move(made));
  return reference;
}

}  // namespace slipway::writers::pmml
