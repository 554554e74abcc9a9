// Operators on texts. A text's words are a tensor with as many elements as the longest text of the
// batch has words: no row has such a shape by itself. So Tokenizer only notes how words are found,
// and TfIdfVectorizer, which counts them, takes note and text together.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "formats/onnx/internal/call.h"
#include "graph/ops/text.h"
#include "text/analyzer.h"

namespace slipway::onnx {
namespace {

using B = BinaryFunction;
using R = TensorReduceOp::Function;

Result<Values> string_concat(Call& call) {
  const Value a = TRY(call.input(0));
  const Value b = TRY(call.input(1));
  return one(call.lower.join(a, b));
}

/// RE2 in ONNX Runtime, PCRE2 here: common patterns mean the same to both.
Result<Values> regex_full_match(Call& call) {
  const Value x = TRY(call.input(0));
  return one(call.lower.matches(x, fmt::format("\\A(?:{})\\z", call.text("pattern", ""))));
}

Result<Values> string_normalizer(Call& call) {
  if (!call.texts("stopwords").empty()) {
    return unimplemented("its stop words make more or fewer texts of a row");
  }
  Value x = TRY(call.input(0));
  if (!x.is_text()) return invalid_argument("expected texts");
  const std::string_view change = call.text("case_change_action", "NONE");
  if (change == "NONE") return Values{std::move(x)};
  if (change != "LOWER" && change != "UPPER") {
    return invalid_argument(fmt::format("its case_change_action is unknown: {}", change));
  }
  if (x.constant != nullptr) return unimplemented("the case of constant texts changes");
  x.text_case = change == "LOWER" ? TextCase::kLower : TextCase::kUpper;
  return Values{std::move(x)};
}

/// Separators of one character each, as a pattern of what lies between them.
Result<std::string> between(const std::vector<std::string>& separators) {
  std::string either;
  for (const std::string& separator : separators) {
    const bool is_plain = separator.size() == 1 && separator != "\\";
    const bool is_escaped = separator.size() == 2 && separator[0] == '\\';
    const bool is_class =
        separator.size() > 2 && separator[0] == '[' && separator.find(']') == separator.size() - 1;
    if (!is_plain && !is_escaped && !is_class) {
      return unimplemented(
          fmt::format("its separator '{}' is not one character or class of characters", separator));
    }
    either += (either.empty() ? "" : "|") + separator;
  }
  return fmt::format(R"((?:(?!{})[\s\S])+)", either);
}

/// com.microsoft: texts to words.
Result<Values> tokenizer(Call& call) {
  if (!call.has_input(0)) return invalid_argument("its input 0 is missing");
  Value x = *call.raw_input(0);  // perhaps in a case that is still to come
  if (!x.is_text() || x.tokens != nullptr) return invalid_argument("expected texts");
  if (call.integer("mark", 0) != 0) return unimplemented("it marks starts and ends of texts");
  if (call.integer("mincharnum", 1) > 1) return unimplemented("it leaves short words out");
  if (TRY(element_count(x.dims)) != 1 || x.constant != nullptr) {
    return unimplemented("it takes several texts of a row");
  }
  const std::vector<std::string> separators = call.texts("separators");
  TokenRule rule;
  if (call.has("tokenexp")) {
    rule.pattern = call.text("tokenexp", "");
  } else if (separators.empty() || (separators.size() == 1 && separators[0].empty())) {
    rule.pattern = R"([\s\S])";  // characters
  } else {
    rule.pattern = TRY(between(separators));
  }
  x.tokens = std::make_shared<const TokenRule>(std::move(rule));
  return Values{std::move(x)};
}

/// The entries of TfIdfVectorizer's pool: as texts or numbers, one after the other, and of how many
/// elements each is.
struct Grams {
  std::vector<std::string> texts;
  std::vector<double> numbers;
  std::vector<uint32_t> sizes;
  std::vector<int64_t> columns;
  std::vector<double> weights;
  uint32_t width = 0;
  bool is_text = false;
  uint32_t shortest = 1;
  uint32_t longest = 1;
  int64_t skips = 0;
};

Result<Grams> read_grams(Call& call) {
  Grams grams;
  grams.texts = call.texts("pool_strings");
  grams.is_text = !grams.texts.empty();
  for (const int64_t x : call.integers("pool_int64s")) {
    grams.numbers.push_back(static_cast<double>(x));
  }
  grams.columns = call.integers("ngram_indexes");
  grams.weights = call.reals("weights");
  grams.skips = call.integer("max_skip_count", 0);
  const int64_t shortest = call.integer("min_gram_length", 1);
  const int64_t longest = call.integer("max_gram_length", 1);
  if (shortest < 1 || longest < shortest || longest > text::TextAnalyzer::kGramMax ||
      grams.skips < 0 || grams.skips > kWidthMax) {
    return invalid_argument("its lengths of n-grams are no lengths");
  }
  grams.shortest = static_cast<uint32_t>(shortest);
  grams.longest = static_cast<uint32_t>(longest);
  const size_t elements = grams.is_text ? grams.texts.size() : grams.numbers.size();
  const std::vector<int64_t> counts = call.integers("ngram_counts");
  size_t place = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const size_t end = i + 1 < counts.size() ? static_cast<size_t>(counts[i + 1]) : elements;
    if (end > elements || end < place || (end - place) % (i + 1) != 0) {
      return invalid_argument("its counts of n-grams do not fit its pool");
    }
    for (; place < end; place += i + 1) grams.sizes.push_back(static_cast<uint32_t>(i + 1));
  }
  if (grams.sizes.empty() || grams.sizes.size() != grams.columns.size() ||
      (!grams.weights.empty() && grams.weights.size() != grams.columns.size())) {
    return invalid_argument("its n-grams, their columns and weights are not of one number");
  }
  for (const int64_t column : grams.columns) {
    if (column < 0 || column >= kWidthMax) return invalid_argument("a column is no number");
    grams.width = std::max(grams.width, static_cast<uint32_t>(column) + 1);
  }
  return grams;
}

/// Counts to what `mode` asks for; weights stand by n-gram, columns by output.
Result<Value> weighted(Call& call, const Grams& grams, const Value& counts) {
  const std::string_view mode = call.text("mode", "TF");
  if (mode == "TF") return counts;
  if (mode != "IDF" && mode != "TFIDF") {
    return invalid_argument(fmt::format("its mode is unknown: {}", mode));
  }
  Value result = counts;
  if (mode == "IDF") {
    result = TRY(call.lower.with_number(B::kGreater, DType::kFloat32, counts, 0));
    result = TRY(call.lower.cast(result, DType::kFloat32));
  }
  if (grams.weights.empty()) return result;
  std::vector<double> weights(grams.width, 1.0);
  for (size_t i = 0; i < grams.columns.size(); ++i) {
    weights[static_cast<size_t>(grams.columns[i])] = grams.weights[i];
  }
  const Value factors =
      TRY(call.lower.constant(DType::kFloat32, {int64_t{grams.width}}, std::move(weights)));
  return call.lower.binary(B::kMul, DType::kFloat32, result, factors);
}

/// Words of a text: n-grams are words with blanks between.
Result<Values> count_words(Call& call, const Grams& grams, const Value& x) {
  if (!grams.is_text) return invalid_argument("its pool has no texts");
  if (grams.skips != 0) return unimplemented("its n-grams leave words out");
  if (x.text_case == TextCase::kUpper) return unimplemented("words are counted in upper case");
  text::AnalyzerOptions options;
  options.lowercase = x.text_case == TextCase::kLower;
  options.token_pattern = x.tokens->pattern;
  options.shortest = grams.shortest;
  options.longest = grams.longest;
  std::vector<std::string> vocabulary;
  std::vector<uint32_t> places(grams.width, kWidthMax);
  size_t element = 0;
  for (size_t i = 0; i < grams.sizes.size(); ++i) {
    std::string gram;
    for (uint32_t k = 0; k < grams.sizes[i]; ++k, ++element) {
      const std::string& word = grams.texts[element];
      // One character, be it a blank, is where it is whatever stands around it.
      if (grams.sizes[i] > 1 && word.size() > 1 && word.find(' ') != std::string::npos) {
        return unimplemented("its n-grams have words with blanks in them");
      }
      gram += (k == 0 ? "" : " ") + word;
    }
    places[static_cast<size_t>(grams.columns[i])] = static_cast<uint32_t>(i);
    vocabulary.push_back(std::move(gram));
  }
  if (std::set<std::string_view>(vocabulary.begin(), vocabulary.end()).size() !=
          vocabulary.size() ||
      vocabulary.size() != grams.width || std::ranges::find(places, kWidthMax) != places.end()) {
    return unimplemented("its n-grams have not one column each");
  }
  auto analyzer = std::make_shared<const text::TextAnalyzer>(
      TRY(text::TextAnalyzer::create(std::move(options))));
  const ValueId id = TRY(
      call.lower.add(std::make_unique<VectorizeTextOp>(std::move(analyzer), std::move(vocabulary),
                                                       VectorizeTextOp::Options{}),
                     {x.id}));
  Dims dims = x.dims;
  if (dims.size() > 1) dims.resize(1);
  dims.push_back(int64_t{grams.width});
  const Value counts = TRY(call.lower.wrap(id, DType::kFloat32, dims));
  const Value ordered = TRY(call.lower.select(counts, dims, places));
  return one(weighted(call, grams, ordered));
}

/// The counts of one n-gram size in rows of `length` elements: at every place, with every skip, are
/// all elements those of the n-gram?
Result<Value> count_size(Call& call, const Grams& grams, const Value& x, uint32_t size,
                         const std::vector<size_t>& firsts) {
  Lowering& lower = call.lower;
  const auto length = static_cast<uint32_t>(x.dims.back());
  std::vector<uint32_t> places;
  const int64_t skips = size == 1 ? 0 : std::min<int64_t>(grams.skips, length);
  for (int64_t step = 1; step <= skips + 1; ++step) {
    for (int64_t start = 0; start + step * (size - 1) < length; ++start) {
      for (uint32_t k = 0; k < size; ++k) {
        places.push_back(static_cast<uint32_t>(start + step * k));
      }
    }
    TRY_STATUS(lower.charge(places.size()));
  }
  const auto windows = static_cast<int64_t>(places.size() / size);
  const auto count = static_cast<int64_t>(firsts.size());
  if (windows == 0) {
    return lower.constant(DType::kFloat32, {count}, std::vector<double>(firsts.size(), 0.0));
  }
  Dims dims(x.dims.begin(), x.dims.end() - 1);
  std::vector<uint32_t> map;
  const uint32_t rows = TRY(element_count(dims));
  if (uint64_t{rows} * places.size() > kWidthMax) return resource_exhausted("too many n-grams");
  TRY_STATUS(lower.charge(uint64_t{rows} * places.size()));
  for (uint32_t row = 0; row < rows; ++row) {
    for (const uint32_t place : places) map.push_back(row * length + place);
  }
  dims.insert(dims.end(), {1, windows, int64_t{size}});
  const Value seen = TRY(lower.select(x, dims, map));
  std::vector<double> numbers;
  std::vector<std::string> texts;
  for (const size_t first : firsts) {
    for (uint32_t k = 0; k < size; ++k) {
      if (grams.is_text) texts.push_back(grams.texts[first + k]);
      if (!grams.is_text) numbers.push_back(grams.numbers[first + k]);
    }
  }
  const Dims pool_dims = {count, 1, int64_t{size}};
  const Value pool = grams.is_text ? TRY(lower.texts(pool_dims, std::move(texts)))
                                   : TRY(lower.constant(x.type, pool_dims, std::move(numbers)));
  const Value same = TRY(lower.binary(B::kEqual, x.type, seen, pool));
  const size_t rank = same.dims.size();
  const Value whole = TRY(lower.reduce(R::kMin, same, {rank - 1}, false, DType::kFloat32));
  return lower.reduce(R::kSum, whole, {rank - 2}, false, DType::kFloat32);
}

Result<Values> tf_idf_vectorizer(Call& call) {
  if (!call.has_input(0)) return invalid_argument("its input 0 is missing");
  const Grams grams = TRY(read_grams(call));
  if (call.raw_input(0)->tokens != nullptr) return count_words(call, grams, *call.raw_input(0));
  const Value x = TRY(call.input(0));
  if (x.dims.empty() || x.dims.size() > 2 || is_batch(x.dims.back()) ||
      x.is_text() != grams.is_text) {
    return unimplemented("expected rows of the elements that its pool holds");
  }
  Values parts;
  std::vector<uint32_t> places(grams.width, kWidthMax);
  uint32_t counted = 0;
  for (uint32_t size = grams.shortest; size <= grams.longest; ++size) {
    std::vector<size_t> firsts;
    size_t first = 0;
    for (size_t i = 0; i < grams.sizes.size(); first += grams.sizes[i++]) {
      if (grams.sizes[i] != size) continue;
      places[static_cast<size_t>(grams.columns[i])] = counted++;
      firsts.push_back(first);
    }
    if (!firsts.empty()) parts.push_back(TRY(count_size(call, grams, x, size, firsts)));
  }
  Dims dims(x.dims.begin(), x.dims.end() - 1);
  dims.push_back(1);
  // Columns of n-grams that are not looked for are 0.
  parts.push_back(TRY(call.lower.constant(DType::kFloat32, {1}, {0})));
  for (Value& part : parts) {
    Dims wanted = dims;
    wanted.back() = part.dims.back();
    part = TRY(call.lower.expand(part, wanted));
  }
  for (uint32_t& place : places) place = std::min(place, counted);
  const Value all = TRY(call.lower.concat(parts, dims.size() - 1));
  const uint32_t rows = TRY(element_count(dims));
  if (uint64_t{rows} * grams.width > kWidthMax) return resource_exhausted("too many n-grams");
  TRY_STATUS(call.lower.charge(uint64_t{rows} * grams.width));
  std::vector<uint32_t> map;
  for (uint32_t row = 0; row < rows; ++row) {
    for (const uint32_t place : places) map.push_back(row * (counted + 1) + place);
  }
  dims.back() = int64_t{grams.width};
  return one(weighted(call, grams, TRY(call.lower.select(all, dims, map))));
}

}  // namespace

std::span<const Operator> text_operators() {
  static constexpr std::array kTable = {
      Operator{"", "RegexFullMatch", 20, 99, regex_full_match},
      Operator{"", "StringConcat", 20, 99, string_concat},
      Operator{"", "StringNormalizer", 10, 99, string_normalizer},
      Operator{"com.microsoft", "Tokenizer", 1, 1, tokenizer},
      Operator{"", "TfIdfVectorizer", 9, 99, tf_idf_vectorizer},
  };
  return kTable;
}

}  // namespace slipway::onnx
