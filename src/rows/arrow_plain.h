// Plain Arrow streams, read without Arrow C++: columns of integers, floats, truth values and texts,
// neither nested, dictionary-encoded nor compressed, in metadata version 5, which is what most
// clients send.
//
//   IPC stream --open_plain_arrow--> ArrowArrayStream, whose arrays point into the stream
//
// Why beside Arrow C++: at one row its reader and writer cost several times what serving the whole
// request does (README, "Numbers"), for allocations that only pay with large tables. All or
// nothing: what is not plain, or not valid, is left to Arrow C++, which also says what is wrong.
#pragma once

#include <string_view>

#include "rows/arrow_plugin.h"

namespace slipway::rows {

/// Whether the bytes are a plain stream; if so, opens it. Lengths, offsets and UTF-8 of all batches
/// are proven. The bytes must live as long as `out` and its arrays, which are released before it.
bool open_plain_arrow(std::string_view bytes, ArrowArrayStream& out);

}  // namespace slipway::rows
