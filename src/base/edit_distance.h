// How far apart two names are, for "did you mean ...?" in messages. Off the hot path.
//
//   edit_distance("port", "prot")  // 2
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace slipway {

/// Levenshtein distance of the first 64 bytes of each.
size_t edit_distance(std::string_view a, std::string_view b);
/// The known name nearest to a misspelt one, or "".
std::string nearest_name(const std::string& name, const std::vector<std::string>& known);

}  // namespace slipway
