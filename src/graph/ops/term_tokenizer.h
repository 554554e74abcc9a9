// TermTokenizer: a text taken apart into words as PMML's TextIndex says: replacements by tables of
// patterns, then the matches of a pattern, or what lies between them without its punctuation.
//
//   const TermTokenizer tokenizer(TRY(TextPattern::compile("\\s+")), {});
//   TermTokenizer::Buffers buffers;
//   TRY_STATUS(tokenizer.tokenize("one, two", buffers));  // buffers.words: "one\0two\0"
//
// Thread rule: immutable; each thread brings Buffers of its own.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "graph/ops/text_pattern.h"

namespace slipway {

class TermTokenizer {
 public:
  /// What a normalisation may make of one text.
  static constexpr size_t kTextBytesMax = size_t{4} << 20;
  static constexpr size_t kRoundsMax = 1000;

  /// A part of a replacement: a text, or what a group holds (0: the whole match).
  struct Piece {
    std::string text;
    int group = -1;
  };
  struct Replacement {
    TextPattern pattern;
    std::vector<Piece> by;
  };
  /// A table of replacements, made one after the other; again and again until nothing changes, if
  /// it says so.
  struct Table {
    std::vector<Replacement> replacements;
    bool until_stable = false;
  };
  struct Options {
    bool matches_are_words = false;  // else they part words
    bool ignore_case = false;        // words are made lower-case
    bool lower_first = false;        // the text is, before anything else
    std::vector<Table> tables;
  };
  /// `text` and `spare` are for texts on the way.
  struct Buffers {
    std::string words;           // each with a 0 behind it
    std::vector<size_t> starts;  // of each word in `words`
    std::string text;
    std::string spare;
    TextPattern::Matcher matcher;

    std::string_view word(size_t i) const {
      const size_t end = i + 1 < starts.size() ? starts[i + 1] : words.size();
      return std::string_view(words).substr(starts[i], end - starts[i] - 1);
    }
  };

  TermTokenizer(TextPattern pattern, Options options)
      : pattern_(std::move(pattern)), options_(std::move(options)) {}

  /// The words of a text, normalised. INVALID_ARGUMENT if a pattern takes too many steps, or
  /// replacements make the text too long or do not come to an end.
  Status tokenize(std::string_view text, Buffers& buffers) const;
  /// The words of a term: no replacements.
  Status tokenize_term(std::string_view term, Buffers& buffers) const;

  /// The same for texts that are made lower-case first.
  TermTokenizer of_lower_case() const {
    TermTokenizer made(*this);
    made.options_.lower_first = true;
    return made;
  }

  std::string describe() const;
  size_t size_bytes() const;

 private:
  Status apply(const Table& table, Buffers& buffers) const;
  Status replace(const Replacement& replacement, Buffers& buffers) const;
  Status split(Buffers& buffers) const;
  void add_word(std::string_view word, Buffers& buffers) const;

  TextPattern pattern_;
  Options options_;
};

}  // namespace slipway
