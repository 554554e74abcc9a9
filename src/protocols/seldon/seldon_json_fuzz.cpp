// Arbitrary bytes to Seldon's readers, for models with and without names, with texts, of records.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "protocols/fuzz_signatures_test.h"
#include "protocols/seldon/request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::protocols;  // NOLINT(google-build-using-namespace)
  static ReadBuffers buffers;
  static slipway::InputBuffer input;
  static seldon::Message message;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const slipway::Signature& model : fuzz_signatures()) {
    const slipway::Status status = seldon::read_message(body, model, {}, buffers, input, message);
    CHECK(!status.ok() || input.rows() > 0);
  }
  static_cast<void>(seldon::read_feedback(body, buffers));
  return 0;
}
