// Eight lanes of the compiler's own vectors: it makes of them what the target has. All arithmetic
// on them is inlined into functions that are compiled once per instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#define SLIPWAY_INLINE [[gnu::always_inline]] inline

#if defined(__x86_64__)
#define SLIPWAY_TARGET(features) [[gnu::target(features)]]
#endif

namespace slipway::training {

using Lanes = double __attribute__((vector_size(64), aligned(8), may_alias));
using Bits = int64_t __attribute__((vector_size(64)));
inline constexpr size_t kLanes = 8;

// References rather than values: a 64-byte vector has no way of being passed before AVX-512.
SLIPWAY_INLINE void load(Lanes& to, const double* from) { std::memcpy(&to, from, sizeof to); }
SLIPWAY_INLINE void store(double* to, const Lanes& from) { std::memcpy(to, &from, sizeof from); }

/// exp of numbers in [-708, 0], to about 2 ulp: x = k ln 2 + r, a polynomial of degree 11 for
/// exp(r), and k added to the exponent.
SLIPWAY_INLINE void exp_lanes(Lanes& x) {
  constexpr double kMagic = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to a whole number
  const Lanes low = x - x - 708.0;
  x = x < low ? low : x;
  const Lanes shifted = x * 1.4426950408889634 + kMagic;
  const Lanes k = shifted - kMagic;
  const Lanes r = (x - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10;
  constexpr double kTerms[] = {2.505210838544172e-8,
                               2.755731922398589e-7,
                               2.7557319223985893e-6,
                               2.48015873015873e-5,
                               1.984126984126984e-4,
                               1.3888888888888889e-3,
                               8.333333333333333e-3,
                               4.1666666666666664e-2,
                               1.6666666666666666e-1,
                               0.5,
                               1.0,
                               1.0};
  Lanes p = r - r + kTerms[0];
#pragma GCC unroll 11
  for (size_t i = 1; i < 12; ++i) p = p * r + kTerms[i];
  Bits exponent;
  std::memcpy(&exponent, &shifted, sizeof exponent);
  exponent = (exponent << 52);
  Bits bits;
  std::memcpy(&bits, &p, sizeof bits);
  bits += exponent;
  std::memcpy(&x, &bits, sizeof x);
}

enum class VectorTarget : uint8_t { kBaseline, kAvx2, kAvx512 };

/// The best that this processor has.
inline VectorTarget vector_target() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    return VectorTarget::kAvx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return VectorTarget::kAvx2;
#endif
  return VectorTarget::kBaseline;
}

}  // namespace slipway::training
