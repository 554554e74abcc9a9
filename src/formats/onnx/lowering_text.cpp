// What Lowering does with texts: case, numbers as texts and texts as numbers, texts joined. Rows'
// texts go through ExpressionOp, constants through the same functions of their own.
#include <fmt/format.h>

#include <limits>

#include "formats/onnx/internal/lowering.h"
#include "graph/ops/expression_builder.h"

namespace slipway::onnx {
namespace {

/// Eight significant digits for float, seventeen for double, as ONNX Runtime writes them.
std::string_view number_format(DType type) { return type == DType::kFloat64 ? "%.17g" : "%.8g"; }

Result<TermId> spell_real(ExpressionBuilder& terms, TermId x, DType type) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  TermId text = TRY(terms.apply_with_text(Code::kFormatNumber, {x}, number_format(type)));
  for (const double limit : {kInfinity, -kInfinity}) {
    const TermId is_limit = TRY(terms.apply(Code::kEqual, {x, terms.number(limit)}));
    const TermId name = terms.text(limit > 0 ? "INF" : "-INF");
    text = TRY(terms.apply(Code::kChooseText, {is_limit, name, text}));
  }
  return terms.apply(Code::kCoalesceText, {text, terms.text("NaN")});
}

Result<TermId> convert(ExpressionBuilder& terms, TermId x, DType from, DType to) {
  if (to == DType::kString) {
    return is_whole(from) ? terms.apply(Code::kSpell, {x}) : spell_real(terms, x, from);
  }
  const TermId number = TRY(terms.apply(Code::kParseNumber, {x}));
  const TermId missing = TRY(terms.apply(Code::kIsMissing, {number}));
  const TermId there = TRY(terms.apply(Code::kNot, {missing}));
  return terms.apply_with_text(Code::kRequire, {number, there}, "a text is no number");
}

std::string spell(double x, DType from) {
  if (is_whole(from)) return fmt::format("{}", static_cast<int64_t>(x));
  if (std::isnan(x)) return "NaN";
  if (std::isinf(x)) return x > 0 ? "INF" : "-INF";
  return from == DType::kFloat64 ? fmt::format("{:.17g}", x) : fmt::format("{:.8g}", x);
}

}  // namespace

Result<Value> Lowering::change_case(const Value& value) {
  ExpressionBuilder terms;
  const Code code = value.text_case == TextCase::kLower ? Code::kLower : Code::kUpper;
  std::vector<TermId> outputs;
  const uint32_t count = TRY(element_count(value.dims));
  TRY_STATUS(charge_bytes(uint64_t{count} * ExpressionOp::kTextBytes));
  outputs.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    outputs.push_back(TRY(terms.apply(code, {terms.column(value.id, i, ValueKind::kString)})));
  }
  Value result = value;
  result.text_case = TextCase::kStays;
  result.id = TRY(terms.add_to(graph_, outputs, path_));
  return result;
}

Result<Value> Lowering::cast_text(const Value& value, DType type) {
  const Value source = TRY(plain(value));
  if (source.type == type) return source;
  const uint32_t count = TRY(element_count(source.dims));
  TRY_STATUS(charge_bytes(uint64_t{count} * ExpressionOp::kTextBytes));
  if (source.constant != nullptr) {
    if (source.is_text()) return unimplemented("constant texts become numbers");
    std::vector<std::string> spelled;
    for (const double x : source.constant->numbers) {
      if (is_whole(source.type) && std::isnan(x)) {
        return unimplemented("the result depends on how many rows there are");
      }
      spelled.push_back(spell(x, source.type));
    }
    return texts(source.dims, std::move(spelled));
  }
  ExpressionBuilder terms;
  std::vector<TermId> outputs;
  const ValueKind kind = source.is_text() ? ValueKind::kString : ValueKind::kDense;
  outputs.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    outputs.push_back(TRY(convert(terms, terms.column(source.id, i, kind), source.type, type)));
  }
  const ValueId id = TRY(terms.add_to(graph_, outputs, path_));
  if (type == DType::kString) return wrap(id, type, source.dims);
  return unary(type == DType::kBool ? UnaryFunction::kToBool : UnaryFunction::kIdentity, {}, type,
               TRY(wrap(id, DType::kFloat64, source.dims)));
}

Result<Value> Lowering::join(const Value& a, const Value& b) {
  if (!a.is_text() || !b.is_text()) return invalid_argument("expected texts");
  const Dims dims = TRY(broadcast_dims(a.dims, b.dims));
  const Value left = TRY(plain(TRY(expand(a, dims))));
  const Value right = TRY(plain(TRY(expand(b, dims))));
  const uint32_t count = TRY(element_count(dims));
  TRY_STATUS(charge_bytes(uint64_t{count} * ExpressionOp::kTextBytes));
  if (left.constant != nullptr && right.constant != nullptr) {
    std::vector<std::string> joined;
    for (uint32_t i = 0; i < count; ++i) {
      joined.push_back(left.constant->texts[i] + right.constant->texts[i]);
      TRY_STATUS(charge_bytes(joined.back().size()));
    }
    return texts(dims, std::move(joined));
  }
  ExpressionBuilder terms;
  const auto term = [&](const Value& value, uint32_t i) {
    return value.constant != nullptr ? terms.text(value.constant->texts[i])
                                     : terms.column(value.id, i, ValueKind::kString);
  };
  std::vector<TermId> outputs;
  outputs.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    outputs.push_back(TRY(terms.apply(Code::kConcat, {term(left, i), term(right, i)})));
  }
  const ValueId id = TRY(terms.add_to(graph_, outputs, path_));
  return wrap(id, DType::kString, dims);
}

Result<Value> Lowering::matches(const Value& texts, std::string_view pattern) {
  const Value source = TRY(plain(texts));
  if (!source.is_text()) return invalid_argument("expected texts");
  const uint32_t count = TRY(element_count(source.dims));
  TRY_STATUS(charge(count));
  ExpressionBuilder terms;
  std::vector<TermId> outputs;
  if (source.constant != nullptr) {
    const TextPattern compiled = TRY(TextPattern::compile(pattern));
    TextPattern::Matcher matcher;
    std::vector<double> found;
    found.reserve(count);
    for (const std::string& text : source.constant->texts) {
      found.push_back(matcher.find(compiled, text, 0) ? 1 : 0);
    }
    return constant(DType::kBool, source.dims, std::move(found));
  }
  outputs.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    // A missing text is the empty one.
    const TermId text = TRY(terms.apply(
        Code::kCoalesceText, {terms.column(source.id, i, ValueKind::kString), terms.text("")}));
    outputs.push_back(TRY(terms.matches(text, pattern)));
  }
  const ValueId id = TRY(terms.add_to(graph_, outputs, path_));
  return wrap(id, DType::kBool, source.dims);
}

}  // namespace slipway::onnx
