// Free texts: TF-IDF of their words, as scikit-learn's TfidfVectorizer computes it: counts times
// ln((1 + n) / (1 + df)) + 1, each column's row divided by its Euclidean norm.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/machine.h"
#include "graph/ops/basic.h"
#include "graph/ops/expression_builder.h"
#include "graph/ops/scale.h"
#include "graph/ops/text.h"
#include "text/stop_words.h"
#include "training/preparation/internal/part.h"

namespace slipway::training {
namespace {

using Analyzer = std::shared_ptr<const text::TextAnalyzer>;

struct Vocabulary {
  std::string name;
  uint32_t place = 0;              // of the model's columns
  std::vector<std::string> terms;  // ascending by code point
  std::vector<double> weights;     // of each term: its inverse document frequency
};

class TermWeights final : public Part {
 public:
  TermWeights(Analyzer analyzer, std::vector<Vocabulary> columns)
      : analyzer_(std::move(analyzer)), columns_(std::move(columns)) {}

  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const Vocabulary& column : columns_) {
      for (const std::string& term : column.terms) {
        names.push_back(fmt::format("{}: {}", column.name, term));
      }
    }
    return names;
  }
  Result<ValueId> append(GraphBuilder& graph, const PartSource& from,
                         const std::string& path) const override;

 private:
  const Analyzer analyzer_;
  const std::vector<Vocabulary> columns_;
};

Result<ValueId> TermWeights::append(GraphBuilder& graph, const PartSource& from,
                                    const std::string& path) const {
  // A missing text has no words.
  ExpressionBuilder terms;
  std::vector<TermId> texts;
  texts.reserve(columns_.size());
  for (const Vocabulary& column : columns_) {
    const TermId text = terms.column(from.texts, column.place, ValueKind::kString);
    texts.push_back(TRY(terms.apply(Code::kCoalesceText, {text, terms.text("")})));
  }
  const ValueId filled = TRY(terms.add_to(graph, texts, path + ".texts"));
  std::vector<ValueId> values;
  std::vector<ColumnPick> picks;
  for (uint32_t i = 0; i < columns_.size(); ++i) {
    const Vocabulary& column = columns_[i];
    const auto width = static_cast<uint32_t>(column.terms.size());
    VectorizeTextOp::Options counted;
    counted.column = i;
    ValueId value =
        TRY(graph.add(std::make_unique<VectorizeTextOp>(analyzer_, column.terms, counted), {filled},
                      path + ".words"));
    value = TRY(graph.add(std::make_unique<ScaleOp>(ScaleOp::Form::kMultiplyAdd, width,
                                                    std::vector<double>(), column.weights),
                          {value}, path + ".idf"));
    constexpr double kNormMin = std::numeric_limits<double>::denorm_min();
    value = TRY(graph.add(std::make_unique<NormalizeOp>(NormalizeOp::Norm::kL2, kNormMin), {value},
                          path + ".norm"));
    for (uint32_t k = 0; k < width; ++k) picks.push_back({i, k});
    values.push_back(value);
  }
  if (values.size() == 1) return values[0];
  return graph.add(std::make_unique<SelectOp>(std::move(picks)), std::move(values), path);
}

/// How often terms are there, and in how many rows.
class Counts final : public text::FeatureSink {
 public:
  /// So many rows with the next text.
  void begin(uint64_t rows) {
    rows_ = rows;
    ++text_;
  }
  void add(std::string_view feature) override {
    Count& count = counts_[std::string(feature)];
    count.total += rows_;
    if (count.last_text == text_) return;
    count.last_text = text_;
    count.rows += rows_;
  }

  struct Term {
    std::string text;
    uint64_t total = 0;
    uint64_t rows = 0;
  };
  /// Those that are in enough rows, ascending; the table is used up.
  std::vector<Term> terms(uint64_t rows_min) && {
    std::vector<Term> terms;
    for (auto& [text, count] : counts_) {
      if (count.rows >= rows_min) terms.push_back({text, count.total, count.rows});
    }
    counts_.clear();
    std::ranges::sort(terms, {}, &Term::text);
    return terms;
  }

