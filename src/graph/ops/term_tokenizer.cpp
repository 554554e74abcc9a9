#include "graph/ops/term_tokenizer.h"

#include <fmt/format.h>

#include "text/code_point.h"
#include "text/python_str.h"

namespace slipway {
namespace {

std::string_view without_punctuation(std::string_view word) {
  while (!word.empty()) {
    size_t place = 0;
    if (!text::is_punctuation(text::next_code_point(word, place))) break;
    word.remove_prefix(place);
  }
  while (!word.empty()) {
    size_t place = word.size();
    if (!text::is_punctuation(text::previous_code_point(word, place))) break;
    word = word.substr(0, place);
  }
  return word;
}

/// Where to look for the next match.
size_t behind_match(const TextPattern::Matcher& matcher, std::string_view text) {
  size_t place = matcher.end();
  if (matcher.start() < matcher.end()) return place;
  if (place >= text.size()) return text.size() + 1;
  text::next_code_point(text, place);
  return place;
}

Status too_many_steps(std::string_view text) {
  return invalid_argument(
      fmt::format("a pattern takes too many steps for a text of {} bytes", text.size()));
}

}  // namespace

Status TermTokenizer::tokenize(std::string_view text, Buffers& buffers) const {
  buffers.text.clear();
  if (options_.lower_first) {
    text::append_lower(text, buffers.text);
  } else {
    text::append_valid(text, buffers.text);
  }
  for (const Table& table : options_.tables) TRY_STATUS(apply(table, buffers));
  return split(buffers);
}

Status TermTokenizer::tokenize_term(std::string_view term, Buffers& buffers) const {
  buffers.text.clear();
  text::append_valid(term, buffers.text);
  return split(buffers);
}

Status TermTokenizer::apply(const Table& table, Buffers& buffers) const {
  std::string before;
  for (size_t round = 0; round < kRoundsMax; ++round) {
    if (table.until_stable) before = buffers.text;
    for (const Replacement& replacement : table.replacements) {
      TRY_STATUS(replace(replacement, buffers));
    }
    if (!table.until_stable || before == buffers.text) return {};
  }
  return invalid_argument(
      fmt::format("the normalisation of a text does not end after {} rounds", kRoundsMax));
}

Status TermTokenizer::replace(const Replacement& replacement, Buffers& buffers) const {
  TextPattern::Matcher& matcher = buffers.matcher;
  const std::string_view text = buffers.text;
  std::string& out = buffers.spare;
  out.clear();
  size_t copied = 0;
  for (size_t from = 0; from <= text.size();) {
    if (!matcher.find_next(replacement.pattern, text, from)) break;
    // \K may put the start behind the end.
    if (matcher.end() < matcher.start() || matcher.start() < copied) break;
    out.append(text.substr(copied, matcher.start() - copied));
    for (const Piece& piece : replacement.by) {
      out.append(piece.group < 0 ? std::string_view(piece.text)
                                 : matcher.group(text, static_cast<size_t>(piece.group)));
    }
    copied = matcher.end();
    from = behind_match(matcher, text);
    if (out.size() > kTextBytesMax) break;
  }
  if (matcher.gave_up()) return too_many_steps(text);
  out.append(text.substr(copied));
  if (out.size() > kTextBytesMax) {
    return invalid_argument(
        fmt::format("a normalised text has at most {} bytes, this one more", kTextBytesMax));
  }
  buffers.text.swap(out);
  return {};
}

void TermTokenizer::add_word(std::string_view word, Buffers& buffers) const {
  buffers.starts.push_back(buffers.words.size());
  if (options_.ignore_case) {
    text::append_lower(word, buffers.words);
  } else {
    buffers.words.append(word);
  }
  buffers.words.push_back('\0');
}

Status TermTokenizer::split(Buffers& buffers) const {
  const std::string_view text = buffers.text;
  buffers.words.clear();
  buffers.starts.clear();
  if (text.empty()) return {};
  const auto add_between = [&](size_t start, size_t end) {
    const std::string_view word = without_punctuation(text.substr(start, end - start));
    if (!word.empty()) add_word(word, buffers);
  };
  TextPattern::Matcher& matcher = buffers.matcher;
  size_t start = 0;  // of the word that the next match ends
  for (size_t from = 0; from <= text.size();) {
    if (!matcher.find_next(pattern_, text, from)) break;
    if (matcher.end() < matcher.start() || matcher.start() < start) break;
    if (options_.matches_are_words) {
      add_word(text.substr(matcher.start(), matcher.end() - matcher.start()), buffers);
    } else {
      add_between(start, matcher.start());
    }
    start = matcher.end();
    from = behind_match(matcher, text);
  }
  if (matcher.gave_up()) return too_many_steps(text);
  if (!options_.matches_are_words) add_between(start, text.size());
  return {};
}

std::string TermTokenizer::describe() const {
  return fmt::format("{} {}{}", options_.matches_are_words ? "words" : "parted by",
                     pattern_.text().substr(0, 64), options_.ignore_case ? ", any case" : "");
}

size_t TermTokenizer::size_bytes() const {
  size_t total = pattern_.size_bytes();
  for (const Table& table : options_.tables) {
    for (const Replacement& replacement : table.replacements) {
      total += replacement.pattern.size_bytes() + sizeof(replacement);
    }
  }
  return total;
}

}  // namespace slipway
