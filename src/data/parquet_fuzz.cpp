// Fuzz target: any bytes as a Parquet file, read into a Frame by the plug-in. Its decoder is
// Arrow's; what is sought is a table that it lets pass and we misread, and memory beyond the limit.
#include <cstdlib>
#include <string_view>

#include "base/check.h"
#include "data/read_frame.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  setenv("SLIPWAY_PLUGIN_DIR", SLIPWAY_FUZZ_PLUGIN_DIR, 0);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  slipway::data::ReadOptions options;
  options.format = "parquet";
  options.memory_bytes_max = 16 << 20;
  const auto frame = slipway::data::read_frame_bytes(bytes, "", options);
  if (!frame.ok()) return 0;
  for (const slipway::data::Column& column : frame->columns) {
    CHECK(column.rows() == frame->rows);
    for (size_t row = 0; row < frame->rows && row < 100; ++row) {
      CHECK(!column.is_text() || column.is_missing(row) ||
            static_cast<size_t>(column.codes[row]) < column.dictionary.size());
    }
  }
  return 0;
}
