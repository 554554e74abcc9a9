// Loading one element of an array from its bytes: any dtype and byte order, unaligned.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>

#include "formats/pickle/internal/dtype.h"

namespace slipway::pickle {

static_assert(std::endian::native == std::endian::little);

template <size_t size>
struct UnsignedOfSize;
template <>
struct UnsignedOfSize<1> {
  using Type = uint8_t;
};
template <>
struct UnsignedOfSize<2> {
  using Type = uint16_t;
};
template <>
struct UnsignedOfSize<4> {
  using Type = uint32_t;
};
template <>
struct UnsignedOfSize<8> {
  using Type = uint64_t;
};

template <typename T>
T swap_bytes(T value) {
  if constexpr (sizeof(T) == 2) return static_cast<T>(__builtin_bswap16(value));
  if constexpr (sizeof(T) == 4) return static_cast<T>(__builtin_bswap32(value));
  if constexpr (sizeof(T) == 8) return static_cast<T>(__builtin_bswap64(value));
  return value;
}

/// Loads a T.
template <typename T>
struct Load {
  bool big_endian;
  T operator()(const char* at) const {
    typename UnsignedOfSize<sizeof(T)>::Type bits;
    std::memcpy(&bits, at, sizeof bits);
    return std::bit_cast<T>(big_endian ? swap_bytes(bits) : bits);
  }
};

/// numpy.bool_: any byte but zero is true.
struct LoadBool {
  bool operator()(const char* at) const { return *at != 0; }
};

/// IEEE binary16; exact in a float.
struct LoadHalf {
  bool big_endian;
  float operator()(const char* at) const;
};

/// x87's 80-bit extended precision in 16 bytes, which numpy.longdouble is on x86-64; rounded.
struct LoadLongDouble {
  bool big_endian;
  double operator()(const char* at) const;
};

/// Calls visit(loader) with the loader of a real dtype; false if it is another kind.
template <typename Visit>
bool visit_real(const Dtype& dtype, Visit&& visit) {
  if (dtype.is_complex || dtype.has_subarray) return false;
  const bool big = dtype.big_endian;
  switch (dtype.kind) {
    case ElementKind::kBool: visit(LoadBool{}); return true;
    case ElementKind::kInt:
      if (dtype.item_bytes == 1) visit(Load<int8_t>{big});
      if (dtype.item_bytes == 2) visit(Load<int16_t>{big});
      if (dtype.item_bytes == 4) visit(Load<int32_t>{big});
      if (dtype.item_bytes == 8) visit(Load<int64_t>{big});
      return true;
    case ElementKind::kUint:
      if (dtype.item_bytes == 1) visit(Load<uint8_t>{big});
      if (dtype.item_bytes == 2) visit(Load<uint16_t>{big});
      if (dtype.item_bytes == 4) visit(Load<uint32_t>{big});
      if (dtype.item_bytes == 8) visit(Load<uint64_t>{big});
      return true;
    case ElementKind::kFloat:
      if (dtype.item_bytes == 2) visit(LoadHalf{big});
      if (dtype.item_bytes == 4) visit(Load<float>{big});
      if (dtype.item_bytes == 8) visit(Load<double>{big});
      if (dtype.item_bytes == 16) visit(LoadLongDouble{big});
      return true;
    default: return false;
  }
}

/// A <U element as UTF-8, without the zeros that fill it up; nullopt if it is no Unicode.
std::optional<std::string> load_text(const Dtype& dtype, const char* at);
/// An S element without the zeros that fill it up.
std::string load_bytes(const Dtype& dtype, const char* at);

/// `real` as an int64 if it is an integer in range.
template <typename T>
std::optional<int64_t> to_int64(T real) {
  if constexpr (std::is_floating_point_v<T>) {
    // 2^63 is exact in both types; NaN fails the comparison.
    if (!(real >= -0x1p63 && real < 0x1p63) || std::trunc(real) != real) return std::nullopt;
    return static_cast<int64_t>(real);
  } else if constexpr (std::is_same_v<T, uint64_t>) {
    if (real > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
    return static_cast<int64_t>(real);
  } else {
    return static_cast<int64_t>(real);
  }
}

}  // namespace slipway::pickle
