// Reads the bytes as a scikit-learn model; what is read is compiled and run. The
// mutator knows where numbers are in a pickle, so that files stay readable while their widths,
// indices and counts contradict each other.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "formats/model_fuzz.h"
#include "formats/sklearn/reader.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t size_max);

namespace {

uint32_t next_random(uint32_t& state) {
  state = state * 1664525 + 1013904223;
  return state >> 8;
}

uint64_t interesting(uint32_t& state, uint64_t old) {
  static constexpr std::array<uint64_t, 16> kValues = {
      0,          1,
      2,          3,
      UINT64_MAX, 0x7f,
      0xff,       0x8000,
      0xffff,     1U << 20U,
      0x7fffffff, 0x80000000,
      1U << 4,    UINT64_MAX - 1,  // -1 and -2 are above
      1ULL << 62, 0x7ff8000000000000};
  switch (next_random(state) % 4) {
    case 0: return old + 1;
    case 1: return old - 1;
    case 2: return next_random(state) % 8;
    default: return kValues[next_random(state) % kValues.size()];
  }
}

/// Number arguments of BININT1, BININT2 and BININT: place and bytes.
struct Number {
  size_t place;
  size_t bytes;
};

std::vector<Number> find_integers(const uint8_t* data, size_t size) {
  std::vector<Number> found;
  for (size_t i = 0; i + 4 < size; ++i) {
    if (data[i] == 'K') found.push_back({i + 1, 1});
    if (data[i] == 'M') found.push_back({i + 1, 2});
    if (data[i] == 'J') found.push_back({i + 1, 4});
  }
  return found;
}

/// Eight bytes that look like a small int64 or a double, as array payloads hold them.
std::vector<Number> find_payload(const uint8_t* data, size_t size) {
  std::vector<Number> found;
  for (size_t i = 0; i + 8 <= size; ++i) {
    const bool small = data[i + 4] == 0 && data[i + 5] == 0 && data[i + 6] == 0 && data[i + 7] == 0;
    const bool number = data[i + 7] == 0x3f || data[i + 7] == 0x40 || data[i + 7] == 0xbf ||
                        data[i + 7] == 0xc0 || data[i + 7] == 0xff;
    if (small || number) found.push_back({i, 8});
  }
  return found;
}

void change_number(uint8_t* data, const Number& number, uint32_t& state) {
  uint64_t value = 0;
  std::memcpy(&value, data + number.place, number.bytes);
  value = interesting(state, value);
  std::memcpy(data + number.place, &value, number.bytes);
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t size_max,
                                          unsigned int seed) {
  uint32_t state = seed;
  const uint32_t choice = next_random(state) % 8;
  if (choice < 2 || size < 16) return LLVMFuzzerMutate(data, size, size_max);
  const std::vector<Number> places =
      choice < 5 ? find_integers(data, size) : find_payload(data, size);
  if (places.empty()) return LLVMFuzzerMutate(data, size, size_max);
  const uint32_t changes = 1 + next_random(state) % 3;
  for (uint32_t i = 0; i < changes; ++i) {
    change_number(data, places[next_random(state) % places.size()], state);
  }
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  slipway::Limits limits;
  limits.decompressed_bytes_max = 1 << 20;
  limits.objects_max = 100'000;
  limits.memory_bytes_max = 64 << 20;
  slipway::formats::run_report(
      slipway::sklearn::read(std::string(reinterpret_cast<const char*>(data), size), {}, limits));
  return 0;
}
