// MurmurHash3, 32 bits: the hash of scikit-learn's FeatureHasher and HashingVectorizer.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace slipway::engine {

/// MurmurHash3_x86_32 with seed 0, as sklearn.utils.murmurhash3_bytes_s32 gives it.
inline int32_t murmur_hash(std::string_view text) {
  constexpr uint32_t kFirst = 0xcc9e2d51;
  constexpr uint32_t kSecond = 0x1b873593;
  uint32_t hash = 0;
  const size_t blocks = text.size() / 4;
  for (size_t i = 0; i < blocks; ++i) {
    uint32_t block = 0;
    std::memcpy(&block, text.data() + 4 * i, 4);
    if constexpr (std::endian::native == std::endian::big) block = __builtin_bswap32(block);
    hash ^= std::rotl(block * kFirst, 15) * kSecond;
    hash = std::rotl(hash, 13) * 5 + 0xe6546b64;
  }
  uint32_t tail = 0;
  for (size_t i = text.size(); i > 4 * blocks; --i) {
    tail = tail << 8U | static_cast<uint8_t>(text[i - 1]);
  }
  if (text.size() % 4 != 0) hash ^= std::rotl(tail * kFirst, 15) * kSecond;
  hash ^= static_cast<uint32_t>(text.size());
  hash ^= hash >> 16U;
  hash *= 0x85ebca6b;
  hash ^= hash >> 13U;
  hash *= 0xc2b2ae35;
  hash ^= hash >> 16U;
  return static_cast<int32_t>(hash);
}

/// The column that a feature of this hash is counted in.
inline uint32_t hashed_column(int32_t hash, uint32_t columns) {
  // As scikit-learn: the least number has no absolute value.
  if (hash == INT32_MIN) return (0x7fffffffU - (columns - 1)) % columns;
  return static_cast<uint32_t>(hash < 0 ? -hash : hash) % columns;
}

}  // namespace slipway::engine
