// Sums of products, each product added with one rounding. This source is compiled with
// -ffp-contract=fast: GCC 12 has no other way to say a fused step of vectors for any target. No
// other product is rounded otherwise by that: -2 times a number is exact.
#include "base/check.h"
#include "engine/kernels/internal/neighbor_blocks.h"
#include "engine/kernels/internal/neighbor_filter.h"

namespace slipway::engine {
namespace {

#if defined(__clang__) || !defined(__OPTIMIZE__)
// Clang's checks stand between product and sum and part them; its vectors come from lanes as well.
constexpr Product kSteps = Product::kLanes;
#else
constexpr Product kSteps = Product::kContracted;
#endif

template <Term kTerm>
bool fused_baseline(const BlockPair& points, const RowTile& tile, double* out) {
  block_sums<kTerm, Product::kLanes, 0, 1, Eight>(points.values, points.features, tile.rows, out);
  block_sums<kTerm, Product::kLanes, 1, 1, Eight>(points.values, points.features, tile.rows, out);
  return finish_baseline<kTerm>(points, tile, out);
}

#if defined(__x86_64__)

/// Sixteen registers hold the sums of one block.
template <Term kTerm>
SLIPWAY_TARGET("avx2,fma")
bool fused_avx2(const BlockPair& points, const RowTile& tile, double* out) {
  block_sums<kTerm, kSteps, 0, 1, Eight>(points.values, points.features, tile.rows, out);
  block_sums<kTerm, kSteps, 1, 1, Eight>(points.values, points.features, tile.rows, out);
  return finish_avx2<kTerm>(points, tile, out);
}

template <Term kTerm>
SLIPWAY_TARGET("avx512f,avx512dq,avx512vl,fma")
bool fused_avx512(const BlockPair& points, const RowTile& tile, double* out) {
  block_sums<kTerm, kSteps, 0, 2, Eight>(points.values, points.features, tile.rows, out);
  return finish_avx512<kTerm>(points, tile, out);
}

#endif

template <Term kTerm>
BlockFunction function_for([[maybe_unused]] BlockTarget target) {
#if defined(__x86_64__)
  if (target == BlockTarget::kAvx512) return fused_avx512<kTerm>;
  if (target == BlockTarget::kAvx2) return fused_avx2<kTerm>;
#endif
  return fused_baseline<kTerm>;
}

#if defined(__x86_64__)

constexpr size_t kHalf = kFilterPoints / 2;

SLIPWAY_TARGET("avx2,fma")
void filter_avx2(const FilterBlocks& points, const FilterTile& tile, uint32_t* masks) {
  std::array<float, kTileRows * kFilterPoints> dots;
  block_sums<Term::kExpanded, kSteps, 0, 1, Sixteen>(points.values, points.features, tile.rows,
                                                     dots.data());
  block_sums<Term::kExpanded, kSteps, 1, 1, Sixteen>(points.values, points.features, tile.rows,
                                                     dots.data());
  for (size_t row = 0; row < kTileRows; ++row) {
    const __m256 limit = _mm256_set1_ps(tile.limits[row]);
    uint32_t mask = 0;
    for (size_t i = 0; i < kFilterPoints; i += 8) {
      const __m256 dot = _mm256_loadu_ps(dots.data() + row * kFilterPoints + i);
      const __m256 side = _mm256_sub_ps(dot, _mm256_loadu_ps(points.halves + i));
      const int found = _mm256_movemask_ps(_mm256_cmp_ps(side, limit, _CMP_NLT_UQ));
      mask |= static_cast<uint32_t>(found) << i;
    }
    masks[row] = mask;
  }
}

SLIPWAY_TARGET("avx512f,avx512dq,avx512vl,fma")
void filter_avx512(const FilterBlocks& points, const FilterTile& tile, uint32_t* masks) {
  std::array<float, kTileRows * kFilterPoints> dots;
  block_sums<Term::kExpanded, kSteps, 0, 2, Sixteen>(points.values, points.features, tile.rows,
                                                     dots.data());
  for (size_t row = 0; row < kTileRows; ++row) {
    const __m512 limit = _mm512_set1_ps(tile.limits[row]);
    uint32_t mask = 0;
    for (size_t i = 0; i < kFilterPoints; i += kHalf) {
      const __m512 dot = _mm512_loadu_ps(dots.data() + row * kFilterPoints + i);
      const __m512 side = _mm512_sub_ps(dot, _mm512_loadu_ps(points.halves + i));
      mask |= uint32_t{_mm512_cmp_ps_mask(side, limit, _CMP_NLT_UQ)} << i;
    }
    masks[row] = mask;
  }
}

#endif

}  // namespace

FilterFunction filter_function([[maybe_unused]] BlockTarget target) {
#if defined(__x86_64__)
  if (target == BlockTarget::kAvx512) return filter_avx512;
  if (target == BlockTarget::kAvx2) return filter_avx2;
#endif
  return nullptr;
}

BlockFunction fused_block_function(Term term, BlockTarget target) {
  CHECK(term == Term::kExpanded || term == Term::kCosine);
  return term == Term::kExpanded ? function_for<Term::kExpanded>(target)
                                 : function_for<Term::kCosine>(target);
}

}  // namespace slipway::engine
