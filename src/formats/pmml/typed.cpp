#include <fmt/format.h>

#include <algorithm>

#include "formats/pmml/internal/fields.h"

namespace slipway::pmml {
namespace {

TimeKind time_kind(DataType type) {
  if (type == DataType::kDate) return TimeKind::kDate;
  return type == DataType::kTime ? TimeKind::kTime : TimeKind::kDateTime;
}

bool is_time(DataType type) {
  return type == DataType::kDate || type == DataType::kTime || type == DataType::kDateTime;
}

std::optional<double> parse_truth(std::string_view text) {
  if (text == "true" || text == "TRUE" || text == "True") return 1;
  if (text == "false" || text == "FALSE" || text == "False") return 0;
  const auto number = parse_double(text);
  return number == 0 || number == 1 ? number : std::nullopt;
}

/// As Java spells a double that is whole: with ".0".
Result<TermId> spelled(Context& context, const Typed& value) {
  ExpressionBuilder& terms = context.terms;
  if (value.type == DataType::kBoolean) {
    return terms.pick(value.term, std::vector<std::string>{"false", "true"});
  }
  const TermId text = TRY(terms.apply(Code::kSpell, {value.term}));
  if (value.type == DataType::kInteger) return text;
  const TermId cut = TRY(terms.apply(Code::kTruncate, {value.term}));
  const TermId whole = TRY(terms.apply(Code::kEqual, {value.term, cut}));
  const TermId with_point = TRY(terms.apply(Code::kConcat, {text, terms.text(".0")}));
  return terms.apply(Code::kChooseText, {whole, with_point, text});
}

}  // namespace

Result<DataType> parse_type(const Element& element, std::string_view text) {
  if (text == "string") return DataType::kString;
  if (text == "integer") return DataType::kInteger;
  if (text == "float") return DataType::kFloat;
  if (text == "double") return DataType::kDouble;
  if (text == "boolean") return DataType::kBoolean;
  if (text == "date") return DataType::kDate;
  if (text == "time") return DataType::kTime;
  if (text == "dateTime") return DataType::kDateTime;
  return element.unsupported(fmt::format("the data type {}", text.substr(0, 64)));
}

Status Context::charge(const Element& at, size_t rows, size_t columns) {
  if (columns != 0 && rows > numbers_left / columns) {
    return resource_exhausted(
        fmt::format("{}: a table of {} times {} numbers is too large for a file of this size",
                    at.place(), rows, columns));
  }
  numbers_left -= rows * columns;
  return {};
}

Result<Typed> Context::keep(Typed value, size_t terms_before, const std::string& path) {
  constexpr size_t kCheap = 3;
  if (terms.is_leaf(value.term) || terms.size() - terms_before <= kCheap) return value;
  const ValueId column = TRY(terms.add_to(graph, {{value.term}}, path));
  const ValueKind kind = is_text(value) ? ValueKind::kString : ValueKind::kDense;
  return Typed{terms.column(column, 0, kind), value.type};
}

Result<ValueId> Context::matrix(std::span<const TermId> columns, const std::string& path) {
  return terms.add_to(graph, columns, path);
}

Result<TermId> literal(Context& context, const Element& at, std::string_view text, DataType type) {
  if (type == DataType::kString) return context.terms.text(text);
  if (is_time(type)) {
    return context.terms.apply(Code::kParseTime, {context.terms.text(text)},
                               static_cast<uint32_t>(time_kind(type)));
  }
  const auto value = type == DataType::kBoolean ? parse_truth(text) : parse_double(text);
  if (!value) {
    return at.invalid(
        fmt::format("expected a value of the field's type, got \"{}\"", text.substr(0, 64)));
  }
  if (type == DataType::kFloat) return context.terms.number(double{static_cast<float>(*value)});
  return context.terms.number(*value);
}

Result<Typed> cast(Context& context, const Element& at, const Typed& value, DataType type) {
  if (value.type == type) return value;
  ExpressionBuilder& terms = context.terms;
  if (type == DataType::kString) return Typed{TRY(spelled(context, value)), type};
  if (value.type == DataType::kString) {
    if (const auto constant = terms.constant_text(value.term)) {
      return Typed{TRY(literal(context, at, std::string(*constant), type)), type};
    }
    if (is_time(type)) {
      return Typed{
          TRY(terms.apply(Code::kParseTime, {value.term}, static_cast<uint32_t>(time_kind(type)))),
          type};
    }
    if (type == DataType::kBoolean) {
      const TermId place = TRY(terms.find(value.term, std::vector<std::string>{"false", "true"}));
      return Typed{TRY(terms.pick(place, std::vector<double>{0, 1})), type};
    }
    const TermId number = TRY(terms.apply(Code::kParseNumber, {value.term}));
    return cast(context, at, {number, DataType::kDouble}, type);
  }
  if (is_time(type) != is_time(value.type)) {
    return at.unsupported("a conversion between a number and a time");
  }
  switch (type) {
    case DataType::kInteger:
      if (value.type == DataType::kBoolean) return Typed{value.term, type};
      return Typed{TRY(terms.apply(Code::kTruncate, {value.term})), type};
    case DataType::kFloat: return Typed{TRY(terms.apply(Code::kToFloat32, {value.term})), type};
    case DataType::kBoolean: {
      const TermId zero = TRY(terms.apply(Code::kEqual, {value.term, terms.number(0)}));
      return Typed{TRY(terms.apply(Code::kNot, {zero})), type};
    }
    default: return Typed{value.term, type};
  }
}

Status match_types(Context& context, const Element& at, Typed& a, Typed& b) {
  if (context.is_text(a) == context.is_text(b)) return {};
  Typed& text = context.is_text(a) ? a : b;
  const Typed& other = context.is_text(a) ? b : a;
  text = TRY(cast(context, at, text, other.type));
  return {};
}

Result<TermId> as_number(Context& context, const Element& at, const Typed& value) {
  if (!context.is_text(value)) return value.term;
  return TRY(cast(context, at, value, DataType::kDouble)).term;
}

Result<TermId> position_in(Context& context, const Element& at, const Typed& value,
                           const std::vector<std::string>& texts) {
  if (context.is_text(value)) return context.terms.find(value.term, texts);
  if (is_time(value.type)) return at.unsupported("a set of times");
  std::vector<double> numbers;
  for (const std::string& text : texts) {
    const auto number = value.type == DataType::kBoolean ? parse_truth(text) : parse_double(text);
    if (!number) {
      return at.invalid(
          fmt::format("expected a value of the field's type, got \"{}\"", text.substr(0, 64)));
    }
    numbers.push_back(value.type == DataType::kFloat ? double{static_cast<float>(*number)}
                                                     : *number);
  }
  return context.terms.find(value.term, std::move(numbers));
}

Result<TermId> is_one_of(Context& context, const Element& at, const Typed& value,
                         const std::vector<std::string>& texts) {
  const TermId place = TRY(position_in(context, at, value, texts));
  return context.terms.apply(Code::kLessOrEqual, {context.terms.number(0), place});
}

}  // namespace slipway::pmml
