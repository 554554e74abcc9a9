// Arbitrary bytes as a .npy file, for models with and without texts; what is read can be written
// and read again.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "protocols/cloud/npy.h"
#include "protocols/fuzz_signatures_test.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::protocols;  // NOLINT(google-build-using-namespace)
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  slipway::InputBuffer input;
  for (const slipway::Signature& model : fuzz_signatures()) {
    const slipway::Status status = cloud::read_npy(body, model, input);
    CHECK(!status.ok() || input.rows() > 0);
    if (!status.ok()) continue;
    slipway::OutputBuffer output;
    output.rows = input.rows();
    output.width = input.columns();
    output.numbers.assign(input.number_row(0),
                          input.number_row(0) + input.rows() * input.columns());
    slipway::OutputSpec spec;
    spec.width = static_cast<uint32_t>(output.width);
    std::string again;
    cloud::append_npy(again, spec, output);
    CHECK(cloud::read_npy(again, model, input).ok());
  }
  return 0;
}
