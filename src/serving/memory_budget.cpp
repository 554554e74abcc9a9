#include "serving/memory_budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace slipway::serving {
namespace {

/// Reading a file, compiling and warming it takes about so many times the file's size at its
/// worst, and something for the smallest of them.
constexpr uint64_t kLoadFactor = 4;
constexpr uint64_t kLoadBytesLeast = 256 << 10;

/// A model stays for at least so many times as long as its loading took: however the requests
/// come, most of the time is spent on answering them and not on loading. Not so long that a request
/// for another model gives up meanwhile, where loading is slow.
constexpr double kStayFactor = 10;
constexpr std::chrono::milliseconds kStayLeast{50};
constexpr std::chrono::seconds kStayMost{5};

SteadyTime stays_until(const VersionEntry& version) {
  const std::chrono::duration<double> loading(version.live->loaded.load_seconds);
  const auto stay = std::clamp<SteadyTime::duration>(
      std::chrono::duration_cast<SteadyTime::duration>(loading * kStayFactor), kStayLeast,
      kStayMost);
  return version.live_since + stay;
}

std::string size_text(uint64_t bytes) {
  constexpr uint64_t kSmall = 10 << 20;
  if (bytes < kSmall) return fmt::format("{} KiB", (bytes + 1023) >> 10U);
  return fmt::format("{} MiB", (bytes + (1 << 20) - 1) >> 20U);
}

metrics::Gauge& part(metrics::Registry& registry, const char* state) {
  return registry.gauge("slipway_memory_budget_used_bytes",
                        "What the models take: live, draining (replaced or evicted and still in "
                        "use), loading (set aside by estimate).",
                        {{"state", state}});
}

}  // namespace

MemoryBudget::MemoryBudget(VersionTable& table, metrics::Registry& registry, uint64_t bytes)
    : table_(table),
      use_{bytes},
      budget_bytes_(registry.gauge("slipway_memory_budget_bytes",
                                   "What all models may take together; 0: no limit.", {})),
      live_bytes_(part(registry, "live")),
      draining_bytes_(part(registry, "draining")),
      loading_bytes_(part(registry, "loading")),
      evictions_(registry.counter("slipway_model_evictions_total",
                                  "Models that were unloaded because of the memory budget.", {})),
      demanded_(registry.counter("slipway_model_loads_on_demand_total",
                                 "Loads that began because a request asked for the model.", {})) {
  budget_bytes_.set(static_cast<double>(bytes));
}

uint64_t MemoryBudget::need(const VersionEntry& version) {
  const uint64_t file = version.source.stamp.size_bytes;
  if (const uint64_t known = version.known_bytes(); known > 0) return known + file;
  return std::max(file * kLoadFactor, kLoadBytesLeast);
}

uint64_t MemoryBudget::need_least(const VersionEntry& version) {
  return std::max(version.known_bytes(),
                  version.source.stamp.size_bytes);  // reading holds the file
}

std::vector<ResidentModel> MemoryBudget::residents(const std::string& but) {
  std::vector<ResidentModel> models;
  use_.live = 0;
  for (auto& [name, model] : table_.models()) {
    ResidentModel resident;
    for (auto& [number, version] : model.versions) {
      if (version.live == nullptr) continue;
      version.counted_bytes = version.live->memory_bytes();  // scratches are made as needed
      resident.bytes += version.counted_bytes;
      resident.last_used =
          std::max({resident.last_used, version.live_since, version.live->scratches->last_used()});
      resident.stays_until = std::max(resident.stays_until, stays_until(version));
    }
    if (resident.bytes == 0) continue;
    use_.live += resident.bytes;
    resident.pinned = model.settings.required || name == but;
    resident.name = name;
    models.push_back(std::move(resident));
  }
  return models;
}

RoomRequest MemoryBudget::request_for(const std::string& name, uint64_t need,
                                      uint64_t need_least) const {
  const auto model = table_.models().find(name);
  CHECK(model != table_.models().end());
  const bool replaces = any_live(model->second);
  return {need, need_least, model->second.settings.required || model->second.asked || replaces};
}

uint64_t MemoryBudget::free_bytes() const {
  const uint64_t used = use_.live + use_.draining + use_.loading;
  return use_.budget - std::min(use_.budget, used);
}

RoomPlan MemoryBudget::before_load(const std::string& name, const VersionEntry& version,
                                   uint64_t ahead, SteadyTime now) {
  const uint64_t bytes = need(version);
  if (!limited() || bytes + ahead <= free_bytes()) return {Room::kNow, {}, SteadyTime::max()};
  std::vector<ResidentModel> models = residents(name);
  MemoryUse use = use_;
  use.loading += ahead;
  return plan_room(use, std::move(models), request_for(name, bytes, need_least(version)), now);
}

RoomPlan MemoryBudget::after_load(const std::string& name, uint64_t bytes) {
  if (!limited() || bytes <= free_bytes()) return {Room::kNow, {}, SteadyTime::max()};
  std::vector<ResidentModel> models = residents(name);
  // It has its memory already: nobody's stay counts.
  return plan_room(use_, std::move(models), request_for(name, bytes, bytes), SteadyTime::max());
}

Status MemoryBudget::no_room(const std::string& name, uint64_t bytes) {
  uint64_t pinned = 0;
  for (const ResidentModel& model : residents(name)) pinned += model.pinned ? model.bytes : 0;
  std::string text = fmt::format("it needs {} and the memory budget is {}", size_text(bytes),
                                 size_text(use_.budget));
  if (pinned > 0) {
    text += fmt::format(
        ", of which {} are taken by models that must stay (required ones, and what it replaces)",
        size_text(pinned));
  }
  return resource_exhausted(std::move(text));
}

void MemoryBudget::note_no_room(uint64_t need) { retry_at_free_ = std::min(retry_at_free_, need); }

std::vector<std::string> MemoryBudget::fitting_now() {
  std::vector<std::string> names;
  uint64_t room = free_bytes();
  if (retry_at_free_ > room) return names;
  retry_at_free_ = UINT64_MAX;
  for (const auto& [name, model] : table_.models()) {
    if (model.rest != Rest::kNoRoom) continue;
    uint64_t least = UINT64_MAX;
    for (const auto& [number, version] : model.versions) least = std::min(least, need(version));
    if (least > room) {
      note_no_room(least);
      continue;
    }
    room -= least;
    names.push_back(name);
  }
  return names;
}

void MemoryBudget::reserve(VersionEntry& version) {
  version.reserved_bytes = need(version);
  use_.loading += version.reserved_bytes;
}

void MemoryBudget::release(VersionEntry& version) {
  use_.loading -= std::exchange(version.reserved_bytes, 0);
}

void MemoryBudget::add(VersionEntry& version) {
  version.counted_bytes = version.live->memory_bytes();
  version.measured_bytes = version.counted_bytes;
  version.measured_stamp = version.live_stamp;
  use_.live += version.counted_bytes;
}

uint64_t MemoryBudget::retire(VersionEntry& version) {
  const uint64_t bytes = std::exchange(version.counted_bytes, 0);
  use_.live -= bytes;
  use_.draining += bytes;
  return bytes;
}

void MemoryBudget::destroyed(uint64_t bytes) { use_.draining -= bytes; }

void MemoryBudget::show() {
  live_bytes_.set(static_cast<double>(use_.live));
  draining_bytes_.set(static_cast<double>(use_.draining));
  loading_bytes_.set(static_cast<double>(use_.loading));
}

}  // namespace slipway::serving
