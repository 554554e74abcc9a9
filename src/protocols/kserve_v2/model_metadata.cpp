#include "protocols/kserve_v2/model_metadata.h"

namespace slipway::protocols::kserve_v2 {

std::string platform_of(const serving::LoadedModel& model) {
  return "slipway_" + (model.library == "scikit-learn" ? "sklearn" : model.library);
}

std::string unready_reason(const BaseCall& call) {
  if (call.loop->server.draining.load(std::memory_order_relaxed)) return "the server is stopping";
  const auto models = models_of(call);
  if (!models.ok()) return models.status().message();
  return (*models)->unready_reason();
}

}  // namespace slipway::protocols::kserve_v2
