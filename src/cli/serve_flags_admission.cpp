#include "cli/internal/serve_flags_admission.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "cli/internal/flag_values.h"

namespace slipway::cli {
namespace {

constexpr const char* kGroup = "Batches and queues";

std::chrono::microseconds microseconds(double seconds) {
  return std::chrono::microseconds(static_cast<int64_t>(seconds * 1e6));
}

void add_count(CLI::App& c, const char* name, uint32_t& value, uint64_t least, uint64_t most,
               const char* description) {
  c.add_option(name, value, description)
      ->capture_default_str()
      ->transform(count_value(least, most))
      ->type_name("COUNT")
      ->group(kGroup);
}

void add_time(CLI::App& c, const char* name, double& value, const char* description) {
  c.add_option(name, value, description)
      ->capture_default_str()
      ->transform(time_value(Zero::kAllowed))
      ->type_name("TIME")
      ->group(kGroup);
}

void add_cpus(CLI::App& c, const char* name, std::string& value, const char* description) {
  c.add_option(name, value, description)
      ->transform(cpus_value())
      ->type_name("CPUS")
      ->group("Resources");
}

}  // namespace

void add_admission_flags(CLI::App& c, AdmissionFlags& flags) {
  add_count(c, "--max-batch-size", flags.rows_max, 1, 1'000'000,
            "Dear requests that wait are run together, up to so many rows; 1: never");
  add_time(c, "--max-queue-delay", flags.delay_max_s,
           "A dear request waits so long for others to be run with, though a thread is free");
  c.add_option("--preferred-batch-sizes", flags.preferred_rows,
               "Batches of these numbers of rows do not wait for more (4,8)")
      ->type_name("COUNTS")
      ->group(kGroup);
  add_count(c, "--queue-max", flags.queue_max, 1, 100'000'000,
            "Dear requests of one model that may wait; more are answered 429");
  add_time(c, "--queue-timeout", flags.queue_timeout_s,
           "A dear request that has waited so long is answered 429; 0: none is");
  add_count(c, "--default-priority", flags.priority, 1, serving::kPriorityLevels,
            "Of requests that name no priority; 1 is the most urgent");
  add_cpus(c, "--pool-cpus", flags.pool_cpus,
           "The inference threads run on these CPUs only, one on each in turn (1 or 0-3,8)");
  add_cpus(c, "--loop-cpus", flags.loop_cpus, "The same for the event loops");
}

Result<serving::AdmissionSettings> admission_settings(const AdmissionFlags& flags) {
  serving::AdmissionSettings settings;
  settings.batch.rows_max = flags.rows_max;
  settings.batch.delay_max = microseconds(flags.delay_max_s);
  settings.queue.requests_max = flags.queue_max;
  settings.queue.timeout = microseconds(flags.queue_timeout_s);
  settings.queue.priority = flags.priority;
  const std::string& text = flags.preferred_rows;
  for (size_t at = 0; !text.empty() && at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    uint32_t rows = 0;
    const auto [place, error] = std::from_chars(text.data() + at, text.data() + end, rows);
    if (error != std::errc() || place != text.data() + end || rows < 1 || rows > flags.rows_max) {
      return invalid_argument(
          fmt::format("--preferred-batch-sizes: expected numbers such as 4,8, each at most "
                      "--max-batch-size ({}), got '{}'",
                      flags.rows_max, text.substr(0, 64)));
    }
    settings.batch.preferred_rows.push_back(rows);
    at = end + 1;
  }
  return settings;
}

}  // namespace slipway::cli
