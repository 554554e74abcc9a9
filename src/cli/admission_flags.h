// What the flags of `serve` say about dear requests: queues, batches, and the CPUs of threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "serving/admission.h"

namespace slipway::cli {

struct AdmissionFlags {
  uint32_t rows_max = 64;
  double delay_max_s = 0;
  std::string preferred_rows;  // "4,8"
  uint32_t queue_max = 1024;
  double queue_timeout_s = 0;
  uint32_t priority = 5;
  std::string pool_cpus;  // "1", "0-3,8"; empty: any
  std::string loop_cpus;
};

/// INVALID_ARGUMENT if the preferred sizes are no sizes of batches.
Result<serving::AdmissionSettings> admission_settings(const AdmissionFlags& flags);

}  // namespace slipway::cli
