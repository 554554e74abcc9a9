#include "training/random.h"

#include <numeric>
#include <utility>

namespace slipway::training {
namespace {

std::mt19937_64 seeded(uint64_t seed, uint64_t stream) {
  std::seed_seq sequence{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32U),
                         static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32U)};
  return std::mt19937_64(sequence);
}

}  // namespace

Random::Random(uint64_t seed, uint64_t stream) : engine_(seeded(seed, stream)) {}

uint64_t Random::below(uint64_t count) {
  __extension__ using Wide = unsigned __int128;
  Wide product = static_cast<Wide>(engine_()) * count;
  if (static_cast<uint64_t>(product) < count) {
    const uint64_t biased = -count % count;  // 2^64 mod count
    while (static_cast<uint64_t>(product) < biased) {
      product = static_cast<Wide>(engine_()) * count;
    }
  }
  return static_cast<uint64_t>(product >> 64U);
}

double Random::uniform() { return static_cast<double>(engine_() >> 11U) * 0x1p-53; }

void Random::shuffle(std::span<uint32_t> values) {
  for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
}

std::vector<uint32_t> Random::permutation(uint32_t count) {
  std::vector<uint32_t> values(count);
  std::iota(values.begin(), values.end(), 0U);
  shuffle(values);
  return values;
}

}  // namespace slipway::training
