// Arbitrary bytes as the manifest of a TorchServe archive.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "formats/bundle/internal/mar.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto manifest = slipway::bundle::parse_manifest(text);
  if (manifest.ok()) CHECK(manifest->model_name.find('/') == std::string::npos);
  return 0;
}
