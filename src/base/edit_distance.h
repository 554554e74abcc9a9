// How far apart two names are, for "did you mean ...?" in messages. Off the hot path.
//
//   edit_distance("port", "prot")  // 2
#pragma once

#include <cstddef>
#include <string_view>

namespace slipway {

/// Levenshtein distance of the first 64 bytes of each.
size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace slipway
