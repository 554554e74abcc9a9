// Arbitrary bytes to the clouds' reader of rows, for models with and without names, with texts, of
// records.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "protocols/cloud/rows.h"
#include "protocols/fuzz_signatures_test.h"
#include "protocols/internal/key_fields.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::protocols;  // NOLINT(google-build-using-namespace)
  static ReadBuffers buffers;
  static slipway::InputBuffer input;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  static const std::vector<std::string> names = {"id", "key"};
  static KeyFields keys;
  keys.begin(&names);
  buffers.keys = &keys;
  for (const slipway::Signature& model : fuzz_signatures()) {
    for (const auto format : {cloud::RowsFormat::kJson, cloud::RowsFormat::kJsonLines}) {
      const slipway::Status status = cloud::read_rows(body, format, model, {}, buffers, input);
      CHECK(!status.ok() || input.rows() > 0);
      std::string members;
      if (status.ok()) keys.append_members(members, input.rows() - 1);
    }
  }
  return 0;
}
