// Limits: what a reader of untrusted bytes may spend. Passed in by the caller, never global.
#pragma once

#include <cstddef>
#include <cstdint>

namespace slipway {

/// Every reader takes these; exceeding one is RESOURCE_EXHAUSTED with the limit's name and value.
struct Limits {
  /// Largest file read, before decompression.
  uint64_t file_bytes_max = 4ULL << 30;
  /// Largest result of decompression.
  uint64_t decompressed_bytes_max = 8ULL << 30;
  /// A file may decompress to this size whatever it is compressed to: a matrix of zeros shrinks a
  /// thousand times in zlib and far more in bz2, xz and zstd.
  uint64_t decompressed_bytes_free = 256ULL << 20;
  /// Beyond that, to this many times its own size.
  uint64_t decompression_ratio_max = 200;
  /// Objects in a parse tree (each list item, dict entry and call argument counts).
  uint64_t objects_max = 50'000'000;
  /// Nesting of containers; readers must not recurse over input, whatever this says.
  uint32_t depth_max = 200;
  /// Entries in a pickle's memo.
  uint64_t memo_max = 50'000'000;
  /// Memory that a decoded model may take beside the file's own bytes.
  uint64_t memory_bytes_max = 16ULL << 30;
};

}  // namespace slipway
