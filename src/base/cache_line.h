// What the caches of two cores cannot hold at once if one of them writes it. What an event loop
// writes for every request stands in lines of its own: loops then share nothing.
#pragma once

#include <cstddef>

namespace slipway {

inline constexpr size_t kCacheLine = 64;

}  // namespace slipway
