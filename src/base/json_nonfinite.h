// Python's json writes NaN, Infinity and -Infinity bare, for which JSON has no words.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace slipway {

/// The text with each bare NaN as null and each Infinity as 1e999, a number beyond all doubles;
/// strings are left alone. `nan_offsets`: where in `out` the nulls stand that were NaN. False if
/// there was nothing to replace.
bool replace_json_nonfinite(std::string_view text, std::vector<char>& out,
                            std::vector<size_t>& nan_offsets);

}  // namespace slipway
