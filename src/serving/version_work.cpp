#include "serving/version_work.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"

namespace slipway::serving {
namespace {

using Clock = std::chrono::steady_clock;

/// Somebody needs the model: it is to be live, and others make room for it.
void ask(ModelEntry& model) {
  model.asked = true;
  model.rest = Rest::kNone;
}

}  // namespace

void VersionWork::set_sources(std::vector<ModelSource> sources, std::vector<std::string> errors) {
  live_changed_ = table_.set_sources(std::move(sources)) || live_changed_;
  changed_ = table_.set_errors(std::move(errors)) || changed_;
  plan_all();
}

void VersionWork::retry(std::string_view name) {
  for (auto& [model_name, model] : table_.models()) {
    if (!name.empty() && model_name != name) continue;
    if (!name.empty()) ask(model);
    for (auto& [number, version] : model.versions) version.failed_stamp.reset();
  }
  plan_all();
}

void VersionWork::wake(const std::string& name) {
  const auto model = table_.models().find(name);
  if (model == table_.models().end() || !table_.waits_for_request(model->second) ||
      model->second.rest == Rest::kNone) {
    return;
  }
  log_info("model {} is loaded because a request asks for it", name);
  budget_.count_load_on_demand();
  ask(model->second);
  plan(name);
}

void VersionWork::plan_all() {
  std::vector<std::string> names;
  for (const auto& [name, model] : table_.models()) names.push_back(name);
  for (const std::string& name : names) plan(name);
}

/// Queues what is to be loaded and takes down what is to go.
void VersionWork::plan(const std::string& name) {
  const auto model = table_.models().find(name);
  if (model == table_.models().end()) return;
  const VersionPlan plan = table_.plan(model->second);
  for (const uint64_t number : plan.load) {
    VersionEntry& version = model->second.versions.at(number);
    if (version.busy()) continue;
    version.queued = true;
    jobs_.push_back({name, number});
    has_new_jobs_ = true;
  }
  for (const uint64_t number : plan.unload) {
    retire(name, model->second.versions.at(number));
  }
  refresh(name);
}

/// Takes down what is live of the version.
void VersionWork::retire(const std::string& name, VersionEntry& version) {
  const uint64_t bytes = budget_.retire(version);
  ++version.draining;
  retired_.add({std::exchange(version.live, nullptr), name, version.source.version, bytes});
  live_changed_ = true;
}

void VersionWork::evict(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    ModelEntry& model = table_.models().find(name)->second;
    model.rest = Rest::kEvicted;
    model.asked = false;
    for (auto& [number, version] : model.versions) {
      if (version.live != nullptr) retire(name, version);
    }
    budget_.count_eviction();
    refresh(name);
  }
}

/// Models that found no room are tried again once there is some.
void VersionWork::use_freed_room() {
  if (!budget_.limited()) return;
  for (const std::string& name : budget_.fitting_now()) {
    table_.models().find(name)->second.rest = Rest::kNone;
    plan(name);
  }
}

bool VersionWork::take_job(LoadJob& taken, SteadyTime& look_again) {
  uint64_t ahead = 0;  // what the jobs before this one wait for
  look_again = SteadyTime::max();
  for (auto job = jobs_.begin(); job != jobs_.end();) {
    VersionEntry* version = table_.find(job->name, job->version);
    if (version == nullptr) {
      job = jobs_.erase(job);
      continue;
    }
    const RoomPlan plan = budget_.before_load(job->name, *version, ahead, Clock::now());
    evict(plan.evict);
    if (plan.room == Room::kLater) {
      ahead += MemoryBudget::need(*version);
      look_again = std::min(look_again, plan.not_before);
      ++job;
      continue;
    }
    taken = {std::move(job->name), job->version, version->source};
    job = jobs_.erase(job);
    version->queued = false;
    if (plan.room == Room::kNow) {
      begin(taken, *version);
      return true;
    }
    refuse(taken, *version, MemoryBudget::need_least(*version));
    refresh(taken.name);
  }
  return false;
}

void VersionWork::begin(LoadJob& job, VersionEntry& version) {
  version.loading = true;
  budget_.reserve(version);
  ++loads_running_;
  refresh(job.name);
}

