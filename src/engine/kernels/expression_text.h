// What expressions do with texts, one cell at a time; see graph/ops/expression.h.
//
// Texts that are made lie in a row's own room, from which TextRoom gives them out: the same row has
// the same room alone and in a batch. Thread rule: single-sequence.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "graph/ops/expression.h"
#include "tensor/batch.h"

namespace slipway::engine {

/// The unused part of a row's room for texts.
struct TextRoom {
  char* next = nullptr;
  uint32_t left = 0;

  std::span<char> free() const { return {next, left}; }
  StringCell take(size_t bytes) {
    const StringCell made = StringCell::text({next, bytes});
    next += bytes;
    left -= static_cast<uint32_t>(bytes);
    return made;
  }
};

/// These give nullopt where the room is too small.
using MadeText = std::optional<StringCell>;
MadeText upper_text(std::string_view text, TextRoom& room);
MadeText lower_text(std::string_view text, TextRoom& room);
MadeText concat_texts(std::string_view a, std::string_view b, TextRoom& room);
MadeText replace_text(const TextPattern& pattern, TextPattern::Matcher& matcher,
                      std::string_view text, std::string_view by, TextRoom& room);
MadeText spell_number(double value, TextRoom& room);
MadeText format_number(const NumberFormat& format, double value, TextRoom& room);

/// Without blanks and control characters at both ends.
std::string_view trim_text(std::string_view text);
/// `count` code points from number `first` (1 is the first) on; empty where there are none.
std::string_view substring_text(std::string_view text, double first, double count);
double length_of_text(std::string_view text);
/// NaN if it is no number.
double parse_number(std::string_view text);

}  // namespace slipway::engine
