// A cheap look in float32 at which points can be among the nearest at all, so that exact distances
// are computed of those few only.
//
// |x - y|^2 < limit says <x, y> > (|x|^2 + |y|^2 - limit) / 2. The product of float32 copies is off
// by no more than (n + 2) 2^-24 |x| |y| <= (n + 2) 2^-25 (|x|^2 + |y|^2) for n features, so the
// test with both squares made smaller by a share that covers this and the roundings of the test
// itself lets through whatever an exact one would (Higham, "Accuracy and Stability of Numerical
// Algorithms", 3.1).
#pragma once

#include "engine/kernels/internal/neighbor_blocks.h"

namespace slipway::engine {

inline constexpr size_t kFilterPoints = 32;  // two blocks of sixteen

struct FilterBlocks {
  const float* values;  // two blocks, each features x 16
  size_t features;
  const float* halves;  // filter_half() of each point
};

struct FilterTile {
  const float* const* rows;             // kTileRows of them
  std::array<float, kTileRows> limits;  // filter_limit() of each row
};

/// Bit i of masks[row] is 0 where point i is farther from the row than its limit.
using FilterFunction = void (*)(const FilterBlocks& points, const FilterTile& tile,
                                uint32_t* masks);
/// Null where the target has no vectors for it.
FilterFunction filter_function(BlockTarget target);

/// Squares of lengths beyond this might overflow; so many are not filtered.
inline constexpr double kFilterNormMax = 1e30;

/// The share of the squares that covers all roundings, twice as large as it has to be.
inline double filter_share(size_t features) { return static_cast<double>(features + 16) * 0x1p-23; }
/// A little less than (1 - share) |y|^2 / 2.
inline float filter_half(double norm, double share) {
  return static_cast<float>(norm * (1 - share) / 2 * (1 - 0x1p-22));
}
/// A little less than ((1 - share) |x|^2 - limit) / 2, and less by what underflows.
inline float filter_limit(double norm, double limit, double share) {
  constexpr double kUnderflow = 1e-25;
  const double exact = (norm * (1 - share) - limit) / 2;
  const double magnitude = exact < 0 ? -exact : exact;
  return static_cast<float>(exact - magnitude * 0x1p-22 - kUnderflow);
}

}  // namespace slipway::engine