 private:
  struct Count {
    uint64_t total = 0;
    uint64_t rows = 0;
    uint64_t last_text = 0;
  };
  std::unordered_map<std::string, Count> counts_;
  uint64_t rows_ = 1;
  uint64_t text_ = 0;
};

/// Each different text is taken apart once.
Result<std::vector<Counts::Term>> counted(const PartColumn& wanted, const PartInput& input,
                                          const text::TextAnalyzer& analyzer) {
  const data::Column& column = *wanted.column;
  std::vector<uint64_t> rows(column.dictionary.size());
  for (const uint32_t row : input.all.rows) {
    if (column.codes[row] >= 0) ++rows[static_cast<size_t>(column.codes[row])];
  }
  Counts counts;
  text::TextBuffers buffers;
  for (size_t code = 0; code < rows.size(); ++code) {
    if (rows[code] == 0) continue;
    counts.begin(rows[code]);
    const std::string_view text = column.dictionary.text(static_cast<int32_t>(code));
    if (Status status = analyzer.analyze(text, buffers, counts); !status.ok()) {
      return std::move(status).with_context(fmt::format("column '{}'", column.name));
    }
  }
  return std::move(counts).terms(input.plan.term_rows_min);
}

/// The commonest terms; of equally common ones the first by code point.
void limit(std::vector<Counts::Term>& terms, size_t most) {
  if (terms.size() <= most) return;
  std::ranges::stable_sort(terms, std::ranges::greater(), &Counts::Term::total);
  terms.resize(most);
  std::ranges::sort(terms, {}, &Counts::Term::text);
}

Result<Vocabulary> fitted(const PartColumn& wanted, const PartInput& input,
                          const text::TextAnalyzer& analyzer) {
  std::vector<Counts::Term> terms = TRY(counted(wanted, input, analyzer));
  limit(terms, input.plan.terms_max);
  Vocabulary made;
  made.name = wanted.column->name;
  made.place = wanted.place;
  if (terms.empty()) {
    return invalid_argument(fmt::format(
        "column '{}' holds no word of two letters or more that is in {} rows; leave it out, or say "
        "another type for it (--type '{}=category')",
        made.name, input.plan.term_rows_min, made.name));
  }
  const auto rows = static_cast<double>(input.all.rows.size());
  made.terms.reserve(terms.size());
  made.weights.reserve(terms.size());
  for (Counts::Term& term : terms) {
    made.terms.push_back(std::move(term.text));
    made.weights.push_back(std::log((1 + rows) / (1 + static_cast<double>(term.rows))) + 1);
  }
  return made;
}

/// Learners take dense matrices.
Status check_room(const std::vector<Vocabulary>& columns, size_t rows) {
  uint64_t width = 0;
  for (const Vocabulary& column : columns) width += column.terms.size();
  const uint64_t bytes = width * rows * sizeof(double);
  const uint64_t room = detect_machine().memory_bytes_max;
  if (room == 0 || bytes <= room / 2) return {};
  constexpr uint64_t kMebi = uint64_t{1} << 20;
  return resource_exhausted(fmt::format(
      "{} rows of {} features of words take {} MiB, over half of the {} MiB of memory that there "
      "are; lower --max-terms (now {}), or raise --min-term-rows",
      rows, width, bytes / kMebi, room / kMebi, columns[0].terms.size()));
}

}  // namespace

Result<FittedPart> fit_texts(const PartInput& input) {
  text::AnalyzerOptions options;
  options.shortest = input.plan.words_min;
  options.longest = input.plan.words_max;
  if (input.plan.english_stop_words) options.stop_words = text::english_stop_words();
  auto analyzer = std::make_shared<const text::TextAnalyzer>(
      TRY(text::TextAnalyzer::create(std::move(options))));
  std::vector<Vocabulary> columns;
  columns.reserve(input.columns.size());
  for (const PartColumn& column : input.columns) {
    columns.push_back(TRY(fitted(column, input, *analyzer)));
  }
  TRY_STATUS(check_room(columns, input.all.rows.size()));
  return FittedPart{std::make_shared<TermWeights>(std::move(analyzer), std::move(columns)), {}};
}

}  // namespace slipway::training
