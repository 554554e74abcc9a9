// Points in blocks of eight, feature by feature: distances of four rows to eight points grow side
// by side in vector registers, each in feature order, so that their bits are those of one after
// another.
//
//   points --point_blocks--> blocks --block_avx512<BlockTerm::kSquare>--> 4 x 8 sums
//
// Thread rule: pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace slipway::engine {

inline constexpr size_t kBlock = 8;
inline constexpr size_t kTileRows = 4;

inline size_t padded(size_t count) { return (count + kBlock - 1) / kBlock * kBlock; }

/// `points` row-major; the last block is filled up with zeros. Block b begins at b x 8 x features.
inline std::vector<double> point_blocks(std::span<const double> points, size_t features) {
  const size_t count = points.size() / features;
  std::vector<double> blocks(padded(count) * features);
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = 0; j < features; ++j) {
      blocks[(i / kBlock * features + j) * kBlock + i % kBlock] = points[i * features + j];
    }
  }
  return blocks;
}

/// Eight doubles that the compiler keeps in the widest registers of the function's target.
using Eight = double __attribute__((vector_size(64)));

enum class BlockTerm : uint8_t { kSquare, kAbsolute, kGreatest, kFusedProduct };

struct PointBlock {
  const double* values;  // features x 8
  size_t features;
};

/// out[row][lane]: the sum (or maximum) of terms over all features.
template <BlockTerm kTerm>
[[gnu::always_inline]] inline void block_terms(const PointBlock& block, const double* const* rows,
                                               double* out) {
  Eight sums[kTileRows] = {};
  const double* place = block.values;
  for (size_t j = 0; j < block.features; ++j, place += kBlock) {
    Eight y;
    std::memcpy(&y, place, sizeof y);
    for (size_t row = 0; row < kTileRows; ++row) {
      const double x = rows[row][j];
      if constexpr (kTerm == BlockTerm::kFusedProduct) {
        for (size_t lane = 0; lane < kBlock; ++lane) {
          sums[row][lane] = __builtin_fma(x, y[lane], sums[row][lane]);
        }
        continue;
      }
      const Eight difference = x - y;
      if constexpr (kTerm == BlockTerm::kSquare) {
        sums[row] += difference * difference;
      } else {
        const Eight absolute = difference < 0.0 ? -difference : difference;
        if constexpr (kTerm == BlockTerm::kAbsolute) {
          sums[row] += absolute;
        } else {
          sums[row] = absolute > sums[row] ? absolute : sums[row];
        }
      }
    }
  }
  std::memcpy(out, sums, sizeof sums);
}

using BlockFunction = void (*)(const PointBlock& block, const double* const* rows, double* out);

#if defined(__x86_64__)
#define SLIPWAY_TARGET(features) [[gnu::target(features)]]
#else
#define SLIPWAY_TARGET(features)
#endif

template <BlockTerm kTerm>
void block_baseline(const PointBlock& block, const double* const* rows, double* out) {
  block_terms<kTerm>(block, rows, out);
}

template <BlockTerm kTerm>
SLIPWAY_TARGET("avx2,fma")
void block_avx2(const PointBlock& block, const double* const* rows, double* out) {
  block_terms<kTerm>(block, rows, out);
}

template <BlockTerm kTerm>
SLIPWAY_TARGET("avx512f,avx512dq,avx512vl,fma")
void block_avx512(const PointBlock& block, const double* const* rows, double* out) {
  block_terms<kTerm>(block, rows, out);
}

}  // namespace slipway::engine
