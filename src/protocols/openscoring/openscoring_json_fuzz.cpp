// Arbitrary bytes to Openscoring's reader, for models with and without names, with texts, of
// records.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "protocols/fuzz_signatures_test.h"
#include "protocols/openscoring/request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::protocols;  // NOLINT(google-build-using-namespace)
  static ReadBuffers buffers;
  static slipway::InputBuffer input;
  static openscoring::Ids ids;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const slipway::Signature& model : fuzz_signatures()) {
    for (const bool is_batch : {false, true}) {
      const slipway::Status status =
          openscoring::read_request(body, is_batch, model, {}, buffers, input, ids);
      CHECK(!status.ok() || (is_batch ? input.rows() == ids.rows.size() : input.rows() == 1));
    }
  }
  return 0;
}
