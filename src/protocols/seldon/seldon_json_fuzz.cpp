// Arbitrary bytes to Seldon's readers, for models with and without names, with texts, of records.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "protocols/seldon/request.h"

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
  static seldon::Message message;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const slipway::Signature& model : {signature(false), signature(true), of_records()}) {
    const slipway::Status status = seldon::read_message(body, model, {}, buffers, input, message);
    CHECK(!status.ok() || input.rows() > 0);
  }
  static_cast<void>(seldon::read_feedback(body, buffers));
  return 0;
}
