#include "text/analyzer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/heap_bytes.h"
#include "text/code_point.h"
#include "text/python_str.h"

namespace slipway::text {
namespace {

using Unit = AnalyzerOptions::Unit;
using Accents = AnalyzerOptions::Accents;

/// Patterns that find the runs of word characters from a length on.
size_t least_word_length(std::string_view pattern) {
  if (pattern.starts_with("(?u)")) pattern.remove_prefix(4);
  static constexpr std::array<std::pair<std::string_view, size_t>, 6> kPlain = {{
      {R"(\b\w\w+\b)", 2},
      {R"(\w\w+)", 2},
      {R"(\b\w+\b)", 1},
      {R"(\w+)", 1},
      {R"(\b\w\w\w+\b)", 3},
      {R"(\w\w\w+)", 3},
  }};
  for (const auto& [plain, length] : kPlain) {
    if (pattern == plain) return length;
  }
  return 0;
}

bool is_shorter(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

}  // namespace

void TextBuffers::shrink() {
  constexpr size_t kKeptBytes = 1U << 18;
  for (std::string* buffer : {&lowered, &plain, &joined}) {
    if (buffer->capacity() > kKeptBytes) std::string().swap(*buffer);
  }
  if (starts.capacity() > kKeptBytes / sizeof(size_t)) std::vector<size_t>().swap(starts);
  if (found.capacity() > kKeptBytes / sizeof(std::string_view)) {
    std::vector<std::string_view>().swap(found);
  }
}

Result<TextAnalyzer> TextAnalyzer::create(AnalyzerOptions options) {
  if (options.shortest == 0 || options.shortest > options.longest || options.longest > kGramMax) {
    return invalid_argument(fmt::format("n-grams of {} to {}: expected 1 to {}", options.shortest,
                                        options.longest, kGramMax));
  }
  TextAnalyzer made(std::move(options));
  if (made.options_.unit != Unit::kWord) return made;
  made.word_min_ = least_word_length(made.options_.token_pattern);
  if (made.word_min_ == 0) {
    made.token_pattern_ = TRY(PythonRegex::compile(made.options_.token_pattern));
    if (made.token_pattern_->groups() > 1) {
      return invalid_argument(fmt::format("the token pattern captures {} groups, more than one",
                                          made.token_pattern_->groups()));
    }
  }
  made.stop_words_ = made.options_.stop_words;
  std::ranges::sort(made.stop_words_, is_shorter);
  for (size_t i = 0; i < made.stop_words_.size(); ++i) {
    // The words of a length begin where its entry says, and end where the next one does.
    constexpr size_t kLengthMax = 256;  // longer ones share the last entry
    const size_t length = std::min(made.stop_words_[i].size(), kLengthMax);
    while (made.stop_lengths_.size() <= length) made.stop_lengths_.push_back(i);
  }
  made.stop_lengths_.push_back(made.stop_words_.size());
  return made;
}

size_t TextAnalyzer::size_bytes() const {
  return heap_bytes(options_.stop_words) + heap_bytes(stop_words_) +
         (token_pattern_.has_value() ? token_pattern_->size_bytes() : 0);
}

bool TextAnalyzer::is_stop_word(std::string_view word) const {
  const size_t lengths = stop_lengths_.size() - 1;
  if (lengths == 0) return false;
  const size_t length = std::min(word.size(), lengths - 1);
  const auto begin = stop_words_.begin() + static_cast<ptrdiff_t>(stop_lengths_[length]);
  const auto end = stop_words_.begin() + static_cast<ptrdiff_t>(stop_lengths_[length + 1]);
  const auto place = std::lower_bound(begin, end, word, is_shorter);
  return place != end && *place == word;
}

std::string_view TextAnalyzer::prepare(std::string_view text, TextBuffers& buffers) const {
  buffers.lowered.clear();
  if (options_.lowercase) {
    append_lower(text, buffers.lowered);
  } else {
    append_valid(text, buffers.lowered);
  }
  if (options_.accents == Accents::kStay) return buffers.lowered;
  buffers.plain.clear();
  if (options_.accents == Accents::kAscii) {
    append_ascii(buffers.lowered, buffers.plain);
  } else {
    append_without_accents(buffers.lowered, buffers.plain);
  }
  return buffers.plain;
}

Status TextAnalyzer::analyze(std::string_view text, TextBuffers& buffers, FeatureSink& sink) const {
  // A decomposition has at most eleven times the bytes.
  constexpr size_t kGrowth = 11;
  if (text.size() > kTextBytesMax / kGrowth) {
    return invalid_argument(
        fmt::format("a text of {} bytes, limit {}", text.size(), kTextBytesMax / kGrowth));
  }
  const std::string_view ready = prepare(text, buffers);
  buffers.joined.clear();
  buffers.starts.clear();
  switch (options_.unit) {
    case Unit::kWord: return words(ready, buffers, sink);
    case Unit::kCharacter: characters(ready, buffers, sink); break;
    case Unit::kCharacterInWords: characters_in_words(ready, buffers, sink); break;
  }
  return {};
}

Status TextAnalyzer::words(std::string_view text, TextBuffers& buffers, FeatureSink& sink) const {
  if (token_pattern_.has_value()) {
    buffers.found.clear();
    TRY_STATUS(token_pattern_->find_all(text, buffers.regex, buffers.found));
    for (const std::string_view word : buffers.found) add_word(word, buffers, sink);
    return {};
  }
  for (size_t place = 0; place < text.size();) {
    const size_t begin = place;
    size_t end = place;  // behind the last word character
    size_t length = 0;
    while (place < text.size() && is_word(next_code_point(text, place))) {
      end = place;
      ++length;
    }
    if (length >= word_min_) add_word(text.substr(begin, end - begin), buffers, sink);
  }
  return {};
}

void TextAnalyzer::add_word(std::string_view word, TextBuffers& buffers, FeatureSink& sink) const {
  if (is_stop_word(word)) return;
  if (options_.longest == 1) return sink.add(word);
  if (!buffers.starts.empty()) buffers.joined.push_back(' ');
  buffers.starts.push_back(buffers.joined.size());
  buffers.joined.append(word);
  const std::string_view joined = buffers.joined;
  const size_t count = buffers.starts.size();
  for (size_t n = options_.shortest; n <= options_.longest && n <= count; ++n) {
    sink.add(joined.substr(buffers.starts[count - n]));
  }
}

/// All n-grams of `joined`, whose characters begin at `starts`, which also holds its end.
void TextAnalyzer::character_grams(TextBuffers& buffers, bool whole_if_short,
                                   FeatureSink& sink) const {
  const std::string_view joined = buffers.joined;
  const std::vector<size_t>& starts = buffers.starts;
  const size_t count = starts.size() - 1;
  for (size_t n = options_.shortest; n <= options_.longest && n <= count; ++n) {
    for (size_t i = 0; i + n <= count; ++i) {
      sink.add(joined.substr(starts[i], starts[i + n] - starts[i]));
    }
  }
  // A word that is too short even for the first n is counted once, whole.
  if (whole_if_short && count < options_.shortest) sink.add(joined);
}

/// Runs of two and more white spaces are one blank.
void TextAnalyzer::characters(std::string_view text, TextBuffers& buffers,
                              FeatureSink& sink) const {
  for (size_t place = 0; place < text.size();) {
    const size_t begin = place;
    const bool space = is_space(next_code_point(text, place));
    const size_t end = place;
    size_t run_end = place;
    while (space && place < text.size() && is_space(next_code_point(text, place))) run_end = place;
    place = run_end;
    buffers.starts.push_back(buffers.joined.size());
    if (run_end > end) {
      buffers.joined.push_back(' ');
    } else {
      buffers.joined.append(text.substr(begin, end - begin));
    }
  }
  buffers.starts.push_back(buffers.joined.size());
  character_grams(buffers, false, sink);
}

void TextAnalyzer::characters_in_words(std::string_view text, TextBuffers& buffers,
                                       FeatureSink& sink) const {
  const auto start_character = [&buffers] { buffers.starts.push_back(buffers.joined.size()); };
  for (size_t place = 0; place < text.size();) {
    size_t begin = place;
    char32_t code = next_code_point(text, place);
    if (is_space(code)) continue;
    buffers.joined.clear();
    buffers.starts.clear();
    start_character();
    buffers.joined.push_back(' ');
    for (;;) {
      start_character();
      buffers.joined.append(text.substr(begin, place - begin));
      if (place == text.size()) break;
      begin = place;
      code = next_code_point(text, place);
      if (is_space(code)) break;
    }
    start_character();
    buffers.joined.push_back(' ');
    start_character();
    character_grams(buffers, true, sink);
  }
}

}  // namespace slipway::text
