// Parses the bytes as an MLmodel file.
#include <cstddef>
#include <cstdint>
#include <string>

#include "formats/bundle/internal/mlflow.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)slipway::bundle::parse_mlmodel(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
