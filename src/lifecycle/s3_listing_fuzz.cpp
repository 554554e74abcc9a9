// Any bytes as the answer of an S3 server.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lifecycle/s3_listing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(slipway::lifecycle::read_listing(text));
  static_cast<void>(slipway::lifecycle::read_s3_error(text));
  return 0;
}
