// Versions as model archives write them ("1.0", "2.3.1"), and the numbers that they stand for here.
//
//   "1.0" --archive_version_number--> 1, with the label "1.0"
//
// Pure functions.
#pragma once

#include <cstdint>
#include <string_view>

namespace slipway::lifecycle {

/// "3", "3.0" and "3.0.0" are 3; "2.1" is 2001000; what is no row of up to three numbers gets a
/// number of sixteen digits made from its letters.
uint64_t archive_version_number(std::string_view text);

/// True if `a` is the later one: as rows of numbers; what is none comes before all that are.
bool later_archive_version(std::string_view a, std::string_view b);

}  // namespace slipway::lifecycle
