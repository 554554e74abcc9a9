// Texts in HTML and SVG: escaped, and cut where there is no room.
//
// What comes out is well-formed XML whatever came in: bytes that are no UTF-8 and the characters
// that XML forbids become U+FFFD.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace slipway::report {

/// The most bytes of one text; what is longer ends in an ellipsis.
inline constexpr size_t kTextBytesMax = 4096;

/// Appends `text` for an element or a quoted attribute.
void append_text(std::string& out, std::string_view text);
std::string escaped(std::string_view text);
/// At most so many characters, the last of them an ellipsis where it was cut.
std::string shortened(std::string_view text, size_t characters_max);

}  // namespace slipway::report
