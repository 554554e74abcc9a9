// Arbitrary bytes to the reader of ModelInferRequest; where protobuf's own parser takes them too,
// both have seen the same request.
#include <inference.pb.h>

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "protocols/internal/proto_fields.h"
#include "protocols/kserve_v2/fuzz_models_test.h"
#include "protocols/kserve_v2/proto_request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::protocols;  // NOLINT(google-build-using-namespace)
  static ReadBuffers buffers;
  static slipway::InputBuffer input;
  static AnswerPlan plan;
  static const std::vector<slipway::Signature> models = kserve_v2::fuzz_models();
  silence_protobuf();
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  const slipway::Result<kserve_v2::ProtoHead> head = kserve_v2::read_proto_head(message);
  if (!head.ok()) return 0;
  inference::ModelInferRequest parsed;
  const bool taken = parsed.ParseFromArray(data, static_cast<int>(size));
  if (taken) {
    CHECK(head->model_name == parsed.model_name() && head->id == parsed.id());
    CHECK(head->has_raw_inputs == (parsed.raw_input_contents_size() > 0));
  }
  for (const slipway::Signature& model : models) {
    slipway::OutputMask wanted = 0;
    const slipway::Status status =
        kserve_v2::read_proto_request(message, *head, {model, {}}, buffers, input, plan, wanted);
    if (!status.ok()) continue;
    CHECK(wanted != 0 && !plan.outputs.empty());
    CHECK(input.rows() * input.columns() <= size * model.columns.size());
    if (taken) CHECK(static_cast<uint64_t>(parsed.inputs(0).shape(0)) == input.rows());
  }
  return 0;
}
