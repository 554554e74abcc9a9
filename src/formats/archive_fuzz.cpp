// Opens the bytes as a zip and as a tar archive and reads every file in them.
#include <cstddef>
#include <cstdint>
#include <string>

#include "formats/file_set.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  slipway::Limits limits;
  limits.decompressed_bytes_max = 4 << 20;
  limits.decompressed_bytes_free = 1 << 20;
  (void)slipway::formats::looks_like_zip(bytes);
  (void)slipway::formats::looks_like_tar(bytes);
  for (const auto open : {slipway::formats::open_zip, slipway::formats::open_tar}) {
    const auto files = open(bytes, limits);
    if (!files.ok()) continue;
    for (size_t i = 0; i < (*files)->files().size(); ++i) {
      (void)(*files)->read(i);
      (void)(*files)->read_start(i, 100);
      (void)(*files)->stored(i);
    }
    (void)(*files)->find("model.pkl");
  }
  return 0;
}
