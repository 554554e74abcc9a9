// What Python's str does to texts: lower(), isspace(), isalnum(), accents taken off by NFKD.
//
// The tables of letters, decompositions and simple case pairs are utf8proc's; what it lacks (final
// sigma, the dotted capital I, what counts as cased) is here. tests/data/text holds Python's own
// answers for every code point. Functions append UTF-8 to `out`; what is no UTF-8 in a text becomes
// U+FFFD. Thread rule: pure functions.
//
//   std::string lowered;
//   append_lower("ΟΔΟΣ", lowered);  // "οδος"
#pragma once

#include <string>
#include <string_view>

namespace slipway::text {

/// `\w` of Python's re: str.isalnum() or an underscore.
bool is_word(char32_t code);
/// str.isspace(), which is `\s` of re and where str.split() cuts.
bool is_space(char32_t code);
/// Unicode's categories of punctuation (P*).
bool is_punctuation(char32_t code);

/// The text itself, made valid UTF-8.
void append_valid(std::string_view text, std::string& out);
/// str.lower().
void append_lower(std::string_view text, std::string& out);
/// scikit-learn's strip_accents_unicode: NFKD without combining characters; an ASCII text stays.
void append_without_accents(std::string_view text, std::string& out);
/// scikit-learn's strip_accents_ascii: the ASCII characters of the text's NFKD.
void append_ascii(std::string_view text, std::string& out);

}  // namespace slipway::text
