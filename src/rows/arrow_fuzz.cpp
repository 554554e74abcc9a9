// Fuzz target: any bytes as an Arrow stream or file, against models of numbers, texts and records.
// The plug-in itself is Arrow's; what is sought is a table that it lets pass and we misread.
#include <cstdlib>
#include <string>

#include "rows/arrow_rows.h"

namespace {

slipway::Signature model(slipway::ColumnType type, bool rows_are_records) {
  slipway::Signature signature;
  for (const char* name : {"x", "utf8", "view", "category", "decimal", "half", "record"}) {
    signature.columns.push_back({name, type});
    signature.columns.back().takes_integers = true;
    if (rows_are_records) break;
  }
  signature.rows_are_records = rows_are_records;
  signature.matrices = {.strings = type == slipway::ColumnType::kText,
                        .records = type == slipway::ColumnType::kRecord};
  return signature;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  setenv("SLIPWAY_PLUGIN_DIR", SLIPWAY_FUZZ_PLUGIN_DIR, 0);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using slipway::ColumnType;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (slipway::Signature signature :
       {model(ColumnType::kNumber, false), model(ColumnType::kText, false),
        model(ColumnType::kRecord, false), model(ColumnType::kRecord, true)}) {
    for (slipway::InputColumn& column : signature.columns) {
      // One column at a time: most tables have only some of them.
      for (slipway::InputColumn& other : signature.columns) other.is_used = &other == &column;
      signature.columns_named = true;
      auto source = slipway::rows::open_arrow_rows(bytes, signature, {});
      if (!source.ok()) continue;
      slipway::InputBuffer input;
      std::vector<slipway::rows::KeyCell> keys;
      for (int batch = 0; batch < 4; ++batch) {
        const auto count = (*source)->next(64, input, keys);
        if (!count.ok() || *count == 0) break;
      }
    }
  }
  return 0;
}
