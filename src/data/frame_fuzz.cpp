// Fuzz target: any bytes as a table of texts (CSV, TSV, JSON lines, with inference, gzip and zstd),
// its profile, and as a schema. The first byte chooses which.
#include <string>
#include <string_view>

#include "base/check.h"
#include "data/profile.h"
#include "data/read_frame.h"

namespace {

using slipway::data::Column;
using slipway::data::Frame;

void check_frame(const Frame& frame) {
  for (const Column& column : frame.columns) {
    CHECK(column.rows() == frame.rows);
    size_t missing = 0;
    for (size_t row = 0; row < frame.rows; ++row) {
      missing += column.is_missing(row) ? 1 : 0;
      CHECK(!column.is_text() || column.is_missing(row) ||
            static_cast<size_t>(column.codes[row]) < column.dictionary.size());
    }
    CHECK(missing == column.missing_count);
  }
}

void read_table(std::string_view text, const char* format) {
  slipway::data::ReadOptions options;
  options.format = format;
  options.memory_bytes_max = 16 << 20;
  const auto frame = slipway::data::read_frame_bytes(text, "", options);
  if (!frame.ok()) return;
  check_frame(*frame);
  const std::string target = frame->columns.empty() ? "" : frame->columns[0].name;
  if (frame->rows <= 1000 && frame->columns.size() <= 50) {
    static_cast<void>(slipway::data::profile_frame(*frame, target).ok());
  }
  // What is written of a table, reads it again.
  const auto schema = slipway::data::parse_schema(slipway::data::write_schema(*frame, {}));
  CHECK(schema.ok());
  options.schema = *schema;
  const auto again = slipway::data::read_frame_bytes(text, "", options);
  CHECK(again.ok());
  CHECK(again->rows == frame->rows);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: read_table(text, "auto"); break;
    case 1: read_table(text, "csv"); break;
    case 2: read_table(text, "jsonl"); break;
    default: {
      const auto schema = slipway::data::parse_schema(text);
      if (schema.ok()) {
        slipway::data::ReadOptions options;
        options.schema = *schema;
        static_cast<void>(slipway::data::read_frame_bytes("a,b\n1,x\n", "", options).ok());
      }
      slipway::data::Schema typed;
      static_cast<void>(slipway::data::add_column_type(text, typed).ok());
    }
  }
  return 0;
}
