// TextIndex: how often a term is in a text.
//
// A file asks for each term by itself, most often by a function of its own that is used once for
// each. The terms that one such function is used for are looked for first, so that one operation
// takes a text apart once and counts them all.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "formats/pmml/internal/fields.h"
#include "formats/pmml/internal/formula.h"
#include "graph/ops/term_counts.h"

namespace slipway::pmml {
namespace {

using TermLists = std::map<std::string, std::vector<std::string>, std::less<>>;

/// What distinguishes uses of a function that count in the same text: its name and its fields.
std::string key_of_use(const Element& apply) {
  std::string key(apply.attribute_or("function", ""));
  for (Element argument = apply.first(); argument; argument = argument.next()) {
    key.push_back('\0');
    if (argument.is("FieldRef")) key.append(argument.attribute_or("field", ""));
  }
  return key;
}

/// The constants of all uses of the file's own functions.
TermLists collect_terms(const Context& context) {
  TermLists lists;
  std::set<std::pair<std::string, std::string>, std::less<>> seen;
  std::vector<Element> open{context.root};
  while (!open.empty()) {
    const Element element = open.back();
    open.pop_back();
    const bool is_use =
        element.is("Apply") && context.functions.contains(element.attribute_or("function", ""));
    const std::string key = is_use ? key_of_use(element) : std::string();
    for (Element inside = element.first(); inside; inside = inside.next()) {
      open.push_back(inside);
      if (!is_use || !inside.is("Constant")) continue;
      std::string term(inside.text());
      if (seen.emplace(key, term).second) lists[key].push_back(std::move(term));
    }
  }
  return lists;
}

Result<bool> truth_of(const Element& element, const char* name, bool otherwise) {
  const std::string_view text = element.attribute_or(name, otherwise ? "true" : "false");
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return element.invalid(fmt::format("{} must be true or false", name));
}

std::optional<std::string_view> word_pattern(const Element& element) {
  if (const auto found = element.attribute("x-wordRE")) return found;
  return element.attribute("wordRE");
}

/// A replacement in Java's syntax: `$1` and `\$`.
Result<std::vector<TermTokenizer::Piece>> pieces_of(const Element& row, std::string_view text,
                                                    uint32_t groups) {
  constexpr uint32_t kGroupsMax = 9;
  std::vector<TermTokenizer::Piece> pieces;
  std::string literal;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      literal.push_back(text[++i]);
      continue;
    }
    if (text[i] != '$') {
      literal.push_back(text[i]);
      continue;
    }
    const bool digit = i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9';
    if (!digit) return row.unsupported("groups by name in a replacement");
    const auto group = static_cast<uint32_t>(text[++i] - '0');
    if (group > groups) return row.invalid(fmt::format("the pattern has no group {}", group));
    if (groups > kGroupsMax) return row.unsupported("a pattern of so many groups");
    pieces.push_back({std::move(literal), -1});
    pieces.push_back({"", static_cast<int>(group)});
    literal.clear();
  }
  pieces.push_back({std::move(literal), -1});
  return pieces;
}

Result<TermTokenizer::Table> read_normalization(const Element& element, bool case_sensitive) {
  TermTokenizer::Table table;
  table.until_stable = TRY(truth_of(element, "recursive", false));
  case_sensitive = TRY(truth_of(element, "isCaseSensitive", case_sensitive));
  if (TRY(element.number_or("maxLevenshteinDistance", 0)) != 0) {
    return element.unsupported("replacements of what is only similar");
  }
  const Element rows = element.child("InlineTable");
  if (!rows) return element.unsupported("a table outside the file");
  const std::string_view in = element.attribute_or("inField", "string");
  const std::string_view out = element.attribute_or("outField", "stem");
  const std::string_view regex = element.attribute_or("regexField", "regex");
  for (const Element& row : rows.children("row")) {
    const Element from = row.child(in);
    const Element to = row.child(out);
    if (!from || !to) return row.invalid("a cell is missing");
    const Element is_regex = row.child(regex);
    std::string pattern(from.text());
    if (is_regex && (is_regex.text() == "true" || is_regex.text() == "TRUE")) {
      pattern = TRY(from_java_pattern(row, pattern));
    } else {
      if (pattern.find("\\E") != std::string::npos) return row.unsupported("\"\\E\" in a text");
      pattern.insert(0, "\\Q").append("\\E");
    }
    if (!case_sensitive) pattern.insert(0, "(?i)");
    TextPattern compiled = TRY(TextPattern::compile(pattern));
    const uint32_t groups = compiled.groups();
    auto by = TRY(pieces_of(row, to.text(), groups));
    table.replacements.push_back({std::move(compiled), std::move(by)});
  }
  return table;
}

struct TextIndex {
  std::shared_ptr<const TermTokenizer> tokenizer;
  TermCountsOp::Options options;
};

