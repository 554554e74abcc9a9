// Reads the bytes as a CatBoost model, .cbm or JSON; what is read is compiled and run. The mutator
// changes numbers of a .cbm file in place, so that offsets, counts and indices contradict each
// other where random bytes would hardly be read at all.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "formats/catboost/format.h"
#include "formats/model_fuzz.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t size_max);

namespace {

uint32_t next_random(uint32_t& state) {
  state = state * 1664525 + 1013904223;
  return state >> 8;
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t size_max,
                                          unsigned int seed) {
  static constexpr std::array<uint32_t, 10> kValues = {
      0, 1, 2, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fc00000, 1U << 20U};
  uint32_t state = seed;
  const bool is_cbm = size >= 16 && std::memcmp(data, "CBM1", 4) == 0;
  if (!is_cbm || next_random(state) % 8 == 0) return LLVMFuzzerMutate(data, size, size_max);
  for (uint32_t i = 1 + next_random(state) % 3; i > 0; --i) {
    const size_t place = 4 + next_random(state) % (size / 4 - 1) * 4;  // words are aligned
    uint32_t value = 0;
    std::memcpy(&value, data + place, sizeof(value));
    switch (next_random(state) % 4) {
      case 0: value += 1; break;
      case 1: value -= 1; break;
      case 2: value = next_random(state) % 64; break;
      default: value = kValues[next_random(state) % kValues.size()];
    }
    std::memcpy(data + place, &value, sizeof(value));
  }
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  slipway::Limits limits;
  limits.memory_bytes_max = 64U << 20U;
  static const auto kFormat = slipway::catboost::make_format();
  slipway::formats::run_bytes(*kFormat, std::string(reinterpret_cast<const char*>(data), size),
                              limits);
  return 0;
}
