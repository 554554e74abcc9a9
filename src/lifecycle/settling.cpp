#include "lifecycle/settling.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace slipway::lifecycle {
namespace {

/// By then a file is complete whatever the clock of its server says.
constexpr std::chrono::minutes kOldByAnyClock{10};

}  // namespace

void Settling::begin(SteadyTime now, std::chrono::system_clock::time_point wall_now,
                     std::vector<std::string> moved_in) {
  now_ = now;
  wall_now_ = wall_now;
  moved_in_ = std::move(moved_in);
  waiting_ = false;
  ++round_;
}

bool Settling::moved_in(const std::string& path) const {
  return std::ranges::any_of(moved_in_, [&](const std::string& moved) {
    return path == moved || (path.starts_with(moved) && path[moved.size()] == '/');
  });
}

bool Settling::old_enough(const serving::FileStamp& stamp) const {
  const auto wall =
      std::chrono::duration_cast<std::chrono::nanoseconds>(wall_now_.time_since_epoch());
  const std::chrono::nanoseconds age = wall - std::chrono::nanoseconds(stamp.modified_ns);
  return age >= (options_.local_clock ? std::chrono::nanoseconds(options_.quiet)
                                      : std::chrono::nanoseconds(kOldByAnyClock));
}

bool Settling::complete(const std::string& path, const serving::FileStamp& stamp) {
  const auto [entry, is_new] = seen_.try_emplace(path);
  Seen& seen = entry->second;
  seen.round = round_;
  if (is_new || !seen.stamp.same_content(stamp)) {
    seen.stamp = stamp;
    seen.since = now_;
    seen.complete = moved_in(path) || old_enough(stamp);
  } else if (!seen.complete) {
    seen.complete = now_ - seen.since >= options_.quiet || moved_in(path);
  }
  waiting_ = waiting_ || !seen.complete;
  return seen.complete;
}

bool Settling::still_kept(const std::string& key, bool all) {
  const auto since = vanished_.try_emplace(key, now_).first->second;
  if (all) return true;
  if (now_ - since >= options_.quiet) {
    vanished_.erase(key);
    return false;
  }
  waiting_ = true;
  return true;
}

void Settling::keep_vanished(std::vector<serving::ModelSource>& models, bool all) {
  std::unordered_map<std::string, size_t> places;
  for (size_t i = 0; i < models.size(); ++i) places.emplace(models[i].name, i);
  for (serving::ModelSource& before : last_) {
    const auto place = places.find(before.name);
    serving::ModelSource* model = place == places.end() ? nullptr : &models[place->second];
    std::vector<serving::VersionSource> kept;
    for (serving::VersionSource& version : before.versions) {
      const std::string key = before.name + "/" + std::to_string(version.version);
      if (model != nullptr &&
          std::ranges::find(model->versions, version.version, &serving::VersionSource::version) !=
              model->versions.end()) {
        vanished_.erase(key);
        continue;
      }
      if (!still_kept(key, all)) continue;
      version.complete = false;
      kept.push_back(std::move(version));
    }
    if (kept.empty()) continue;
    if (model == nullptr) {
      before.versions = std::move(kept);
      models.push_back(std::move(before));
    } else {
      std::ranges::move(kept, std::back_inserter(model->versions));
    }
  }
  last_ = models;
}

void Settling::forget(const std::string& path) {
  for (serving::ModelSource& model : last_) {
    std::erase_if(model.versions, [&](const serving::VersionSource& version) {
      return version.path.starts_with(path) &&
             (version.path.size() == path.size() || version.path[path.size()] == '/');
    });
  }
}

void Settling::end() {
  moved_in_.clear();
  std::erase_if(seen_, [this](const auto& entry) { return entry.second.round != round_; });
}

}  // namespace slipway::lifecycle
