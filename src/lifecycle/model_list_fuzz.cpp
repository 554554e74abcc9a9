// Fuzz target: any bytes as a YAML list of models, and as a version policy.
#include <string_view>

#include "base/check.h"
#include "lifecycle/model_list.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto models = slipway::lifecycle::parse_model_list("models.yaml", text);
  if (models.ok()) {
    for (const auto& model : *models) CHECK(!model.name.empty() && !model.path.empty());
  }
  static_cast<void>(slipway::lifecycle::parse_version_policy(text).ok());
  return 0;
}
