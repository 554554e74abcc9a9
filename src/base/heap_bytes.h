// heap_bytes: what a container holds on the heap, for budgets and metrics; for many small blocks
// with the allocator's own share. Room that a large vector has reserved and never touched is no
// memory.
//
//   size_t size_bytes() const override { return heap_bytes(nodes) + heap_bytes(names); }
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace slipway {

template <typename T>
size_t heap_bytes(const std::vector<T>& values) {
  return values.size() * sizeof(T);
}

/// 0 for a short text, which lies in the string itself.
inline size_t heap_bytes(const std::string& text) {
  constexpr size_t kBlockBytes = 16;  // the allocator's step; its own field takes half of one
  if (text.capacity() <= std::string().capacity()) return 0;
  return (text.capacity() + 1 + kBlockBytes / 2 + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
}

inline size_t heap_bytes(const std::vector<std::string>& texts) {
  size_t total = texts.size() * sizeof(std::string);
  for (const std::string& text : texts) total += heap_bytes(text);
  return total;
}

}  // namespace slipway
