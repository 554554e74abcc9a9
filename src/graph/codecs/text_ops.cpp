// Texts, and formulas over numbers and texts. Some of their parts are compiled when they are
// loaded, which can fail, so that these have functions of their own.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "graph/codecs/tables.h"
#include "graph/ops/expression.h"
#include "graph/ops/text.h"

namespace slipway {
namespace {

void analysis(OpFields& f, text::AnalyzerOptions& options) {
  f("unit", options.unit, {"word", "character", "character_in_words"});
  f("lowercase", options.lowercase);
  f("accents", options.accents, {"stay", "ascii", "unicode"});
  f("token_pattern", options.token_pattern);
  f("stop_words", options.stop_words);
  f("shortest", options.shortest);
  f("longest", options.longest);
}

void vectorize_text(OpFields& f, text::AnalyzerOptions& analyzer,
                    std::vector<std::string>& vocabulary, VectorizeTextOp::Options& options) {
  analysis(f, analyzer);
  f("vocabulary", vocabulary);
  f("column", options.column);
  f("binary", options.binary);
  f("hashed_columns", options.hashed_columns);
  f("alternate_sign", options.alternate_sign);
}

void save_vectorize_text(const Op& source, OpFields& f) {
  const auto& op = static_cast<const VectorizeTextOp&>(source);
  text::AnalyzerOptions analyzer = op.analyzer->options();
  std::vector<std::string> vocabulary = op.vocabulary;
  VectorizeTextOp::Options options = op.options;
  vectorize_text(f, analyzer, vocabulary, options);
}

/// A file's tensors are dense.
std::unique_ptr<const Op> load_vectorize_text(OpFields& f) {
  text::AnalyzerOptions options;
  std::vector<std::string> vocabulary;
  VectorizeTextOp::Options counting;
  vectorize_text(f, options, vocabulary, counting);
  if (!f.ok()) return nullptr;
  Result<text::TextAnalyzer> analyzer = text::TextAnalyzer::create(std::move(options));
  if (!analyzer.ok()) {
    f.fail(std::move(analyzer).status());
    return nullptr;
  }
  return std::make_unique<VectorizeTextOp>(
      std::make_shared<const text::TextAnalyzer>(std::move(analyzer).value()),
      std::move(vocabulary), counting);
}

constexpr Code kLastCode = Code::kParseTimeForm;

std::optional<Code> find_code(std::string_view name) {
  for (uint32_t i = 0; i <= static_cast<uint32_t>(kLastCode); ++i) {
    if (code_name(static_cast<Code>(i)) == name) return static_cast<Code>(i);
  }
  return std::nullopt;
}

/// Instructions by name. A file's indices are numbers, so they are loaded as such.
void instructions(OpFields& f, std::vector<Instruction>& code) {
  std::vector<std::string> names;
  for (const Instruction& in : code) {
    const bool is_index = in.code == Code::kLoadIndex;
    names.emplace_back(code_name(is_index ? Code::kLoad : in.code));
  }
  f("code", names);
  f.each("a", code, &Instruction::a);
  f.each("b", code, &Instruction::b);
  if (f.is_saving() || !f.ok()) return;
  if (names.size() != code.size()) {
    f.fail(invalid_argument("the attribute code has another length than a and b"));
    return;
  }
  for (size_t i = 0; i < names.size(); ++i) {
    const auto found = find_code(names[i]);
    if (!found) {
      f.fail(invalid_argument(fmt::format("there is no instruction '{}'", names[i])));
      return;
    }
    code[i].code = *found;
  }
}

void expression(OpFields& f, ExpressionProgram& p, std::vector<std::string>& patterns) {
  f("gives_text", p.gives_text);
  f("outputs", p.outputs);
  instructions(f, p.code);
  f("numbers", p.numbers);
  f("texts", p.texts);
  f("number_lists", p.number_lists);
  f("text_lists", p.text_lists);
  std::vector<uint32_t> sizes;
  std::vector<Interval> all;
  for (const std::vector<Interval>& list : p.intervals) {
    all.insert(all.end(), list.begin(), list.end());
    sizes.push_back(static_cast<uint32_t>(list.size()));
  }
  f.each("intervals_low", all, &Interval::low);
  f.each("intervals_high", all, &Interval::high);
  f.each("intervals_low_open", all, &Interval::low_open);
  f.each("intervals_high_open", all, &Interval::high_open);
  f("intervals_sizes", sizes);
  f.each("lines_x", p.lines, &PiecewiseLine::x);
  f.each("lines_y", p.lines, &PiecewiseLine::y);
  f.each("lines_beyond", p.lines, &PiecewiseLine::beyond, {"extend", "missing", "clamp"});
  f("patterns", patterns);
  if (f.is_saving() || !f.ok()) return;
  auto rest = std::span<const Interval>(all);
  for (const uint32_t size : sizes) {
    const size_t taken = std::min<size_t>(size, rest.size());
    p.intervals.emplace_back(rest.begin(), rest.begin() + static_cast<ptrdiff_t>(taken));
    rest = rest.subspan(taken);
    if (taken < size) f.fail(invalid_argument("the intervals are fewer than intervals_sizes says"));
  }
  if (!rest.empty()) f.fail(invalid_argument("the intervals are more than intervals_sizes says"));
}

void save_expression(const Op& source, OpFields& f) {
  ExpressionProgram program = static_cast<const ExpressionOp&>(source).program;
  std::vector<std::string> patterns;
  patterns.reserve(program.patterns.size());
  for (const TextPattern& pattern : program.patterns) patterns.push_back(pattern.text());
  expression(f, program, patterns);
}

std::unique_ptr<const Op> load_expression(OpFields& f) {
  ExpressionProgram program;
  std::vector<std::string> patterns;
  expression(f, program, patterns);
  if (!f.ok()) return nullptr;
  program.patterns.reserve(patterns.size());
  for (const std::string& pattern : patterns) {
    Result<TextPattern> compiled = TextPattern::compile(pattern);
    if (!compiled.ok()) {
      f.fail(std::move(compiled).status());
      return nullptr;
    }
    program.patterns.push_back(std::move(compiled).value());
  }
  return std::make_unique<ExpressionOp>(std::move(program));
}

}  // namespace

std::span<const OpCodec> text_codecs() {
  static constexpr std::array kTable = {
      OpCodec{"vectorize_text", "VectorizeText", save_vectorize_text, load_vectorize_text},
      OpCodec{"expression", "Expression", save_expression, load_expression},
  };
  return kTable;
}

}  // namespace slipway
