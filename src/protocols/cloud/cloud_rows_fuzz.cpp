// Arbitrary bytes to the clouds' reader of rows, for models with and without names, with texts, of
// records.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "protocols/cloud/rows.h"

namespace {

using slipway::ColumnType;

slipway::Signature signature(bool named) {
  slipway::Signature made;
  made.columns = {{"age"}, {"city", named ? ColumnType::kText : ColumnType::kNumber}};
  made.columns_named = named;
  made.matrices.strings = named;
  return made;
}

slipway::Signature of_records() {
  slipway::Signature made;
  made.columns = {{"record", ColumnType::kRecord}};
  made.rows_are_records = true;
  made.matrices.records = true;
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::protocols;  // NOLINT(google-build-using-namespace)
  static ReadBuffers buffers;
  static slipway::InputBuffer input;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const slipway::Signature& model : {signature(false), signature(true), of_records()}) {
    for (const auto format : {cloud::RowsFormat::kJson, cloud::RowsFormat::kJsonLines}) {
      const slipway::Status status = cloud::read_rows(body, format, model, {}, buffers, input);
      CHECK(!status.ok() || input.rows() > 0);
    }
  }
  return 0;
}
