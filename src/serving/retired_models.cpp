#include "serving/retired_models.h"

#include <chrono>

namespace slipway::serving {
namespace {

/// How often it is looked whether the last request of a replaced model is done.
constexpr std::chrono::milliseconds kDrainPeriod{5};
/// Freed memory is given back to the system when so much has gathered, and not more often than
/// that: it takes the allocator's locks.
constexpr uint64_t kTrimBytes = 1 << 20;
constexpr std::chrono::seconds kTrimPeriod{1};

}  // namespace

bool RetiredModels::take_unused(std::vector<std::shared_ptr<const ModelSet>>& sets,
                                std::vector<RetiredModel>& models) {
  std::erase_if(sets_, [&](std::shared_ptr<const ModelSet>& set) {
    if (set.use_count() != 1) return false;
    sets.push_back(std::move(set));
    return true;
  });
  std::erase_if(models_, [&](RetiredModel& retired) {
    if (retired.model.use_count() != 1) return false;
    freed_bytes_ += retired.model->memory_bytes();
    models.push_back(std::move(retired));
    return true;
  });
  return !sets.empty() || !models.empty();
}

bool RetiredModels::should_trim(SteadyTime now, SteadyTime& look_again) {
  look_again = SteadyTime::max();
  if (!sets_.empty() || !models_.empty()) {
    look_again = now + kDrainPeriod;
  } else if (freed_bytes_ >= kTrimBytes) {
    if (now >= next_trim_) {
      freed_bytes_ = 0;
      next_trim_ = now + kTrimPeriod;
      return true;
    }
    look_again = next_trim_;
  }
  return false;
}

}  // namespace slipway::serving
