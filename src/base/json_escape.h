// Writing JSON text: the few pieces that every writer of JSON needs. Never a DOM.
#pragma once

#include <string>
#include <string_view>

namespace slipway {

/// Appends `text` as a JSON string with its quotes (RFC 8259, section 7). Bytes that are not valid
/// UTF-8 become U+FFFD, so that the document stays valid whatever came in.
void append_json_string(std::string& out, std::string_view text);

/// Appends the shortest decimal that reads back as the same double; NaN and infinities as `null`,
/// since JSON has no word for them. Integral values keep a trailing ".0" (as Python's json does).
void append_json_number(std::string& out, double value);

}  // namespace slipway
