// Arbitrary bytes to MLflow's reader, for models with and without names, with texts and of records.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "protocols/mlflow/request.h"

namespace {

using slipway::ColumnType;

slipway::Signature signature(bool named) {
  slipway::Signature made;
  made.columns = {{"age"}, {"city", named ? ColumnType::kText : ColumnType::kNumber}, {"b"}};
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

/// One of each type, and a list.
slipway::RequestSchema schema() {
  slipway::RequestSchema made;
  made.optional_columns = {"age", "record"};
  made.has_parameters = true;
  for (uint8_t type = 0; type < 8; ++type) {
    const bool is_list = type == 2;
    made.parameters.push_back({std::string(1, static_cast<char>('a' + type)),
                               static_cast<slipway::RequestParameter::Type>(type), is_list, ""});
  }
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::protocols;  // NOLINT(google-build-using-namespace)
  static ReadBuffers buffers;
  static slipway::InputBuffer input;
  static const slipway::RequestSchema described = schema();
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const slipway::Signature& model : {signature(false), signature(true), of_records()}) {
    const slipway::Status status =
        mlflow::read_invocation(body, model, {}, &described, buffers, input);
    CHECK(!status.ok() || input.rows() > 0);
  }
  return 0;
}
