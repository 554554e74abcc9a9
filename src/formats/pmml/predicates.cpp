// Predicates as truth values: 1, 0 or missing where PMML says "unknown".
#include <fmt/format.h>

#include <set>

#include "formats/pmml/internal/fields.h"

namespace slipway::pmml {
namespace {

bool is_predicate(const Element& element) {
  static const std::set<std::string_view> kNames = {"SimplePredicate", "SimpleSetPredicate",
                                                    "CompoundPredicate", "True", "False"};
  return kNames.contains(element.name());
}

Result<TermId> simple_predicate(Scope& scope, const Element& element) {
  Context& context = scope.context();
  const Typed value = TRY(scope.resolve(element, TRY(element.required("field"))));
  const std::string_view how = TRY(element.required("operator"));
  std::vector<Typed> arguments{value};
  if (how == "isMissing" || how == "isNotMissing") {
    return TRY(apply_function(context, element, how, arguments)).term;
  }
  const TermId constant =
      TRY(literal(context, element, TRY(element.required("value")), value.type));
  arguments.push_back({constant, value.type});
  static const std::set<std::string_view> kOperators = {
      "equal", "notEqual", "lessThan", "lessOrEqual", "greaterThan", "greaterOrEqual"};
  if (!kOperators.contains(how)) {
    return element.invalid(fmt::format("unknown operator {}", how.substr(0, 64)));
  }
  return TRY(apply_function(context, element, how, arguments)).term;
}

Result<TermId> set_predicate(Scope& scope, const Element& element) {
  Context& context = scope.context();
  const Typed value = TRY(scope.resolve(element, TRY(element.required("field"))));
  const Element array = element.child("Array");
  if (!array) return element.invalid("expected an Array");
  const TermId in = TRY(is_one_of(context, element, value, TRY(array_items(array))));
  const std::string_view how = TRY(element.required("booleanOperator"));
  if (how == "isIn") return in;
  if (how != "isNotIn") return element.invalid("expected isIn or isNotIn");
  return context.terms.apply(Code::kNot, {in});
}

Result<TermId> compound_predicate(Context& context, const Element& element,
                                  const std::vector<TermId>& parts) {
  ExpressionBuilder& terms = context.terms;
  if (parts.size() < 2) return element.invalid("expected two predicates or more");
  const std::string_view how = TRY(element.required("booleanOperator"));
  TermId all = parts[0];
  for (size_t i = 1; i < parts.size(); ++i) {
    if (how == "and") {
      all = TRY(terms.apply(Code::kAnd, {all, parts[i]}));
    } else if (how == "or") {
      all = TRY(terms.apply(Code::kOr, {all, parts[i]}));
    } else if (how == "surrogate") {
      all = TRY(terms.apply(Code::kCoalesce, {all, parts[i]}));
    } else if (how == "xor") {
      const TermId same = TRY(terms.apply(Code::kEqual, {all, parts[i]}));
      all = TRY(terms.apply(Code::kNot, {same}));
    } else {
      return element.invalid("expected and, or, xor or surrogate");
    }
  }
  return all;
}

}  // namespace

Element predicate_of(const Element& container) {
  for (Element child = container.first(); child; child = child.next()) {
    if (is_predicate(child)) return child;
  }
  return {};
}

Result<TermId> compile_predicate(Scope& scope, const Element& predicate) {
  struct Item {
    Element element;
    size_t parent;
    std::vector<TermId> parts;
  };
  std::vector<Item> items{{predicate, 0, {}}};
  for (size_t i = 0; i < items.size(); ++i) {
    if (!items[i].element.is("CompoundPredicate")) continue;
    for (const Element& part : items[i].element.children()) {
      if (!is_predicate(part)) return part.invalid("expected a predicate");
      items.push_back({part, i, {}});
    }
  }
  TermId value;
  for (size_t i = items.size(); i-- > 0;) {
    const Element& element = items[i].element;
    const std::vector<TermId> parts(items[i].parts.rbegin(), items[i].parts.rend());
    if (element.is("CompoundPredicate")) {
      value = TRY(compound_predicate(scope.context(), element, parts));
    } else if (element.is("SimplePredicate")) {
      value = TRY(simple_predicate(scope, element));
    } else if (element.is("SimpleSetPredicate")) {
      value = TRY(set_predicate(scope, element));
    } else {
      value = scope.context().terms.number(element.is("True") ? 1 : 0);
    }
    if (i > 0) items[items[i].parent].parts.push_back(value);
  }
  return value;
}

}  // namespace slipway::pmml
