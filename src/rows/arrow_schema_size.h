// How much Arrow C++ makes of a schema: in FlatBuffers a thousand fields may point to one name of a
// megabyte, and Arrow C++ copies it for each, in memory that no limit of its own counts.
#pragma once

#include <string_view>

namespace slipway::rows {

/// False if the schema of an IPC stream or file takes more than 16 times all its bytes, or points
/// outside of itself. True also of bytes that are neither: Arrow C++ says what is wrong with them.
bool arrow_schema_is_bounded(std::string_view bytes);

}  // namespace slipway::rows
