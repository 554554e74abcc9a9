// Arbitrary bytes as the samples file of a small model.
#include <cstddef>
#include <cstdint>

#include "protocols/kserve_v2/samples.h"
#include "serving/models_test.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto model = slipway::serving::iris_executable(false);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(slipway::protocols::kserve_v2::check_samples(text, *model));
  return 0;
}
