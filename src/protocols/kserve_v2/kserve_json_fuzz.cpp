// Arbitrary bytes to the reader of Open Inference Protocol requests: the first byte splits the rest
// into JSON and binary part.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "protocols/kserve_v2/request.h"

namespace {

using slipway::ColumnType;

slipway::Signature signature(bool named) {
  slipway::Signature made;
  made.columns = {{"age"}, {"city", named ? ColumnType::kText : ColumnType::kNumber}};
  made.columns_named = named;
  made.matrices.strings = named;
  made.outputs = {{"predict", 0, slipway::DType::kFloat64, 1, true, {}, {}},
                  {"predict_proba", 0, slipway::DType::kFloat64, 3, false, {}, {}}};
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
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t binary_bytes = data[0] < body.size() ? data[0] : 0;
  const kserve_v2::Body parts{body.substr(0, body.size() - binary_bytes),
                              body.substr(body.size() - binary_bytes)};
  for (const slipway::Signature& model :
       {signature(false), signature(true), of_records(false), of_records(true)}) {
    slipway::OutputMask wanted = 0;
    const slipway::Status status =
        kserve_v2::read_request(parts, {model, {}}, buffers, input, plan, wanted);
    CHECK(!status.ok() || (wanted != 0 && !plan.outputs.empty()));
    CHECK(!status.ok() || input.rows() * input.columns() <= body.size());
  }
  return 0;
}