/// There is no room for the version: an error if somebody asked for it, else it waits.
void VersionWork::refuse(const LoadJob& job, VersionEntry& version, uint64_t bytes) {
  ModelEntry& model = table_.models().find(job.name)->second;
  if (!serving::any_live(model) && !model.settings.required && !model.asked) {
    model.rest = Rest::kNoRoom;
    budget_.note_no_room(bytes);
    return;
  }
  Status status = budget_.no_room(job.name, bytes);
  finish_failed(job, version, std::move(status).with_context(job.source.path));
}

void VersionWork::finish(const LoadJob& job, LoadResult result) {
  --loads_running_;
  retired_.add_freed(job.source.stamp.size_bytes);  // what reading left behind
  take_result(job, std::move(result));
  plan(job.name);
  use_freed_room();
}

void VersionWork::take_result(const LoadJob& job, LoadResult result) {
  VersionEntry* version = table_.find(job.name, job.version);
  CHECK(version != nullptr);  // busy ones are never erased
  version->loading = false;
  budget_.release(*version);
  if (result.status().code() == StatusCode::kAborted) {
    // The file changed under the reading: the next look at it says what it is now.
    if (version->source.stamp == job.source.stamp) version->source.complete = false;
    log_debug("{}", result.status().message());
    changed_ = true;
    return;
  }
  if (!result.ok()) return finish_failed(job, *version, std::move(result).status());
  std::shared_ptr<const ServedModel> model = std::move(result).value();
  version->metrics = model->metrics;
  if (!finish_budget(job, *version, model)) return;
  model->metrics->loads.add(metrics::kSharedShard);
  for (const std::string& warning : model->loaded.warnings) {
    log_warning("model {}: {}", job.name, warning);
  }
  log_info("model {} version {} loaded from {} in {:.1f} ms", job.name, job.version,
           job.source.path, model->loaded.load_seconds * 1e3);
  if (version->live != nullptr) retire(job.name, *version);
  version->live = std::move(model);
  version->live_since = Clock::now();
  version->live_stamp = job.source.stamp;
  version->failed_stamp.reset();
  budget_.add(*version);
  live_changed_ = true;
}

/// Now that its size is known: false if the model has to go again.
bool VersionWork::finish_budget(const LoadJob& job, VersionEntry& version,
                                const std::shared_ptr<const ServedModel>& model) {
  const uint64_t bytes = model->memory_bytes();
  const RoomPlan plan = budget_.after_load(job.name, bytes);
  evict(plan.evict);
  if (plan.room != Room::kNone) return true;
  version.measured_bytes = bytes;
  version.measured_stamp = job.source.stamp;
  // Destroyed off the lock; its metrics go when it has drained.
  ++version.draining;
  retired_.add({model, job.name, job.version, 0});
  LoadJob latest = job;
  latest.source = version.source;  // the file may be another by now
  refuse(latest, version, bytes);
  return false;
}

void VersionWork::finish_failed(const LoadJob& job, VersionEntry& version, Status status) {
  const ModelEntry& model = table_.models().find(job.name)->second;
  if (model.settings.optional && version.live == nullptr) {
    log_info("passed over {}: {}", job.source.path, status.message());
  } else {
    log_error("model {} version {} could not be loaded{}: {}", job.name, job.version,
              version.live != nullptr ? "; what was loaded before goes on serving" : "",
              status.message());
    version.metrics = &metrics_.model(job.name, std::to_string(job.version));
    version.metrics->failed_loads.add(metrics::kSharedShard);
  }
  version.failed_stamp = job.source.stamp;
  version.failure = std::move(status);
  changed_ = true;
}

void VersionWork::end_drain(const std::vector<RetiredModel>& models) {
  for (const RetiredModel& retired : models) {
    VersionEntry* version = table_.find(retired.name, retired.version);
    CHECK(version != nullptr && version->draining > 0);  // draining ones are never erased
    --version->draining;
    budget_.destroyed(retired.bytes);
    refresh(retired.name);
  }
  use_freed_room();
}

bool VersionWork::any_live(const std::string& name) {
  const auto model = table_.models().find(name);
  return model != table_.models().end() && serving::any_live(model->second);
}

std::shared_ptr<const ModelSet> VersionWork::make_set(const std::string& default_model,
                                                      bool still_starting) {
  budget_.show();
  changed_ = false;
  live_changed_ = false;
  return table_.make_set(default_model, still_starting);
}

}  // namespace slipway::serving
