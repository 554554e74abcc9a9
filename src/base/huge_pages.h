// Large pages for large tables.
#pragma once

#include <cstddef>

namespace slipway {

/// Asks for large pages for the part of fresh memory that they fit into: touching memory for the
/// first time costs more than filling it otherwise. Where there are none, nothing happens.
void advise_huge_pages(void* memory, size_t size_bytes);

}  // namespace slipway
