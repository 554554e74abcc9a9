#include "protocols/internal/urgency.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

namespace slipway::protocols {
namespace {

/// Longer ones are none at all; it also keeps sums of times in range.
constexpr uint64_t kTimeoutMaxUs = 30ULL * 24 * 3600 * 1'000'000;

}  // namespace

void apply(const Urgency& urgency, SteadyTime received, serving::InferRequest& request) {
  request.priority = urgency.priority;
  if (urgency.timeout_us == 0 || urgency.timeout_us > kTimeoutMaxUs) return;
  request.deadline =
      std::min(request.deadline, received + std::chrono::microseconds(urgency.timeout_us));
}

void apply_timeout_header(std::string_view milliseconds, SteadyTime received,
                          serving::InferRequest& request) {
  uint64_t value = 0;
  const char* end = milliseconds.data() + milliseconds.size();
  const auto [place, error] = std::from_chars(milliseconds.data(), end, value);
  if (error != std::errc() || place != end || value == 0 || value > kTimeoutMaxUs / 1000) return;
  request.deadline = std::min(request.deadline, received + std::chrono::milliseconds(value));
}

std::string retry_after(const serving::InferResponse& response) {
  if (!(response.retry_after_seconds > 0)) return {};
  constexpr double kSecondsMax = 3600;
  return fmt::format("{:.0f}",
                     std::clamp(std::ceil(response.retry_after_seconds), 1.0, kSecondsMax));
}

bool wants_timing(std::string_view value) { return !value.empty() && value != "0"; }

std::string server_timing(SteadyTime received, const serving::InferResponse& response,
                          SteadyTime written) {
  const double total = seconds_between(received, written);
  // A request that failed while it was read never reached serving.
  if (response.begun < received) return fmt::format("total;dur={:.3f}", total * 1e3);
  return fmt::format(
      "parse;dur={:.3f}, queue;dur={:.3f}, batch;dur={:.3f}, compute;dur={:.3f}, "
      "serialize;dur={:.3f}, total;dur={:.3f}",
      seconds_between(received, response.begun) * 1e3, response.queue_seconds * 1e3,
      response.batch_seconds * 1e3, response.compute_seconds * 1e3,
      seconds_between(response.ended, written) * 1e3, total * 1e3);
}

}  // namespace slipway::protocols
