// Code points in UTF-8: one step forwards, one backwards, one appended.
//
// What is no UTF-8, and surrogates, count as U+FFFD, a byte at a time: texts come from clients, and
// every caller may rely on getting valid code points. Thread rule: pure functions.
//
//   for (size_t place = 0; place < text.size();) append_code_point(out, next_code_point(text,
//   place));
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace slipway::text {

inline constexpr char32_t kReplacement = 0xFFFD;

/// The code point at `place` (< text.size()); `place` moves behind it.
char32_t next_code_point(std::string_view text, size_t& place);
/// The code point that ends at `place` (> 0); `place` moves to its start.
char32_t previous_code_point(std::string_view text, size_t& place);
/// `code` must be a code point.
void append_code_point(std::string& out, char32_t code);

}  // namespace slipway::text
