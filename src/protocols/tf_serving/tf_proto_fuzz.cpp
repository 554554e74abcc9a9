// Arbitrary bytes as a PredictRequest and as a ClassificationRequest.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "protocols/internal/proto_fields.h"
#include "protocols/kserve_v2/fuzz_models_test.h"
#include "protocols/tf_serving/config_list.h"
#include "protocols/tf_serving/proto_request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::protocols;  // NOLINT(google-build-using-namespace)
  static ReadBuffers buffers;
  static slipway::InputBuffer input;
  static const std::vector<slipway::Signature> models = kserve_v2::fuzz_models();
  constexpr size_t kCellsFree = 1U << 20;  // a value may stand for many
  silence_protobuf();
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  static_cast<void>(tf_serving::read_config_list(message));
  tf_serving::ReadSpec spec;
  if (!tf_serving::read_spec(message, 1, spec).ok()) return 0;
  const auto examples = tf_serving::bytes_field(message, 2);
  for (const slipway::Signature& model : models) {
    AnswerPlan plan;
    slipway::OutputMask wanted = 0;
    const slipway::Status predict = tf_serving::read_predict_proto(message, {model, {}}, spec.spec,
                                                                   buffers, input, plan, wanted);
    CHECK(!predict.ok() || (wanted != 0 && !plan.outputs.empty()));
    CHECK(!predict.ok() ||
          input.rows() * input.columns() <= std::max(kCellsFree, size * model.columns.size()));
    if (!examples.ok()) continue;
    const slipway::Status read =
        tf_serving::read_input_proto(*examples, {model, {}}, buffers, input);
    CHECK(!read.ok() || (input.rows() > 0 && input.rows() <= size));
  }
  return 0;
}
