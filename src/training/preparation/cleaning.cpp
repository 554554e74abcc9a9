#include "training/preparation/internal/cleaning.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "data/schema.h"
#include "graph/ops/expression_builder.h"
#include "training/preparation/internal/run_matrix.h"

namespace slipway::training {
namespace {

using data::CleaningRule;
using Kind = CleaningRule::Kind;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// A unit's name as a pattern of Perl's.
std::string quoted(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = byte >= 0x80 || std::isalnum(byte) != 0;
    if (!is_plain) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

Result<TermId> mapped(ExpressionBuilder& terms, TermId text, const CleaningRule& rule) {
  std::vector<std::string> keys;
  std::vector<std::string> values;
  std::vector<std::string> dropped;
  for (const auto& [key, value] : rule.map) {
    if (value) {
      keys.push_back(key);
      values.push_back(*value);
    } else {
      dropped.push_back(key);
    }
  }
  TermId result = text;
  const auto replaced = [&](std::vector<std::string> list, auto by) -> Status {
    const TermId place = TRY(terms.find(text, std::move(list)));
    const TermId is_there = TRY(terms.apply(Code::kLessOrEqual, {terms.number(0), place}));
    const TermId value = TRY(by(place));
    result = TRY(terms.apply(Code::kChooseText, {is_there, value, result}));
    return {};
  };
  if (!keys.empty()) {
    TRY_STATUS(replaced(std::move(keys), [&](TermId place) { return terms.pick(place, values); }));
  }
  if (!dropped.empty()) {
    TRY_STATUS(
        replaced(std::move(dropped), [&](TermId) { return Result<TermId>(terms.missing_text()); }));
  }
  return result;
}

Result<TermId> with_unit(ExpressionBuilder& terms, TermId text, const CleaningRule& rule) {
  TermId number = TRY(terms.apply(Code::kParseNumber, {text}));
  for (const auto& [unit, factor] : rule.units) {
    const std::string name = quoted(unit);
    const std::string whole =
        fmt::format(R"(^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\s*{}$)", name);
    const TermId has_unit = TRY(terms.matches(text, whole));
    const TermId bare = TRY(terms.replace(text, fmt::format(R"(\s*{}$)", name), terms.text("")));
    const TermId value = TRY(terms.apply(Code::kParseNumber, {bare}));
    const TermId scaled = TRY(terms.apply(Code::kMultiply, {value, terms.number(factor)}));
    const TermId found =
        TRY(terms.apply(Code::kChoose, {has_unit, scaled, terms.missing_number()}));
    number = TRY(terms.apply(Code::kCoalesce, {number, found}));
  }
  return number;
}

/// NaN where the text is missing; a text that is no number is refused.
Result<TermId> as_number(ExpressionBuilder& terms, TermId text, const CleaningRule& rule,
                         const std::string& column) {
  const TermId trimmed = TRY(terms.apply(Code::kTrim, {text}));
  const TermId number = rule.kind == Kind::kUnit ? TRY(with_unit(terms, trimmed, rule))
                                                 : TRY(terms.apply(Code::kParseNumber, {trimmed}));
  const TermId place = TRY(terms.find(trimmed, data::usual_missing_markers()));
  const TermId is_marker = TRY(terms.apply(Code::kLessOrEqual, {terms.number(0), place}));
  const TermId is_none = TRY(terms.apply(Code::kIsTextMissing, {text}));
  const TermId is_blank = TRY(terms.apply(Code::kOr, {is_none, is_marker}));
  const TermId is_unknown = TRY(terms.apply(Code::kIsMissing, {number}));
  const TermId is_known = TRY(terms.apply(Code::kNot, {is_unknown}));
  const TermId is_fine = TRY(terms.apply(Code::kOr, {is_known, is_blank}));
  std::string wanted = "a number";
  if (rule.kind == Kind::kUnit) {
    wanted += " with one of the units";
    for (const auto& unit : rule.units) wanted.append(" ").append(unit.first);
  }
  return terms.apply_with_text(
      Code::kRequire, {number, is_fine},
      fmt::format("column '{}', the rule at {}: expected {}", column, rule.place, wanted));
}

Result<TermId> cleaned(ExpressionBuilder& terms, TermId text, const std::string& column,
                       std::span<const CleaningRule> rules) {
  for (const CleaningRule& rule : rules) {
    switch (rule.kind) {
      case Kind::kTrim: text = TRY(terms.apply(Code::kTrim, {text})); break;
      case Kind::kLower: text = TRY(terms.apply(Code::kLower, {text})); break;
      case Kind::kUpper: text = TRY(terms.apply(Code::kUpper, {text})); break;
      case Kind::kReplace:
        text = TRY(terms.replace(text, rule.pattern, terms.text(rule.by)));
        break;
      case Kind::kMap: text = TRY(mapped(terms, text, rule)); break;
      case Kind::kNumber:
      case Kind::kUnit: text = TRY(as_number(terms, text, rule, column)); break;
    }
  }
  return text;
}

/// What the rules make of each text.
struct CleanTexts {
  std::vector<double> numbers;
  std::vector<std::string> texts;
  std::vector<bool> is_missing;
};

Result<CleanTexts> clean_texts(const data::Column& column, std::span<const CleaningRule> rules) {
  const bool gives_number = rules.back().gives_number();
  GraphBuilder builder(1);
  ExpressionBuilder terms;
  const TermId text = terms.column(kStringsInput, 0, ValueKind::kString);
  const std::array outputs = {TRY(cleaned(terms, text, column.name, rules))};
  const ValueId value = TRY(terms.add_to(builder, outputs, "clean"));
  Signature signature;
  signature.columns.resize(1);
  signature.columns[0].name = column.name;
  signature.columns[0].type = ColumnType::kText;
  signature.matrices.strings = true;
  const auto model = TRY(compile_value(std::move(builder), std::move(signature), value));
  const auto scratch = model->make_scratch();
  std::vector<OutputBuffer> results;
  InputBuffer input;
  CleanTexts made;
  for (size_t code = 0; code < column.dictionary.size(); ++code) {
    const std::string_view before = column.dictionary.text(static_cast<int32_t>(code));
    input.reset(1, 1, model->signature().matrices);
    input.string_row(0)[0] = StringCell::text(before);
    if (Status status = model->run(input.batch(), 1, *scratch, results); !status.ok()) {
      return invalid_argument(fmt::format("{}, got '{}'", status.message(), before.substr(0, 100)));
    }
    if (gives_number) {
      made.numbers.push_back(results[0].numbers[0]);
    } else {
      const StringCell& cell = results[0].strings[0];
      made.is_missing.push_back(!cell.is_text() || cell.view().empty());
      made.texts.emplace_back(cell.is_text() ? cell.view() : std::string_view());
    }
  }
  return made;
}

}  // namespace

Result<data::Column> clean_column(const data::Column& column, std::span<const CleaningRule> rules) {
  if (!column.is_text()) {
    return invalid_argument(fmt::format("column '{}' has cleaning rules and holds no texts but {}s",
                                        column.name, data::column_kind_name(column.kind)));
  }
  const CleanTexts clean = TRY(clean_texts(column, rules));
  data::Column made;
  made.name = column.name;
  made.unit = rules.back().to;
  if (rules.back().gives_number()) {
    made.numbers.reserve(column.codes.size());
    for (const int32_t code : column.codes) {
      made.numbers.push_back(code < 0 ? kNan : clean.numbers[static_cast<size_t>(code)]);
    }
    return made;
  }
  std::vector<int32_t> codes;
  for (size_t i = 0; i < clean.texts.size(); ++i) {
    codes.push_back(clean.is_missing[i] ? -1 : made.dictionary.add(clean.texts[i]));
  }
  made.codes.reserve(column.codes.size());
  for (const int32_t code : column.codes) {
    made.codes.push_back(code < 0 ? -1 : codes[static_cast<size_t>(code)]);
    if (made.codes.back() < 0) ++made.missing_count;
  }
  // As docs/data.md has it: few, or each twice on average.
  constexpr size_t kFew = 20;
  const size_t distinct = made.dictionary.size();
  const bool repeats = distinct <= kFew || 2 * distinct <= made.codes.size() - made.missing_count;
  made.kind = repeats ? data::ColumnKind::kCategory : data::ColumnKind::kText;
  return made;
}

Result<PartSource> append_cleaning(GraphBuilder& graph, std::span<const InputColumn> columns,
                                   const data::CleaningRules& rules, const std::string& path) {
  ExpressionBuilder terms;
  std::vector<TermId> numbers;
  std::vector<TermId> texts;
  bool has_numbers = false;
  bool has_texts = false;
  for (uint32_t i = 0; i < columns.size(); ++i) {
    const auto found = rules.find(columns[i].name);
    const bool is_ruled = found != rules.end();
    TermId number = columns[i].is_text() ? terms.missing_number()
                                         : terms.column(kNumbersInput, i, ValueKind::kDense);
    TermId text = columns[i].is_text() ? terms.column(kStringsInput, i, ValueKind::kString)
                                       : terms.missing_text();
    if (is_ruled && found->second.back().gives_number()) {
      number = TRY(cleaned(terms, text, columns[i].name, found->second));
      has_numbers = true;
    } else if (is_ruled) {
      text = TRY(cleaned(terms, text, columns[i].name, found->second));
      has_texts = true;
    }
    numbers.push_back(number);
    texts.push_back(text);
  }
  PartSource source;
  if (has_numbers) source.numbers = TRY(terms.add_to(graph, numbers, path + ".clean"));
  if (has_texts) source.texts = TRY(terms.add_to(graph, texts, path + ".clean"));
  return source;
}

}  // namespace slipway::training
