// Reads the bytes as a LightGBM model, text or JSON; what is read is compiled and run.
#include <cstddef>
#include <cstdint>
#include <string>

#include "formats/lightgbm/format.h"
#include "formats/model_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  slipway::Limits limits;
  limits.memory_bytes_max = 64U << 20U;
  static const auto kFormat = slipway::lightgbm::make_format();
  slipway::formats::run_bytes(*kFormat, std::string(reinterpret_cast<const char*>(data), size),
                              limits);
  return 0;
}
