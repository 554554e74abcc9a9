// The hashes of graph/ops/category_statistics.h: CityHash64 as first published (version 1.0, which
// differs from the later ones), of which CatBoost keeps the lower half. Files hold such hashes, so
// every bit counts.
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "graph/ops/category_statistics.h"

namespace slipway {
namespace {

// Constants of the algorithm.
constexpr uint64_t kPrime0 = 0xc3a5c85c97cb3127;
constexpr uint64_t kPrime1 = 0xb492b66fbe98f273;
constexpr uint64_t kPrime2 = 0x9ae16a3b2f90404f;
constexpr uint64_t kPrime3 = 0xc949d7c7509e6557;
constexpr uint64_t kMix = 0x9ddfea08eb382d69;

using Pair = std::pair<uint64_t, uint64_t>;

template <typename T>
uint64_t read(std::string_view text, size_t at) {
  T value = 0;
  std::memcpy(&value, text.data() + at, sizeof(T));
  return value;
}
uint64_t word(std::string_view text, size_t at) { return read<uint64_t>(text, at); }
/// A word that begins `back` bytes before the end.
uint64_t last_word(std::string_view text, size_t back) { return word(text, text.size() - back); }

uint64_t fold(uint64_t value) { return value ^ (value >> 47); }

uint64_t join(uint64_t low, uint64_t high) {
  const uint64_t a = fold((low ^ high) * kMix);
  return fold((high ^ a) * kMix) * kMix;
}

uint64_t hash_to_16(std::string_view text) {
  const size_t size = text.size();
  if (size > 8) {
    const uint64_t tail = last_word(text, 8);
    return join(word(text, 0), std::rotr(tail + size, static_cast<int>(size))) ^ tail;
  }
  if (size >= 4) {
    return join(size + (read<uint32_t>(text, 0) << 3), read<uint32_t>(text, size - 4));
  }
  if (size == 0) return kPrime2;
  const uint32_t first = read<uint8_t>(text, 0) + (read<uint8_t>(text, size >> 1) << 8);
  const uint32_t last = static_cast<uint32_t>(size) + (read<uint8_t>(text, size - 1) << 2);
  return fold(first * kPrime2 ^ last * kPrime3) * kPrime2;
}

uint64_t hash_17_to_32(std::string_view text) {
  const uint64_t a = word(text, 0) * kPrime1;
  const uint64_t b = word(text, 8);
  const uint64_t c = last_word(text, 8) * kPrime2;
  const uint64_t d = last_word(text, 16) * kPrime0;
  return join(std::rotr(a - b, 43) + std::rotr(c, 30) + d,
              a + std::rotr(b ^ kPrime3, 20) - c + text.size());
}

/// One half of the hash of 33 to 64 bytes: 32 bytes from `at`, with a seed for the first word.
Pair hash_half(std::string_view text, size_t at, uint64_t seed) {
  uint64_t a = seed;
  const uint64_t last = word(text, at + 24);
  uint64_t b = std::rotr(a + last, 52);
  uint64_t c = std::rotr(a, 37);
  a += word(text, at + 8);
  c += std::rotr(a, 7);
  a += word(text, at + 16);
  return {a + last, b + std::rotr(a, 31) + c};
}

uint64_t hash_33_to_64(std::string_view text) {
  const size_t size = text.size();
  const Pair v = hash_half(text, 0, word(text, 0) + (size + last_word(text, 16)) * kPrime0);
  const Pair w = hash_half(text, size - 32, word(text, 16) + last_word(text, 32));
  const uint64_t r = fold((v.first + w.second) * kPrime2 + (w.first + v.second) * kPrime0);
  return fold(r * kPrime0 + v.second) * kPrime2;
}

/// A weak hash of 32 bytes from `at` with two seeds.
Pair hash_32(std::string_view text, size_t at, uint64_t a, uint64_t b) {
  const uint64_t last = word(text, at + 24);
  a += word(text, at);
  b = std::rotr(b + a + last, 21);
  const uint64_t c = a;
  a += word(text, at + 8) + word(text, at + 16);
  b += std::rotr(a, 44);
  return {a + last, b + c};
}

uint64_t hash_long(std::string_view text) {
  const size_t size = text.size();
  uint64_t x = word(text, 0);
  uint64_t y = last_word(text, 16) ^ kPrime1;
  uint64_t z = last_word(text, 56) ^ kPrime0;
  Pair v = hash_32(text, size - 64, size, y);
  Pair w = hash_32(text, size - 32, size * kPrime1, kPrime0);
  z += fold(v.second) * kPrime1;
  x = std::rotr(z + x, 39) * kPrime1;
  y = std::rotr(y, 33) * kPrime1;
  const size_t end = (size - 1) / 64 * 64;
  for (size_t at = 0; at < end; at += 64) {
    x = std::rotr(x + y + v.first + word(text, at + 16), 37) * kPrime1;
    y = std::rotr(y + v.second + word(text, at + 48), 42) * kPrime1;
    x ^= w.second;
    y ^= v.first;
    z = std::rotr(z ^ w.first, 33);
    v = hash_32(text, at, v.second * kPrime1, x + w.first);
    w = hash_32(text, at + 32, z + w.second, y);
    std::swap(z, x);
  }
  return join(join(v.first, w.first) + fold(y) * kPrime1 + z, join(v.second, w.second) + x);
}

}  // namespace

uint32_t category_hash(std::string_view category) {
  const size_t size = category.size();
  const uint64_t hash = size <= 16   ? hash_to_16(category)
                        : size <= 32 ? hash_17_to_32(category)
                        : size <= 64 ? hash_33_to_64(category)
                                     : hash_long(category);
  return static_cast<uint32_t>(hash);
}

uint64_t combine_hashes(uint64_t hash, uint64_t part) {
  constexpr uint64_t kMultiplier = 0x4906ba494954cb65;
  return kMultiplier * (hash + kMultiplier * part);
}

}  // namespace slipway
