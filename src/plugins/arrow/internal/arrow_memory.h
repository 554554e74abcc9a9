// What the plug-in's readers share: how an error is handed over, and bounded memory.
#pragma once

#include <arrow/memory_pool.h>

#include <cstdint>
#include <string>

#include "rows/arrow_plugin.h"

namespace slipway_arrow {

/// Writes the message; 1, the answer of a function that failed.
inline int fail(SlipwayArrowError error, const std::string& text) {
  if (error.size > 0) {
    const size_t size = text.copy(error.text, error.size - 1);
    error.text[size] = '\0';
  }
  return 1;
}

/// Memory of one reader, bounded.
struct Memory {
  explicit Memory(int64_t memory_max)
      : counted(arrow::system_memory_pool()), capped(&counted, memory_max) {}
  arrow::ProxyMemoryPool counted;
  arrow::CappedMemoryPool capped;
};

}  // namespace slipway_arrow
