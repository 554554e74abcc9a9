// Arbitrary bytes as the body of :predict and of :classify.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "protocols/kserve_v2/fuzz_models_test.h"
#include "protocols/tf_serving/rest_examples.h"
#include "protocols/tf_serving/rest_request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::protocols;  // NOLINT(google-build-using-namespace)
  static ReadBuffers buffers;
  static slipway::InputBuffer input;
  static const std::vector<slipway::Signature> models = kserve_v2::fuzz_models();
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const slipway::Signature& model : models) {
    tf_serving::PredictBody read;
    const slipway::Status predict =
        tf_serving::read_predict(body, {model, {}}, buffers, input, read);
    CHECK(!predict.ok() || input.rows() <= body.size());
    std::string signature_name;
    const slipway::Status examples =
        tf_serving::read_examples(body, {model, {}}, buffers, input, signature_name);
    CHECK(!examples.ok() || (input.rows() > 0 && input.rows() <= body.size()));
  }
  return 0;
}
