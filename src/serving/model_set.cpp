#include "serving/model_set.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway::serving {
namespace {

constexpr size_t kNamesInMessages = 20;

void append_to_list(std::string& list, std::string_view item) {
  if (!list.empty()) list += ", ";
  list += item;
}

std::string_view name_of(const std::shared_ptr<const ServedModel>& model) { return model->name; }

}  // namespace

std::string_view version_state_name(VersionState state) {
  switch (state) {
    case VersionState::kStart: return "START";
    case VersionState::kLoading: return "LOADING";
    case VersionState::kAvailable: return "AVAILABLE";
    case VersionState::kUnloading: return "UNLOADING";
    case VersionState::kEnd: return "END";
  }
  return "END";
}

bool newer_version(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() > b.size() : a > b;
}

ModelSet::ModelSet(std::vector<std::shared_ptr<const ServedModel>> versions,
                   std::vector<ModelStatus> statuses, Settings settings)
    : versions_(std::move(versions)),
      statuses_(std::move(statuses)),
      settings_(std::move(settings)) {
  std::ranges::sort(versions_, [](const auto& a, const auto& b) {
    return a->name != b->name ? a->name < b->name : newer_version(a->version, b->version);
  });
  std::ranges::sort(statuses_, [](const ModelStatus& a, const ModelStatus& b) {
    return a.name != b.name ? a.name < b.name : newer_version(a.version, b.version);
  });
  for (const auto& version : versions_) {
    if (defaults_.empty() || defaults_.back()->name != version->name) {
      defaults_.push_back(version);
      continue;
    }
    const auto named = std::ranges::find(settings_.defaults, version->name,
                                         &std::pair<std::string, std::string>::first);
    if (named != settings_.defaults.end() && named->second == version->version) {
      defaults_.back() = version;
    }
  }
  // A set that lost all but one of its models to errors does not quietly get another default.
  const bool one_known = std::ranges::all_of(
      statuses_, [&](const ModelStatus& status) { return status.name == statuses_.front().name; });
  if (settings_.default_model.empty() && one_known) {
    if (defaults_.size() == 1) settings_.default_model = defaults_.front()->name;
    if (settings_.on_demand.size() == 1) settings_.default_model = settings_.on_demand.front();
  }
  unready_reason_ = make_unready_reason();
}

std::string ModelSet::make_unready_reason() const {
  if (settings_.still_starting) return "the models are still loading";
  std::string missing;
  for (const std::string& name : settings_.required) {
    if (!std::ranges::binary_search(defaults_, name, {}, name_of)) append_to_list(missing, name);
  }
  if (!missing.empty()) return "required and not served: " + missing;
  return defaults_.empty() && settings_.on_demand.empty() ? "no model is served" : "";
}

VersionPolicy ModelSet::policy(std::string_view name) const {
  for (const auto& [model, policy] : settings_.policies) {
    if (model == name) return policy;
  }
  return {};
}

bool ModelSet::on_demand(std::string_view name) const {
  return std::ranges::binary_search(settings_.on_demand,
                                    name.empty() ? settings_.default_model : name);
}

std::string ModelSet::names() const {
  std::string names;
  for (size_t i = 0; i < defaults_.size(); ++i) {
    append_to_list(names, i == kNamesInMessages ? "..." : defaults_[i]->name);
    if (i == kNamesInMessages) break;
  }
  return names.empty() ? "none" : names;
}

std::span<const std::shared_ptr<const ServedModel>> ModelSet::versions(
    std::string_view name) const {
  const auto found = std::ranges::equal_range(versions_, name, {}, name_of);
  return {found.begin(), found.end()};
}

std::vector<VersionLabel> ModelSet::labels(std::string_view name) const {
  std::vector<VersionLabel> found;
  for (const VersionLabel& label : settings_.labels) {
    if (label.model != name) continue;
    for (const auto& version : versions(name)) {
      if (version->version == label.version) found.push_back(label);
    }
  }
  return found;
}

Result<const ServedModel*> ModelSet::find(std::string_view name, std::string_view version) const {
  const auto place = std::ranges::lower_bound(defaults_, name, {}, name_of);
  if (place == defaults_.end() || (*place)->name != name) return why_not_served(name);
  if (version.empty() || (*place)->version == version) return place->get();
  std::string_view wanted = version;
  for (const VersionLabel& label : settings_.labels) {
    if (label.model == name && label.label == version) wanted = label.version;
  }
  for (const auto& one : versions(name)) {
    if (one->version == wanted) return one.get();
  }
  return no_such_version(name, version);
}

Status ModelSet::why_not_served(std::string_view name) const {
  const ModelStatus* known = nullptr;
  for (const ModelStatus& status : statuses_) {
    if (status.name != name) continue;
    if (!status.status.ok()) {
      return unavailable(
          fmt::format("model \"{}\" failed to load: {}", name, status.status.message()));
    }
    if (known == nullptr) known = &status;
  }
  if (known == nullptr) {
    return not_found(fmt::format("there is no model \"{}\"; served: {}", name, names()));
  }
  return unavailable(fmt::format("model \"{}\" is not served: {}{}{}", name,
                                 version_state_name(known->state),
                                 known->reason.empty() ? "" : ", ", known->reason));
}

Status ModelSet::no_such_version(std::string_view name, std::string_view version) const {
  std::string live;
  for (const auto& one : versions(name)) append_to_list(live, one->version);
  std::string list = live;
  for (const VersionLabel& label : settings_.labels) {
    if (label.model != name) continue;
    if (label.label == version) {
      return unavailable(
          fmt::format("label \"{}\" of model \"{}\" means version {}, not served; served: {}",
                      version, name, label.version, live));
    }
    append_to_list(list, fmt::format("{} ({})", label.label, label.version));
  }
  return not_found(
      fmt::format("model \"{}\" has no version \"{}\"; it has: {}", name, version, list));
}

Result<const ServedModel*> ModelSet::default_model() const {
  if (!settings_.default_model.empty()) return find(settings_.default_model);
  if (defaults_.empty()) return unavailable("no model is served");
  return invalid_argument(
      fmt::format("several models are served and none is the default: name one in the path "
                  "(/models/{{model}}/predict); served: {}",
                  names()));
}

}  // namespace slipway::serving
