// Any bytes as protobuf's text format.
#include <cstddef>
#include <cstdint>

#include "base/text_proto.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto root = slipway::parse_text_proto("x", text);
  if (!root.ok()) return 0;
  for (const slipway::TextField& field : root->fields) {
    (void)slipway::text_bool(field);
    (void)slipway::text_integer(field);
  }
  return 0;
}
