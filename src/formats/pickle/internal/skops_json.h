// Scalars as Python's json module writes them: NaN and Infinity, ints of any size, texts with lone
// surrogates. simdjson takes none of these.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "formats/pickle/tree.h"

namespace slipway::pickle {

struct JsonScalar {
  Kind kind = Kind::kNone;  // kNone, kBool, kInt, kBigInt, kFloat, kString
  int64_t integer = 0;      // kBool, kInt
  double number = 0;        // kFloat, kInt
  std::string text;         // kString; kBigInt: little-endian two's complement
};

/// nullopt if the text is no scalar, or a list or object.
std::optional<JsonScalar> parse_json_scalar(std::string_view text);

/// Two little-endian 64-bit integers.
std::optional<std::array<int64_t, 2>> two_int64(std::string_view bytes);

}  // namespace slipway::pickle
