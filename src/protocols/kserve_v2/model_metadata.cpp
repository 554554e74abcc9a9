#include "protocols/kserve_v2/model_metadata.h"

namespace slipway::protocols::kserve_v2 {

std::vector<std::string_view> extensions(const ServerInfo& server) {
  std::vector<std::string_view> names = {
      "classification",  "model_repository",    "model_repository(unload_dependents)",
      "schedule_policy", "model_configuration", "binary_tensor_data",
      "parameters",      "statistics",          "generate",
      "logging"};
  if (server.shared_memory->check_enabled().ok()) names.emplace_back("system_shared_memory");
  if (!server.traces->folder().empty()) names.emplace_back("trace");
  return names;
}

void keep_plain(Call& call) {
  call.response().headers.emplace_back("Content-Encoding", "identity");
}

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
