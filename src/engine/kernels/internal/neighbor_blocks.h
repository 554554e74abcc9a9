// Distances of four rows to sixteen points at once, in vector registers: the innermost loop of
// brute-force searches for neighbours (kernels/neighbors.cpp).
//
// Points lie in blocks of eight, feature by feature. Every distance grows in feature order, so that
// its bits are those of a loop over one row and one point.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#if defined(__x86_64__)
#define SLIPWAY_TARGET(features) [[gnu::target(features)]]
#else
#define SLIPWAY_TARGET(features)
#endif

namespace slipway::engine {

inline constexpr size_t kBlock = 8;
inline constexpr size_t kPair = 2 * kBlock;  // points that are compared at once
inline constexpr size_t kTileRows = 4;

/// To whole pairs of blocks.
inline size_t padded(size_t count) { return (count + kPair - 1) / kPair * kPair; }

/// `points` row-major; what the last pair lacks is zeros. Block b begins at b x 8 x features.
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

/// Numbers that the compiler keeps in the widest registers of the function's target.
using Eight = double __attribute__((vector_size(64)));
using Sixteen = float __attribute__((vector_size(64)));

enum class Term : uint8_t { kSquare, kAbsolute, kGreatest, kExpanded, kCosine };

struct BlockPair {
  const double* values;  // two blocks, each features x 8
  size_t features;
  const double* norms;  // kExpanded: |y|^2 of the sixteen
};

struct RowTile {
  const double* const* rows;            // kTileRows of them
  std::array<double, kTileRows> norms;  // kExpanded: |x|^2
  std::array<double, kTileRows> limits;
};

/// out[row][point]: reduced distances. Whether any of them is below its row's limit, or no number.
using BlockFunction = bool (*)(const BlockPair& points, const RowTile& tile, double* out);

enum class BlockTarget : uint8_t { kBaseline, kAvx2, kAvx512 };

/// Of kSquare, kAbsolute and kGreatest; of the others null.
BlockFunction block_function(Term term, BlockTarget target);
/// Of kExpanded and kCosine, which add up products in fused steps, as BLAS does.
BlockFunction fused_block_function(Term term, BlockTarget target);

/// How an element of a vector product is added: kPlain rounds twice; kContracted is for sources
/// that are compiled with -ffp-contract=fast, and rounds once; kLanes too, on any processor.
enum class Product : uint8_t { kPlain, kContracted, kLanes };

/// The row's terms of one feature, with the points of a block.
template <Term kTerm, Product kProduct, typename Vector, typename Number>
[[gnu::always_inline]] inline void add_terms(Vector& sums, Number x, const Vector& y) {
  if constexpr (kProduct == Product::kLanes) {
    for (size_t lane = 0; lane < sizeof(Vector) / sizeof(Number); ++lane) {
      sums[lane] = __builtin_fma(x, y[lane], sums[lane]);
    }
  } else if constexpr (kProduct == Product::kContracted) {
    sums += x * y;
  } else {
    const Vector difference = x - y;
    const Vector absolute = difference < 0.0 ? -difference : difference;
    if constexpr (kTerm == Term::kSquare) sums += difference * difference;
    if constexpr (kTerm == Term::kAbsolute) sums += absolute;
    if constexpr (kTerm == Term::kGreatest) sums = absolute > sums ? absolute : sums;
  }
}

/// out[row][point]: the sums over all features, of kBlocks of two blocks from kFirst on; each block
/// holds `features` vectors.
template <Term kTerm, Product kProduct, size_t kFirst, size_t kBlocks, typename Vector,
          typename Number>
[[gnu::always_inline]] inline void block_sums(const Number* values, size_t features,
                                              const Number* const* rows, Number* out) {
  constexpr size_t kLanes = sizeof(Vector) / sizeof(Number);
  Vector sums[kBlocks][kTileRows] = {};
  const size_t block_size = features * kLanes;
  const Number* place = values + kFirst * block_size;
  for (size_t j = 0; j < features; ++j, place += kLanes) {
    Vector y[kBlocks];
#pragma GCC unroll 2
    for (size_t b = 0; b < kBlocks; ++b) std::memcpy(&y[b], place + b * block_size, sizeof y[b]);
#pragma GCC unroll 4
    for (size_t row = 0; row < kTileRows; ++row) {
      const Number x = rows[row][j];
#pragma GCC unroll 2
      for (size_t b = 0; b < kBlocks; ++b) add_terms<kTerm, kProduct>(sums[b][row], x, y[b]);
    }
  }
#pragma GCC unroll 2
  for (size_t b = 0; b < kBlocks; ++b) {
#pragma GCC unroll 4
    for (size_t row = 0; row < kTileRows; ++row) {
      std::memcpy(out + (row * 2 + kFirst + b) * kLanes, &sums[b][row], sizeof(Vector));
    }
  }
}

/// From sums to reduced distances, and the answer of a BlockFunction.
template <Term kTerm>
inline bool finish_baseline(const BlockPair& points, const RowTile& tile, double* out) {
  bool is_nearer = false;
  for (size_t row = 0; row < kTileRows; ++row, out += kPair) {
    for (size_t i = 0; i < kPair; ++i) {
      double distance = out[i];
      if constexpr (kTerm == Term::kExpanded) {
        distance = (tile.norms[row] + -2 * distance) + points.norms[i];
        distance = distance > 0 ? distance : 0;
      } else if constexpr (kTerm == Term::kCosine) {
        distance = std::min(std::max(1 - distance, 0.0), 2.0);
      }
      out[i] = distance;
      is_nearer = is_nearer || !(distance >= tile.limits[row]);
    }
  }
  return is_nearer;
}

#if defined(__x86_64__)

// As finish_baseline(), by intrinsics: GCC 12 makes scalars of it otherwise. (Its unmasked maximum
// warns of its own header.)
template <Term kTerm>
SLIPWAY_TARGET("avx512f,avx512dq,avx512vl,fma")
inline bool finish_avx512(const BlockPair& points, const RowTile& tile, double* out) {
  const __m512d zero = _mm512_setzero_pd();
  unsigned nearer = 0;
  for (size_t row = 0; row < kTileRows; ++row) {
    for (size_t i = 0; i < kPair; i += 8, out += 8) {
      __m512d distance = _mm512_loadu_pd(out);
      if constexpr (kTerm == Term::kExpanded) {
        distance = _mm512_fmadd_pd(_mm512_set1_pd(-2), distance, _mm512_set1_pd(tile.norms[row]));
        distance = _mm512_add_pd(distance, _mm512_loadu_pd(points.norms + i));
        distance = _mm512_maskz_max_pd(0xFF, distance, zero);  // the second one if one is NaN
      } else if constexpr (kTerm == Term::kCosine) {
        distance = _mm512_maskz_max_pd(0xFF, zero, _mm512_sub_pd(_mm512_set1_pd(1), distance));
        distance = _mm512_maskz_min_pd(0xFF, _mm512_set1_pd(2), distance);
      }
      _mm512_storeu_pd(out, distance);
      nearer |= _mm512_cmp_pd_mask(distance, _mm512_set1_pd(tile.limits[row]), _CMP_NGE_UQ);
    }
  }
  return nearer != 0;
}

template <Term kTerm>
SLIPWAY_TARGET("avx2,fma")
inline bool finish_avx2(const BlockPair& points, const RowTile& tile, double* out) {
  const __m256d zero = _mm256_setzero_pd();
  __m256d nearer = zero;
  for (size_t row = 0; row < kTileRows; ++row) {
    for (size_t i = 0; i < kPair; i += 4, out += 4) {
      __m256d distance = _mm256_loadu_pd(out);
      if constexpr (kTerm == Term::kExpanded) {
        distance = _mm256_fmadd_pd(_mm256_set1_pd(-2), distance, _mm256_set1_pd(tile.norms[row]));
        distance = _mm256_add_pd(distance, _mm256_loadu_pd(points.norms + i));
        distance = _mm256_max_pd(distance, zero);
      } else if constexpr (kTerm == Term::kCosine) {
        distance = _mm256_max_pd(zero, _mm256_sub_pd(_mm256_set1_pd(1), distance));
        distance = _mm256_min_pd(_mm256_set1_pd(2), distance);
      }
      _mm256_storeu_pd(out, distance);
      const __m256d limit = _mm256_set1_pd(tile.limits[row]);
      nearer = _mm256_or_pd(nearer, _mm256_cmp_pd(distance, limit, _CMP_NGE_UQ));
    }
  }
  return _mm256_movemask_pd(nearer) != 0;
}

#endif

}  // namespace slipway::engine
