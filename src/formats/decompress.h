// Whole-file decompression, in chunks so that a bomb is stopped long before it is written out.
//
// Knows zlib, gzip, bzip2, lzma (alone), xz, lz4 frames and zstd, told apart by their first bytes.
// Files of several members, streams or frames are read to the last; other bytes behind it are
// ignored, as Python's readers of these formats do for padding.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/status.h"

namespace slipway::formats {

enum class Compression : uint8_t { kNone, kZlib, kGzip, kBzip2, kLzma, kXz, kLz4, kZstd };

Compression detect_compression(std::string_view bytes);
/// "gzip" and so on; "" for kNone.
std::string_view compression_name(Compression compression);

/// DATA_LOSS (truncated, corrupt), RESOURCE_EXHAUSTED (size, ratio or the codec's own memory).
/// Not for kNone.
Result<std::string> decompress(std::string_view bytes, Compression compression,
                               const Limits& limits);

}  // namespace slipway::formats
