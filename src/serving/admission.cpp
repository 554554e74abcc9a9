#include "serving/admission.h"

#include <utility>

namespace slipway::serving {

AdmissionSettings merged(AdmissionSettings settings, const AdmissionOverrides& overrides) {
  const auto set = [](auto& value, const auto& override_value) {
    if (override_value) value = *override_value;
  };
  set(settings.batch.rows_max, overrides.rows_max);
  set(settings.batch.delay_max, overrides.delay_max);
  set(settings.batch.preferred_rows, overrides.preferred_rows);
  set(settings.queue.requests_max, overrides.requests_max);
  set(settings.queue.timeout, overrides.timeout);
  set(settings.queue.priority, overrides.priority);
  return settings;
}

std::string_view shed_reason_name(ShedReason reason) {
  switch (reason) {
    case ShedReason::kQueueFull: return "queue_full";
    case ShedReason::kDisplaced: return "displaced";
    case ShedReason::kQueueTimeout: return "queue_timeout";
    case ShedReason::kDeadlinePassed: return "deadline_passed";
    case ShedReason::kDeadlineTooClose: return "deadline_too_close";
    case ShedReason::kCancelled: return "cancelled";
  }
  return "unknown";
}

}  // namespace slipway::serving
