// Sums of differences.
#include "engine/kernels/internal/neighbor_blocks.h"

namespace slipway::engine {
namespace {

template <Term kTerm>
bool block_baseline(const BlockPair& points, const RowTile& tile, double* out) {
  block_sums<kTerm, Product::kPlain, 0, 1, Eight>(points.values, points.features, tile.rows, out);
  block_sums<kTerm, Product::kPlain, 1, 1, Eight>(points.values, points.features, tile.rows, out);
  return finish_baseline<kTerm>(points, tile, out);
}

#if defined(__x86_64__)

/// Sixteen registers hold the sums of one block.
template <Term kTerm>
SLIPWAY_TARGET("avx2,fma")
bool block_avx2(const BlockPair& points, const RowTile& tile, double* out) {
  block_sums<kTerm, Product::kPlain, 0, 1, Eight>(points.values, points.features, tile.rows, out);
  block_sums<kTerm, Product::kPlain, 1, 1, Eight>(points.values, points.features, tile.rows, out);
  return finish_avx2<kTerm>(points, tile, out);
}

template <Term kTerm>
SLIPWAY_TARGET("avx512f,avx512dq,avx512vl,fma")
bool block_avx512(const BlockPair& points, const RowTile& tile, double* out) {
  block_sums<kTerm, Product::kPlain, 0, 2, Eight>(points.values, points.features, tile.rows, out);
  return finish_avx512<kTerm>(points, tile, out);
}

#endif

template <Term kTerm>
BlockFunction function_for([[maybe_unused]] BlockTarget target) {
#if defined(__x86_64__)
  if (target == BlockTarget::kAvx512) return block_avx512<kTerm>;
  if (target == BlockTarget::kAvx2) return block_avx2<kTerm>;
#endif
  return block_baseline<kTerm>;
}

}  // namespace

BlockFunction block_function(Term term, BlockTarget target) {
  switch (term) {
    case Term::kSquare: return function_for<Term::kSquare>(target);
    case Term::kAbsolute: return function_for<Term::kAbsolute>(target);
    case Term::kGreatest: return function_for<Term::kGreatest>(target);
    case Term::kExpanded:
    case Term::kCosine: break;
  }
  return nullptr;
}

}  // namespace slipway::engine
