#include "serving/version_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

namespace slipway::serving {
namespace {

bool allowed(const ModelEntry& model, uint64_t version) {
  const VersionPolicy& policy = model.settings.policy;
  return policy.kind != VersionPolicy::Kind::kSpecific ||
         std::ranges::find(policy.versions, version) != policy.versions.end();
}

/// A file that turned out to be no model, in a folder where that is no error.
bool passed_over(const ModelEntry& model, const VersionEntry& version) {
  return model.settings.optional && version.live == nullptr && version.draining == 0 &&
         !version.busy() && version.failed();
}

std::string_view describe(Rest rest) {
  switch (rest) {
    case Rest::kNone: return "";
    case Rest::kUntilAsked: return "loaded when it is asked for";
    case Rest::kNoRoom: return "no room: memory budget";
    case Rest::kEvicted: return "evicted: memory budget";
  }
  return "";
}

/// Hidden until it is known to be a model.
bool shown(const ModelEntry& model, const VersionEntry& version) {
  return !model.settings.optional || version.live != nullptr || version.draining > 0;
}

}  // namespace

bool any_live(const ModelEntry& model) {
  return std::ranges::any_of(model.versions,
                             [](const auto& entry) { return entry.second.live != nullptr; });
}

bool VersionEntry::failed() const {
  return on_disk &&
         (!source.problem.ok() || (failed_stamp.has_value() && *failed_stamp == source.stamp));
}

bool VersionTable::set_sources(std::vector<ModelSource> sources) {
  bool chosen_otherwise = false;
  for (auto& [name, model] : models_) {
    model.in_repository = false;
    for (auto& [number, version] : model.versions) version.on_disk = false;
  }
  for (ModelSource& source : sources) {
    ModelEntry& model = models_[source.name];
    model.in_repository = true;
    const bool is_new = model.settings.name.empty();
    bool new_content = false;
    for (VersionSource& one : source.versions) {
      VersionEntry& version = model.versions[one.version];
      new_content = new_content || !version.source.stamp.same_content(one.stamp);
      version.source = std::move(one);
      version.on_disk = true;
      const Status& problem = version.source.problem;
      if (!problem.ok() && problem.message() != version.failure.message()) {
        log_error("model {} version {}: {}", source.name, version.source.version,
                  problem.message());
        version.failure = problem;
      }
      // What failed is forgotten with the content that it failed for.
      if (version.failed_stamp.has_value() && *version.failed_stamp != version.source.stamp) {
        version.failed_stamp.reset();
      }
    }
    source.versions.clear();
    const VersionPolicy& before = model.settings.policy;
    chosen_otherwise = chosen_otherwise || source.labels != model.settings.labels ||
                       source.default_version != model.settings.default_version ||
                       before.kind != source.policy.kind || before.latest != source.policy.latest ||
                       before.versions != source.policy.versions;
    model.settings = std::move(source);
    if (on_demand_) {
      if (is_new) model.rest = Rest::kUntilAsked;
    } else if (new_content) {
      model.rest = Rest::kNone;  // another content may find room
    }
    if (model.settings.required) model.rest = Rest::kNone;
  }
  return chosen_otherwise;
}

VersionEntry* VersionTable::find(std::string_view name, uint64_t version) {
  const auto model = models_.find(name);
  if (model == models_.end()) return nullptr;
  const auto found = model->second.versions.find(version);
  return found == model->second.versions.end() ? nullptr : &found->second;
}

VersionPlan VersionTable::plan(const ModelEntry& model) const {
  std::vector<VersionFacts> facts;
  facts.reserve(model.versions.size());
  for (const auto& [number, version] : model.versions) {
    facts.push_back({number, version.on_disk, version.source.complete, version.failed(),
                     version.live != nullptr, version.on_disk && version.current()});
  }
  const bool held = model.settings.held || !model.in_repository || model.rest != Rest::kNone;
  return plan_versions(model.settings.policy, held, facts, model.settings.default_version);
}

void VersionTable::derive(const ModelEntry& model, VersionEntry& version, VersionState& state,
                          std::string& reason) const {
  reason.clear();
  if (version.live != nullptr) {
    state = VersionState::kAvailable;
  } else if (version.loading) {
    state = VersionState::kLoading;
  } else if (version.queued) {
    state = VersionState::kStart;
    reason = "waits to be loaded";
  } else {
    state = version.draining > 0 ? VersionState::kUnloading : VersionState::kEnd;
    if (!version.on_disk) {
      reason = "its file was removed";
    } else if (model.settings.held) {
      reason = "unloaded until an admin call loads it";
    } else if (version.failed()) {
      reason = "could not be loaded";
    } else if (model.rest != Rest::kNone) {
      reason = describe(model.rest);
    } else if (!version.source.complete) {
      if (version.draining == 0) state = VersionState::kStart;
      reason = "waits until its file is complete";
    } else {
      reason =
          fmt::format("not chosen by the version policy ({})", describe(model.settings.policy));
    }
  }
}

bool VersionTable::refresh_version(const std::string& name, const ModelEntry& model,
                                   VersionEntry& version) {
  const VersionState before = version.state;
  VersionState state = before;
  std::string reason;
  derive(model, version, state, reason);
  const bool changed = state != version.state || reason != version.reason;
  version.state = state;
  version.reason = reason;
  if (!changed || !shown(model, version)) return changed;
  const std::string line =
      fmt::format("model {} version {}: {}{}{}", name, version.source.version,
                  version_state_name(state), reason.empty() ? "" : ", ", reason);
  // A folder may hold any number of versions that are never served.
  const bool never_began = before == VersionState::kStart && state == VersionState::kEnd;
  if (state == VersionState::kStart || (never_began && !version.failed())) {
    log_debug("{}", line);
  } else {
    log_info("{}", line);
  }
  return true;
}

void VersionTable::forget_metrics(const std::string& name, VersionEntry& version) {
  if (version.metrics == nullptr) return;
  metrics_.forget(name, std::to_string(version.source.version));
  version.metrics = nullptr;
}

bool VersionTable::refresh(const std::string& name) {
  const auto found = models_.find(name);
  if (found == models_.end()) return false;
  ModelEntry& model = found->second;
  bool changed = false;
  for (auto entry = model.versions.begin(); entry != model.versions.end();) {
    VersionEntry& version = entry->second;
    changed = refresh_version(name, model, version) || changed;
    const bool ended = version.live == nullptr && version.draining == 0 && !version.busy();
    if (ended && (!version.failed() || passed_over(model, version))) {
      forget_metrics(name, version);
    } else if (version.metrics != nullptr) {
      ModelMetrics& metrics = *version.metrics;
      metrics.ready.set(version.live != nullptr ? 1 : 0);
      metrics.state.set(static_cast<double>(version.state));
      metrics.load_failed.set(version.failed() ? 1 : 0);
    }
    if (ended && !version.on_disk) {
      entry = model.versions.erase(entry);
      changed = true;
    } else {
      ++entry;
    }
  }
  if (!model.in_repository && model.versions.empty()) models_.erase(found);
  return changed;
}

bool VersionTable::pending(std::string_view name) const {
  const auto found = models_.find(name);
  if (found == models_.end()) return false;
  const ModelEntry& model = found->second;
  const bool wanted = !model.settings.held && model.rest == Rest::kNone;
  return std::ranges::any_of(model.versions, [&](const auto& entry) {
    const VersionEntry& version = entry.second;
    return version.busy() ||
           (version.on_disk && !version.source.complete && wanted && allowed(model, entry.first));
  });
}

bool VersionTable::waits_for_request(const ModelEntry& model) const {
  if (!on_demand_ || !model.in_repository || model.settings.held || any_live(model)) return false;
  return std::ranges::any_of(model.versions, [&](const auto& entry) {
    const VersionEntry& version = entry.second;
    return version.on_disk && !version.failed() && allowed(model, entry.first);
  });
}

bool VersionTable::any_pending() const {
  return std::ranges::any_of(models_, [](const auto& entry) {
    const auto& versions = entry.second.versions;
    if (entry.second.rest != Rest::kNone) return false;
    const bool busy = std::ranges::any_of(versions, [](const auto& v) { return v.second.busy(); });
    const bool written = std::ranges::any_of(
        versions, [](const auto& v) { return v.second.on_disk && !v.second.source.complete; });
    return busy || (written && !any_live(entry.second));
  });
}

Status VersionTable::outcome(std::string_view name) const {
  const auto found = models_.find(name);
  if (found == models_.end() || !found->second.in_repository) {
    return not_found(fmt::format("there is no model \"{}\" in the repository", name));
  }
  const ModelEntry& model = found->second;
  if (model.settings.held) return {};
  if (!model.settings.problem.ok()) return model.settings.problem;
  if (model.rest != Rest::kNone) {
    return unavailable(fmt::format("model \"{}\" is not served: {}", name, describe(model.rest)));
  }
  uint32_t live = 0;
  for (const auto& [number, version] : model.versions) {
    if (!version.on_disk || !allowed(model, number)) continue;
    if (version.failed()) {
      return failed_precondition(
          fmt::format("version {} could not be loaded: {}", number, version.failure.message()));
    }
    if (version.live == nullptr) continue;
    ++live;
    if (model.settings.policy.kind == VersionPolicy::Kind::kLatest &&
        live == model.settings.policy.latest) {
      break;
    }
  }
  if (live > 0) return {};
  return failed_precondition(fmt::format("model \"{}\" has no version that the policy ({}) allows",
                                         name, describe(model.settings.policy)));
}

std::vector<ModelStatus> VersionTable::statuses() const {
  std::vector<ModelStatus> statuses;
  for (const auto& [name, model] : models_) {
    if (model.versions.empty()) {
      statuses.push_back({name, "", model.settings.path, model.settings.problem, VersionState::kEnd,
                          "no version of it is there"});
    }
    for (const auto& [number, version] : model.versions) {
      if (!shown(model, version)) continue;
      statuses.push_back({name, std::to_string(number), version.source.path,
                          version.failed() ? version.failure : Status(), version.state,
                          version.reason});
    }
  }
  return statuses;
}

std::shared_ptr<const ModelSet> VersionTable::make_set(const std::string& default_model,
                                                       bool still_starting) const {
  std::vector<std::shared_ptr<const ServedModel>> live;
  ModelSet::Settings settings;
  settings.default_model = default_model;
  settings.still_starting = still_starting;
  settings.errors = errors_;
  for (const auto& [name, model] : models_) {
    for (const auto& [number, version] : model.versions) {
      if (version.live != nullptr) live.push_back(version.live);
    }
    if (!model.in_repository) continue;
    if (model.settings.required) settings.required.push_back(name);
    if (waits_for_request(model)) settings.on_demand.push_back(name);
    const VersionPolicy& policy = model.settings.policy;
    if (policy.kind != VersionPolicy::Kind::kLatest || policy.latest != 1) {
      settings.policies.emplace_back(name, policy);
    }
    if (model.settings.default_version.has_value()) {
      settings.defaults.emplace_back(name, std::to_string(*model.settings.default_version));
    }
    for (const auto& [label, number] : model.settings.labels) {
      settings.labels.push_back({name, label, std::to_string(number)});
    }
  }
  return std::make_shared<const ModelSet>(std::move(live), statuses(), std::move(settings));
}

}  // namespace slipway::serving
