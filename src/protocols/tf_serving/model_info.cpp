#include "protocols/tf_serving/model_info.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway::protocols::tf_serving {

Result<std::vector<serving::ModelStatus>> version_states(BaseCall& call, const ModelSpec& spec) {
  const Result<const serving::ModelSet*> models = models_of(call);
  std::string version(spec.version);
  if (!spec.label.empty()) {
    if (!models.ok()) return models.status();
    for (const serving::VersionLabel& label : (*models)->labels(spec.name)) {
      if (label.label == spec.label) version = label.version;
    }
    if (version.empty()) {
      return invalid_argument(
          fmt::format("Unrecognized servable version label: {}", spec.label.substr(0, 128)));
    }
  }
  std::vector<serving::ModelStatus> states;
  if (const serving::ModelControl* control = call.loop->server.control.load()) {
    states = control->index();
  } else if (models.ok()) {
    states.assign((*models)->statuses().begin(), (*models)->statuses().end());
  }
  std::erase_if(states, [&](const serving::ModelStatus& state) {
    return state.name != spec.name || state.version.empty() ||
           (!version.empty() && state.version != version) ||
           (state.state == serving::VersionState::kEnd && state.status.ok());  // never asked for
  });
  std::ranges::sort(states, [](const auto& a, const auto& b) {
    return serving::newer_version(a.version, b.version);
  });
  if (!states.empty()) return states;
  const std::string_view name = spec.name.substr(0, 128);
  return not_found(version.empty()
                       ? fmt::format("Could not find any versions of model {}", name)
                       : fmt::format("Could not find version {} of model {}", version, name));
}

}  // namespace slipway::protocols::tf_serving
