// Texts to columns: CountVectorizer, TfidfVectorizer, HashingVectorizer, and TfidfTransformer.
#include "graph/ops/text.h"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/vocabulary.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/scale.h"
#include "text/stop_words.h"

namespace slipway::sklearn {
namespace {

using text::AnalyzerOptions;

constexpr uint32_t kSparseFrom = 65;  // narrower output is dense even if it was sparse

bool is_code(pickle::Value value) {
  return value.kind() == pickle::Kind::kGlobal || value.kind() == pickle::Kind::kObject;
}

Status check_no_code(pickle::Value self) {
  for (const std::string_view name : {"analyzer", "tokenizer", "preprocessor", "strip_accents"}) {
    const auto value = self.find_attr(name);
    if (value.has_value() && !value->is_string() && is_code(*value)) {
      return unimplemented(
          fmt::format("{}.{} is a function of yours: its code is not in the file, and would not be "
                      "run",
                      self.name(), name));
    }
  }
  return {};
}

Result<AnalyzerOptions::Unit> read_unit(pickle::Value self) {
  const std::string unit = string_attr_or(self, "analyzer", "word");
  if (unit == "word") return AnalyzerOptions::Unit::kWord;
  if (unit == "char") return AnalyzerOptions::Unit::kCharacter;
  if (unit == "char_wb") return AnalyzerOptions::Unit::kCharacterInWords;
  return invalid_argument(
      fmt::format("{}.analyzer: expected word, char or char_wb, got '{}'", self.name(), unit));
}

Result<AnalyzerOptions::Accents> read_accents(pickle::Value self) {
  const std::string accents = string_attr_or(self, "strip_accents", "");
  if (accents.empty()) return AnalyzerOptions::Accents::kStay;
  if (accents == "ascii") return AnalyzerOptions::Accents::kAscii;
  if (accents == "unicode") return AnalyzerOptions::Accents::kUnicode;
  return invalid_argument(
      fmt::format("{}.strip_accents: expected ascii or unicode, got '{}'", self.name(), accents));
}

Result<std::vector<std::string>> read_stop_words(Lowering& lowering, pickle::Value self) {
  const auto attr = self.find_attr("stop_words");
  if (!attr.has_value() || attr->is_none()) return std::vector<std::string>{};
  if (const auto name = attr->as_string(); name.ok()) {
    if (*name == "english") return text::english_stop_words();
    return invalid_argument(
        fmt::format("{}.stop_words: expected english, got '{}'", self.name(), *name));
  }
  if (attr->kind() == pickle::Kind::kObject && !pickle::is_array(*attr)) {
    return unimplemented(fmt::format("{}.stop_words: expected a list of words, got a {}",
                                     self.name(), attr->type_name()));
  }
  if (attr->kind() == pickle::Kind::kSet || attr->kind() == pickle::Kind::kList ||
      attr->kind() == pickle::Kind::kTuple) {
    std::vector<std::string> words;
    TRY_STATUS(lowering.spend(attr->size()));
    for (size_t i = 0; i < attr->size(); ++i) {
      words.emplace_back(TRY(attr->at(i).as_string()));
      TRY_STATUS(lowering.spend(1, words.back().size()));
    }
    return words;
  }
  return std::move(TRY(pickle::to_strings(*attr)).values);
}

Result<std::shared_ptr<const text::TextAnalyzer>> read_analyzer(Lowering& lowering,
                                                                pickle::Value self) {
  TRY_STATUS(check_no_code(self));
  if (const std::string input = string_attr_or(self, "input", "content"); input != "content") {
    return unimplemented(
        fmt::format("{}.input '{}': the texts would come from files", self.name(), input));
  }
  AnalyzerOptions options;
  options.unit = TRY(read_unit(self));
  options.accents = TRY(read_accents(self));
  options.lowercase = TRY(bool_attr_or(self, "lowercase", true));
  if (options.unit == AnalyzerOptions::Unit::kWord) {
    options.stop_words = TRY(read_stop_words(lowering, self));
    options.token_pattern = string_attr_or(self, "token_pattern", AnalyzerOptions::kDefaultPattern);
  }
  if (const auto range = self.find_attr("ngram_range"); range.has_value()) {
    if (range->size() != 2) {
      return invalid_argument(fmt::format("{}.ngram_range: expected two numbers", self.name()));
    }
    const int64_t shortest = TRY(range->at(0).as_int());
    const int64_t longest = TRY(range->at(1).as_int());
    if (shortest < 1 || shortest > longest || longest > text::TextAnalyzer::kGramMax) {
      return unimplemented(fmt::format("{}.ngram_range: expected 1 to {}, got {} to {}",
                                       self.name(), text::TextAnalyzer::kGramMax, shortest,
                                       longest));
    }
    options.shortest = static_cast<uint32_t>(shortest);
    options.longest = static_cast<uint32_t>(longest);
  }
  Result<text::TextAnalyzer> made = text::TextAnalyzer::create(std::move(options));
  if (!made.ok()) {
    return std::move(made).status().with_context(fmt::format("{}.token_pattern", self.name()));
  }
  return std::make_shared<const text::TextAnalyzer>(std::move(made).value());
}

/// The one column of texts that a vectorizer takes.
Result<ValueId> text_column(Lowering& lowering, pickle::Value self, const Features& input) {
  if (input.size() != 1) {
    return invalid_argument(
        fmt::format("{} takes one column of texts, {} reach it", self.name(), input.size()));
  }
  return lowering.strings(input);
}

/// Counts by the vocabulary; its entries are the columns' names.
Result<Features> lower_counts(Lowering& lowering, pickle::Value self, const Features& input) {
  VectorizeTextOp::Options options;
  options.binary = TRY(bool_attr_or(self, "binary", false));
  auto analyzer = TRY(read_analyzer(lowering, self));
  const auto fitted = self.find_attr("vocabulary_");
  const bool is_fitted = fitted.has_value() && !fitted->is_none();
  std::vector<std::string> entries =
      TRY(read_vocabulary(lowering, self, is_fitted ? "vocabulary_" : "vocabulary"));
  options.sparse = entries.size() >= kSparseFrom;
  const ValueId x = TRY(text_column(lowering, self, input));
  std::vector<std::string> names = entries;
  const auto width = static_cast<uint32_t>(names.size());
  const ValueId y = TRY(lowering.add(
      std::make_unique<VectorizeTextOp>(std::move(analyzer), std::move(entries), options), {x}));
  return all_columns(y, width, std::move(names));
}

/// Rows of `x` divided by their norm. In a sparse matrix only rows of zeros stay as they are.
Result<ValueId> normalized(Lowering& lowering, pickle::Value self, ValueId x) {
  const std::string name = string_attr_or(self, "norm", "");
  if (name.empty()) return x;
  if (name != "l1" && name != "l2" && name != "max") {
    return invalid_argument(
        fmt::format("{}.norm: expected l1, l2 or max, got '{}'", self.name(), name));
  }
  const NormalizeOp::Norm norm = name == "l1"   ? NormalizeOp::Norm::kL1
                                 : name == "l2" ? NormalizeOp::Norm::kL2
                                                : NormalizeOp::Norm::kMax;
  return lowering.add(
      std::make_unique<NormalizeOp>(norm, std::numeric_limits<double>::denorm_min()), {x});
}

/// idf_, which was the diagonal of a sparse matrix before 1.5.
Result<std::vector<double>> read_idf(pickle::Value transformer, uint32_t width) {
  std::vector<double> idf;
  const auto diagonal = transformer.find_attr("_idf_diag");
  if (diagonal.has_value() && !diagonal->is_none()) {
    const pickle::Csr csr = TRY(pickle::to_csr(*diagonal));
    idf.assign(width, 0.0);
    for (size_t row = 0; row < csr.rows && csr.rows == width; ++row) {
      for (auto k = static_cast<size_t>(csr.row_starts[row]);
           k < static_cast<size_t>(csr.row_starts[row + 1]); ++k) {
        if (csr.column_indices[k] == static_cast<int64_t>(row)) idf[row] += csr.values[k];
      }
    }
    if (csr.rows == width) return idf;
  } else {
    idf = TRY(f64_attr(transformer, "idf_")).values;
    if (idf.size() == width) return idf;
  }
  return invalid_argument(fmt::format("TfidfTransformer.idf_: expected {} numbers", width));
}

/// What a TfidfTransformer does to counts.
Result<Features> weigh(Lowering& lowering, pickle::Value transformer, ValueId x,
                       std::vector<std::string> names) {
  const uint32_t width = lowering.type(x).width;
  ValueId y = x;
  if (TRY(bool_attr_or(transformer, "sublinear_tf", false))) {
    y = TRY(
        lowering.add(std::make_unique<ElementwiseOp>(ElementwiseOp::Function::kLogPlusOne), {y}));
  }
  if (TRY(bool_attr_or(transformer, "use_idf", true))) {
    y = TRY(lowering.add(
        std::make_unique<ScaleOp>(ScaleOp::Form::kMultiplyAdd, width, std::vector<double>{},
                                  TRY(read_idf(transformer, width))),
        {y}));
  }
  y = TRY(normalized(lowering, transformer, y));
  return all_columns(y, width, std::move(names));
}

Step transformed(Features features) {
  Step step;
  step.transform = std::move(features);
  return step;
}

Result<Step> lower_count_vectorizer(Lowering& lowering, pickle::Value self, const Features& input) {
  return transformed(TRY(lower_counts(lowering, self, input)));
}

Result<Step> lower_tfidf_vectorizer(Lowering& lowering, pickle::Value self, const Features& input) {
  const pickle::Value transformer = TRY(self.attr("_tfidf"));
  if (transformer.kind() != pickle::Kind::kObject || !transformer.state().has_value()) {
    return invalid_argument("TfidfVectorizer._tfidf: expected a fitted TfidfTransformer");
  }
  Features counts = TRY(lower_counts(lowering, self, input));
  const ValueId x = TRY(lowering.dense_or_sparse(counts));
  return transformed(TRY(weigh(lowering, transformer, x, std::move(counts.names))));
}

Result<Step> lower_tfidf_transformer(Lowering& lowering, pickle::Value self,
                                     const Features& input) {
  const ValueId x = TRY(lowering.finite_or_sparse(self, input));
  return transformed(TRY(weigh(lowering, self, x, input.names)));
}

Result<Step> lower_hashing_vectorizer(Lowering& lowering, pickle::Value self,
                                      const Features& input) {
  const int64_t width = TRY(int_attr_or(self, "n_features", 1 << 20));
  if (width < 1 || width > int64_t{kWidthMax}) {
    return unimplemented(
        fmt::format("HashingVectorizer.n_features: expected 1 to {}, got {}", kWidthMax, width));
  }
  VectorizeTextOp::Options options;
  options.hashed_columns = static_cast<uint32_t>(width);
  options.sparse = options.hashed_columns >= kSparseFrom;
  options.binary = TRY(bool_attr_or(self, "binary", false));
  options.alternate_sign = TRY(bool_attr_or(self, "alternate_sign", true));
  auto analyzer = TRY(read_analyzer(lowering, self));
  const ValueId x = TRY(text_column(lowering, self, input));
  TRY_STATUS(lowering.spend(options.hashed_columns));
  ValueId y = TRY(lowering.add(
      std::make_unique<VectorizeTextOp>(std::move(analyzer), std::vector<std::string>{}, options),
      {x}));
  y = TRY(normalized(lowering, self, y));
  return transformed(all_columns(y, options.hashed_columns));
}

}  // namespace

std::span<const EstimatorEntry> text_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"CountVectorizer", lower_count_vectorizer},
      EstimatorEntry{"TfidfVectorizer", lower_tfidf_vectorizer},
      EstimatorEntry{"TfidfTransformer", lower_tfidf_transformer},
      EstimatorEntry{"HashingVectorizer", lower_hashing_vectorizer},
  };
  return kTable;
}

}  // namespace slipway::sklearn
