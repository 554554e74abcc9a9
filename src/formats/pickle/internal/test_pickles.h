// Pickles written opcode by opcode, for tests of what no pickler writes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "formats/pickle/tree.h"

namespace slipway::pickle {

/// A little-endian integer of `size` bytes.
inline std::string little(uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes.push_back(static_cast<char>(value >> (8 * i)));
  return bytes;
}

/// SHORT_BINUNICODE.
inline std::string text(std::string_view value) {
  return "\x8c" + little(value.size(), 1) + std::string(value);
}

/// module and name by STACK_GLOBAL.
inline std::string global(std::string_view module, std::string_view name) {
  return text(module) + text(name) + "\x93";
}

/// PROTO 4 before and STOP behind.
inline std::string pickle_of(std::string_view body) { return "\x80\x04" + std::string(body) + "."; }

inline std::string repeated(std::string_view part, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += part;
  return all;
}

}  // namespace slipway::pickle
