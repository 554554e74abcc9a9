// "Did you mean", and names from outside in messages. Off the hot path.
#pragma once

#include <string>
#include <string_view>

#include "graph/signature.h"

namespace slipway::protocols {

/// `; did you mean "petal_width"?`, or the list of columns if none is near.
std::string column_hint(const Signature& signature, std::string_view name);

/// Text from outside, shortened for a message: at most 64 bytes, in quotes.
std::string in_quotes(std::string_view text);

}  // namespace slipway::protocols
