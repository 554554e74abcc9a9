// Parquet files as Arrow's C stream.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rows/arrow_plugin.h"

namespace slipway_arrow {

/// SlipwayArrowPlugin::open_parquet.
int open_parquet(const void* bytes, size_t size, int64_t memory_max, ArrowArrayStream* out,
                 SlipwayArrowError error);

}  // namespace slipway_arrow
