// Arbitrary bytes to the reader of Open Inference Protocol requests: the first byte splits the rest
// into JSON and binary part.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "protocols/kserve_v2/fuzz_models_test.h"
#include "protocols/kserve_v2/request.h"

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
  static const std::vector<slipway::Signature> models = kserve_v2::fuzz_models();
  for (const slipway::Signature& model : models) {
    slipway::OutputMask wanted = 0;
    const slipway::Status status =
        kserve_v2::read_request(parts, {model, {}}, buffers, input, plan, wanted);
    CHECK(!status.ok() || (wanted != 0 && !plan.outputs.empty()));
    CHECK(!status.ok() || input.rows() * input.columns() <= body.size());
    const slipway::Status raw =
        kserve_v2::read_raw_request(body, {model, {}}, buffers, input, plan, wanted);
    CHECK(!raw.ok() || input.rows() * input.columns() <= body.size());
  }
  return 0;
}
