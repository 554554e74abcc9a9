// Text and number literals of pickle opcodes, decoded. No locale, no allocation beyond the result.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slipway::pickle {

/// A decimal integer, as INT and LONG write it (without the trailing L). Up to 4300 digits,
/// Python's own limit. The result is little-endian two's complement, as LONG1 has it.
std::optional<std::string> decimal_to_bytes(std::string_view digits);
/// If it fits.
std::optional<int64_t> decimal_to_int(std::string_view digits);
/// Little-endian two's complement, sign-extended, if it fits.
std::optional<int64_t> bytes_to_int(std::string_view bytes);
/// Little-endian two's complement of any length; infinite beyond double's range.
double bytes_to_double(std::string_view bytes);
/// What repr(float) writes, "inf" and "nan" too.
std::optional<double> text_to_double(std::string_view text);

/// UTF-8, in which surrogates may stand alone, as Python's "surrogatepass" has it.
bool is_wtf8(std::string_view text);
bool is_ascii(std::string_view text);
/// `code_point` < 0x110000.
void append_wtf8(std::string& out, uint32_t code_point);
/// nullopt if a character is beyond U+00FF.
std::optional<std::string> utf8_to_latin1(std::string_view text);
/// UNICODE's raw-unicode-escape: \uXXXX and \UXXXXXXXX, other bytes are Latin-1.
std::optional<std::string> decode_raw_unicode_escape(std::string_view text);
/// STRING's quoted repr of bytes.
std::optional<std::string> decode_quoted(std::string_view text);

}  // namespace slipway::pickle
