// Reading lines of streams that may have none: getline would take a line of any length.
#pragma once

#include <istream>
#include <string>

#include "base/status.h"

namespace slipway::rows {

/// The next line without its newline; false at the end. RESOURCE_EXHAUSTED if it is longer than
/// `bytes_max`, DATA_LOSS if the stream breaks.
Result<bool> read_bounded_line(std::istream& input, size_t bytes_max, std::string& line);

}  // namespace slipway::rows
