#include "serving/memory_plan.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace slipway::serving {
namespace {

/// Chooses the least recently used models, until `shortfall` is covered; if one of them is not to
/// go yet, none goes before its time.
void choose(std::vector<ResidentModel>& models, uint64_t shortfall, SteadyTime now,
            RoomPlan& plan) {
  std::ranges::sort(models, {}, [](const ResidentModel& model) {
    return std::tuple(model.last_used, std::string_view(model.name));
  });
  uint64_t freed = 0;
  SteadyTime possible = now;
  for (ResidentModel& model : models) {
    if (freed >= shortfall) break;
    if (model.pinned) continue;
    freed += model.bytes;
    possible = std::max(possible, model.stays_until);
    plan.evict.push_back(std::move(model.name));
  }
  if (possible > now) plan.not_before = possible;
  if (possible > now || freed < shortfall) plan.evict.clear();  // nothing goes in vain
}

}  // namespace

RoomPlan plan_room(const MemoryUse& use, std::vector<ResidentModel> models,
                   const RoomRequest& request, SteadyTime now) {
  RoomPlan plan;
  uint64_t staying = use.live;
  if (request.may_evict) {
    for (const ResidentModel& model : models) staying -= model.pinned ? 0 : model.bytes;
  }
  const uint64_t available = use.budget - std::min(use.budget, staying);
  if (request.need_least > available) return plan;
  // An estimate that is too high must not keep a model out for ever: it is tried alone.
  const uint64_t need = std::min(request.need, available);
  const uint64_t lasting = use.live + use.loading + need;
  plan.room = Room::kLater;
  if (lasting + use.draining <= use.budget) {
    plan.room = Room::kNow;
  } else if (lasting > use.budget) {
    if (request.may_evict) choose(models, lasting - use.budget, now, plan);
    const bool waits = use.loading > 0 || plan.not_before != SteadyTime::max();
    if (plan.evict.empty() && !waits) plan.room = Room::kNone;
  }
  return plan;
}

}  // namespace slipway::serving
