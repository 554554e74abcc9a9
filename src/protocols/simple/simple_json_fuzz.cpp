// Arbitrary bytes to the simple interface's reader, for a model with numbers and one with texts.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "protocols/simple/request.h"

namespace {

using slipway::ColumnType;

slipway::Signature signature(bool named) {
  slipway::Signature made;
  made.columns = {{"age"}, {"city", named ? ColumnType::kText : ColumnType::kNumber}, {"input"}};
  made.columns_named = named;
  made.matrices.strings = named;
  return made;
}

/// The row is a record, or one of its columns is.
slipway::Signature of_records(bool whole_row) {
  slipway::Signature made = signature(!whole_row);
  if (whole_row) made.columns.resize(1);
  made.columns[0].type = ColumnType::kRecord;
  made.rows_are_records = whole_row;
  made.matrices.records = true;
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::protocols;  // NOLINT(google-build-using-namespace)
  static ReadBuffers buffers;
  static slipway::InputBuffer input;
  static AnswerPlan plan;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const slipway::Signature& model :
       {signature(false), signature(true), of_records(false), of_records(true)}) {
    plan.clear();
    const slipway::Status status = simple::read_request(body, model, {}, buffers, input, plan);
    CHECK(!status.ok() || input.rows() > 0);
    CHECK(!status.ok() || !plan.single || input.rows() == 1);
  }
  return 0;
}
