// plan_room: what has to go so that one more model fits into the memory budget.
//
//   what is live, draining, loading --plan_room(need)--> load now / wait / evict these first /
//   never
//
// A pure function: the least recently used models go first; pinned ones, and those that have only
// just come, stay. Memory of a model that was evicted counts until it is destroyed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"

namespace slipway::serving {

struct MemoryUse {
  uint64_t budget = 0;
  uint64_t live = 0;
  uint64_t draining = 0;  // replaced or evicted, and still in use
  uint64_t loading = 0;   // set aside for loads that run, or that come first
};

/// A model that is live, with all its versions.
struct ResidentModel {
  std::string name;
  uint64_t bytes = 0;
  SteadyTime last_used;
  SteadyTime stays_until;  // so that a model is not evicted as soon as it has come
  bool pinned = false;
};

enum class Room : uint8_t {
  kNow,    // it fits
  kLater,  // once what is draining or loading, or what is to be evicted, is gone
  kNone,   // not even then
};

struct RoomPlan {
  Room room = Room::kNone;
  std::vector<std::string> evict;
  SteadyTime not_before = SteadyTime::max();  // kLater: when to look again at the latest
};

struct RoomRequest {
  uint64_t need = 0;        // bytes, by estimate
  uint64_t need_least = 0;  // bytes that it takes in any case
  bool may_evict = false;
};

RoomPlan plan_room(const MemoryUse& use, std::vector<ResidentModel> models,
                   const RoomRequest& request, SteadyTime now);

}  // namespace slipway::serving
