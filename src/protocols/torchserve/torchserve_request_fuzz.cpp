// Arbitrary bytes to TorchServe's readers of bodies, forms, registrations and messages.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "protocols/fuzz_signatures_test.h"
#include "protocols/torchserve/metrics_filter.h"
#include "protocols/torchserve/proto_request.h"
#include "protocols/torchserve/register_body.h"
#include "protocols/torchserve/request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::protocols;  // NOLINT(google-build-using-namespace)
  static ReadBuffers buffers;
  static slipway::InputBuffer input;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  torchserve::PredictionsRequest predictions;
  const slipway::Status message = torchserve::read_predictions_request(body, predictions);
  for (const slipway::Signature& model : fuzz_signatures()) {
    for (const std::string_view type :
         {"application/json", "text/csv", "text/plain", "application/x-www-form-urlencoded",
          "multipart/form-data; boundary=b"}) {
      torchserve::RowsTarget target{model, {}, buffers, input};
      const slipway::Status status = torchserve::read_body(type, body, target);
      CHECK(!status.ok() || input.rows() > 0);
      CHECK(!status.ok() || !target.single || input.rows() == 1);
    }
    torchserve::RowsTarget target{model, {}, buffers, input};
    if (message.ok()) (void)torchserve::read_fields(predictions.input, target);
  }
  torchserve::RegisterRequest registration;
  (void)torchserve::read_register_request("application/json", {}, body, registration);
  (void)torchserve::read_register_request({}, body, {}, registration);
  (void)torchserve::read_register_message(body, registration);
  torchserve::ScaleRequest scale;
  (void)torchserve::read_scale_message(body, scale);
  torchserve::VersionRequest version;
  (void)torchserve::read_version_request(body, version);
  torchserve::ListRequest list;
  (void)torchserve::read_list_request(body, list);
  const std::string_view names[] = {"ts_inference_requests_total"};
  (void)torchserve::filter_metrics(body, names);
  return 0;
}
