// Arbitrary bytes as a bundle's manifest, and as its keys.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "formats/bundle/slip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway;
  using bundle::parse_slip_manifest;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto manifest = parse_slip_manifest(text);
  if (manifest.ok()) {
    CHECK(manifest->name.find('/') == std::string::npos);
    CHECK(!manifest->model.empty() && !manifest->files.empty());
  }
  const auto key = parse_public_key(text);
  if (key.ok()) CHECK(signer_of(text, text.substr(0, 64), {&*key, 1}) == nullptr);
  const auto own = parse_private_key(text);
  if (own.ok()) CHECK(public_half(*own).ok());
  return 0;
}
