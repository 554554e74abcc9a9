#include "engine/kernels/text_table.h"

#include <bit>
#include <cstring>
#include <random>

namespace slipway::engine {
namespace {

uint64_t process_seed() {
  static const uint64_t seed = [] {
    std::random_device device;
    return (uint64_t{device()} << 32 | device()) | 1;
  }();
  return seed;
}

/// The high and low half of a 128-bit product, folded.
uint64_t fold(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t hash_text(std::string_view text) {
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;
  const uint64_t seed = process_seed();
  uint64_t hash = seed ^ text.size();
  while (text.size() > 8) {
    uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    hash = fold(hash ^ word, kOdd ^ seed);
    text.remove_prefix(8);
  }
  uint64_t word = 0;
  // An empty view may have no data, which memcpy does not take.
  if (!text.empty()) std::memcpy(&word, text.data(), text.size());
  return fold(fold(hash ^ word, kOdd ^ seed), kOdd);
}

}  // namespace

void TextTable::reserve() { slots_.resize(std::bit_ceil(texts_.size() * 2 + 1)); }

void TextTable::insert(uint32_t position) {
  const size_t mask = slots_.size() - 1;
  size_t slot = hash_text(texts_[position]) & mask;
  while (slots_[slot] != 0 && texts_[slots_[slot] - 1] != texts_[position]) {
    slot = (slot + 1) & mask;
  }
  if (slots_[slot] == 0) slots_[slot] = position + 1;
}

int64_t TextTable::find(std::string_view text) const {
  if (slots_.empty()) return kUnknown;
  const size_t mask = slots_.size() - 1;
  for (size_t slot = hash_text(text) & mask; slots_[slot] != 0; slot = (slot + 1) & mask) {
    if (texts_[slots_[slot] - 1] == text) return int64_t{slots_[slot]} - 1;
  }
  return kUnknown;
}

}  // namespace slipway::engine
