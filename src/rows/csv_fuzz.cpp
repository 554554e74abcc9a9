// Fuzz target: any bytes as CSV and as JSON lines, against a model with a number and a text column.
#include <sstream>
#include <string>

#include "rows/row_source.h"

namespace {

void read_all(slipway::Result<std::unique_ptr<slipway::rows::RowSource>> source) {
  if (!source.ok()) return;
  slipway::InputBuffer input;
  std::vector<slipway::rows::KeyCell> keys;
  while (true) {
    const auto count = (*source)->next(16, input, keys);
    if (!count.ok() || *count == 0) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  slipway::Signature signature;
  signature.columns = {{"a"}, {"b", slipway::ColumnType::kText}};
  signature.columns_named = true;
  signature.matrices.strings = true;
  slipway::Signature records;
  records.columns = {{"record", slipway::ColumnType::kRecord}};
  records.rows_are_records = true;
  records.matrices.records = true;
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const slipway::Signature& model : {signature, records}) {
    std::istringstream csv(text);
    read_all(slipway::rows::open_csv_rows(csv, {}, model, {}));
    std::istringstream json(text);
    read_all(slipway::rows::open_json_rows(json, model, {}));
  }
  return 0;
}