Result<TextIndex> read_text_index(const Element& element) {
  TextIndex made;
  const bool case_sensitive = TRY(truth_of(element, "isCaseSensitive", false));
  if (!TRY(truth_of(element, "tokenize", true))) {
    return element.unsupported("a text that is not taken apart (tokenize)");
  }
  TermTokenizer::Options options;
  options.ignore_case = !case_sensitive;
  for (const Element& normalization : element.children("TextIndexNormalization")) {
    options.tables.push_back(TRY(read_normalization(normalization, case_sensitive)));
  }
  const auto words = word_pattern(element);
  options.matches_are_words = words.has_value();
  const std::string pattern = TRY(from_java_pattern(
      element, words.value_or(element.attribute_or("wordSeparatorCharacterRE", "\\s+"))));
  TextPattern compiled = TRY(TextPattern::compile(pattern));
  made.tokenizer = std::make_shared<const TermTokenizer>(std::move(compiled), std::move(options));
  if (element.attribute("maxLevenshteinDistance")) {
    made.options.distance =
        TRY(element.count("maxLevenshteinDistance", 0, TermCountsOp::kDistanceMax));
  }
  const std::string_view hits = element.attribute_or("countHits", "allHits");
  made.options.best_only = hits == "bestHits";
  if (!made.options.best_only && hits != "allHits") {
    return element.invalid("countHits must be allHits or bestHits");
  }
  return made;
}

/// Adds the operation; each term's column is noted under `prefix` and the term.
Status add_counts(Context& context, const Element& at, const std::string& prefix, const Typed& text,
                  const std::vector<std::string>& terms) {
  TextIndex index = TRY(read_text_index(at));
  std::map<std::string, uint32_t, std::less<>> columns;
  std::vector<std::string> counted;
  std::vector<std::pair<std::string, uint32_t>> places;
  TermTokenizer::Buffers buffers;
  for (const std::string& term : terms) {
    TRY_STATUS(index.tokenizer->tokenize_term(term, buffers));
    const auto [place, added] =
        columns.try_emplace(buffers.words, static_cast<uint32_t>(counted.size()));
    if (added) counted.push_back(buffers.words);
    places.emplace_back(term, place->second);
  }
  // What is an operation's own column, or that in lower case, is not copied before it.
  ExpressionBuilder& builder = context.terms;
  const auto lowered = builder.argument_of(Code::kLower, text.term);
  auto source = builder.place(lowered.value_or(text.term));
  if (!source) {
    const ValueId column = TRY(builder.add_to(context.graph, {{text.term}}, at.place()));
    source = {column, 0, ValueKind::kString};
  } else if (lowered) {
    index.tokenizer = std::make_shared<const TermTokenizer>(index.tokenizer->of_lower_case());
  }
  index.options.column = source->column;
  TRY_STATUS(context.charge(at, counted.size(), 1));
  const ValueId counts = TRY(context.graph.add(
      std::make_unique<TermCountsOp>(index.tokenizer, std::move(counted), index.options),
      {source->value}, at.place()));
  for (const auto& [term, column] : places) {
    context.term_counts.insert_or_assign(prefix + term,
                                         builder.column(counts, column, ValueKind::kDense));
  }
  return {};
}

}  // namespace

Result<Typed> count_term(Context& context, const Element& text_index, const Element& origin,
                         const Typed& text, std::string_view term) {
  const std::string prefix = fmt::format("{}:{}:", text_index.place(), text.term.index);
  const std::string key = prefix + std::string(term);
  if (!context.term_counts.contains(key)) {
    if (!context.term_lists) context.term_lists = collect_terms(context);
    std::vector<std::string> terms;
    if (origin) {
      const auto listed = context.term_lists->find(key_of_use(origin));
      if (listed != context.term_lists->end()) terms = std::move(listed->second);
      if (listed != context.term_lists->end()) context.term_lists->erase(listed);
    }
    if (std::ranges::find(terms, term) == terms.end()) terms.emplace_back(term);
    TRY_STATUS(add_counts(context, text_index, prefix, text, terms));
  }
  const TermId count = context.term_counts.at(key);
  const std::string_view weights = text_index.attribute_or("localTermWeights", "termFrequency");
  if (weights == "termFrequency") return Typed{count, DataType::kInteger};
  Formula f(context.terms);
  if (weights == "binary") {
    const TermId there = f.less(f.number(0), count);
    return Typed{TRY(f.take(there)), DataType::kInteger};
  }
  if (weights != "logarithmic") {
    return text_index.unsupported(fmt::format("localTermWeights {}", weights.substr(0, 64)));
  }
  const TermId logarithm = f.of(Code::kLog10, {f.plus(f.number(1), count)});
  return Typed{TRY(f.take(logarithm)), DataType::kDouble};
}

}  // namespace slipway::pmml
