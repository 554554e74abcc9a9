// Reads the bytes as an XGBoost model, JSON, UBJSON or binary; what is read is compiled and run.
#include <cstddef>
#include <cstdint>
#include <string>

#include "formats/model_fuzz.h"
#include "formats/xgboost/format.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  slipway::Limits limits;
  limits.memory_bytes_max = 64U << 20U;
  limits.objects_max = 1'000'000;
  static const auto kFormat = slipway::xgboost::make_format();
  slipway::formats::run_bytes(*kFormat, std::string(reinterpret_cast<const char*>(data), size),
                              limits);
  return 0;
}
