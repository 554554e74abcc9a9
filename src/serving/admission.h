// Admission: which dear requests may wait for the inference pool, for how long, and what is run
// together. Settings of the server, and of single models where a list of models gives them.
//
//   flags --> AdmissionSettings;   list of models --> AdmissionOverrides per model
//   both --merged--> the model's queue in the pool
//
// Plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace slipway::serving {

/// 1 is the most urgent.
inline constexpr uint32_t kPriorityLevels = 10;

struct BatchSettings {
  /// Requests are joined up to so many rows; 1: never. A request of more rows runs alone.
  uint32_t rows_max = 64;
  /// A request waits so long for others to be joined with, though a thread is idle.
  std::chrono::microseconds delay_max{0};
  /// Batches of these numbers of rows do not wait for more, and are made if they can be.
  std::vector<uint32_t> preferred_rows;
};

struct QueueSettings {
  uint32_t requests_max = 1024;          // of one model; a further one is refused
  std::chrono::microseconds timeout{0};  // a request that has waited so long is given up; 0: never
  uint32_t priority = 5;                 // of requests that name none; 1..kPriorityLevels
};

struct AdmissionSettings {
  BatchSettings batch;
  QueueSettings queue;
};

/// What a list of models says of one model; the rest is the server's.
struct AdmissionOverrides {
  std::optional<uint32_t> rows_max;
  std::optional<std::chrono::microseconds> delay_max;
  std::optional<std::vector<uint32_t>> preferred_rows;
  std::optional<uint32_t> requests_max;
  std::optional<std::chrono::microseconds> timeout;
  std::optional<uint32_t> priority;

  bool operator==(const AdmissionOverrides&) const = default;
};

AdmissionSettings merged(AdmissionSettings settings, const AdmissionOverrides& overrides);

/// Why a request was not run.
enum class ShedReason : uint8_t {
  kQueueFull,         // there was no room
  kDisplaced,         // its place went to a more urgent one
  kQueueTimeout,      // it waited for the longest time that is allowed
  kDeadlinePassed,    // its own time ran out while it waited
  kDeadlineTooClose,  // it would not have been answered in time
  kCancelled,         // nobody waited for the answer any more
};
inline constexpr size_t kShedReasons = 6;
/// "queue_full" and so on, as in the metrics.
std::string_view shed_reason_name(ShedReason reason);

}  // namespace slipway::serving
