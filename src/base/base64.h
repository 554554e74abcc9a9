// Base64 (RFC 4648, section 4), for bytes in JSON.
//
// Plain functions.
#pragma once

#include <string>
#include <string_view>

namespace slipway {

void append_base64(std::string& out, std::string_view bytes);

/// Appends the bytes; false if the text is no base64. Padding may be missing; blanks and line ends
/// are passed over.
bool decode_base64(std::string_view text, std::string& out);

}  // namespace slipway
