// TextAnalyzer: from a text to the features that scikit-learn's vectorizers count.
//
//   text --lower--> --accents--> --words, or runs of characters--> n-grams --> FeatureSink
//
// Words are found by hand where the token pattern is the default or another plain one, else by
// PythonRegex. A feature is a view that is valid during the call. Thread rule: const methods are
// safe to call concurrently, each with TextBuffers of its own.
//
//   const TextAnalyzer analyzer = TRY(TextAnalyzer::create({}));
//   TRY_STATUS(analyzer.analyze("Two words", buffers, sink));  // sink.add("two"),
//   sink.add("words")
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/python_regex.h"

namespace slipway::text {

struct AnalyzerOptions {
  enum class Unit : uint8_t {
    kWord,
    kCharacter,
    kCharacterInWords,  // "char_wb": within words, blanks around them
  };
  enum class Accents : uint8_t { kStay, kAscii, kUnicode };
  static constexpr std::string_view kDefaultPattern = R"((?u)\b\w\w+\b)";

  Unit unit = Unit::kWord;
  bool lowercase = true;
  Accents accents = Accents::kStay;
  std::string token_pattern{kDefaultPattern};  // of words
  std::vector<std::string> stop_words;         // of words
  uint32_t shortest = 1;                       // n-grams: how many words or characters
  uint32_t longest = 1;
};

class FeatureSink {
 public:
  virtual void add(std::string_view feature) = 0;

 protected:
  ~FeatureSink() = default;
};

/// What analyze() writes into; reused from text to text, so that it need not allocate.
struct TextBuffers {
  std::string lowered;
  std::string plain;   // without accents
  std::string joined;  // the words that stay, blanks between them; or one word between blanks
  std::vector<size_t> starts;
  std::vector<std::string_view> found;
  RegexScratch regex;

  /// Gives back what an unusually long text left.
  void shrink();
};

class TextAnalyzer {
 public:
  /// The most words or characters of an n-gram, and the most bytes of a text with its case and
  /// accents changed.
  static constexpr uint32_t kGramMax = 1'000;
  static constexpr size_t kTextBytesMax = size_t{1} << 26;

  /// INVALID_ARGUMENT or UNIMPLEMENTED if the token pattern is not one that it can follow.
  static Result<TextAnalyzer> create(AnalyzerOptions options);

  const AnalyzerOptions& options() const { return options_; }
  size_t size_bytes() const;
  /// INVALID_ARGUMENT if the text is too long, or takes the token pattern too many steps.
  Status analyze(std::string_view text, TextBuffers& buffers, FeatureSink& sink) const;

 private:
  explicit TextAnalyzer(AnalyzerOptions options) : options_(std::move(options)) {}
  bool is_stop_word(std::string_view word) const;
  std::string_view prepare(std::string_view text, TextBuffers& buffers) const;
  Status words(std::string_view text, TextBuffers& buffers, FeatureSink& sink) const;
  void add_word(std::string_view word, TextBuffers& buffers, FeatureSink& sink) const;
  void characters(std::string_view text, TextBuffers& buffers, FeatureSink& sink) const;
  void characters_in_words(std::string_view text, TextBuffers& buffers, FeatureSink& sink) const;
  void character_grams(TextBuffers& buffers, bool whole_if_short, FeatureSink& sink) const;

  AnalyzerOptions options_;
  std::vector<std::string> stop_words_;       // by length, then by bytes
  std::vector<size_t> stop_lengths_;          // where those of each length begin
  size_t word_min_ = 0;                       // in characters, if words are found by hand
  std::optional<PythonRegex> token_pattern_;  // if not
};

}  // namespace slipway::text
