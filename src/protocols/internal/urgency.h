// How long a client waits and how urgent its request is, and what it is told of both afterwards.
//
//   "timeout" and "priority" of a request --Urgency--> InferRequest --> InferResponse --> headers
//
// No state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "serving/admission.h"
#include "serving/inference.h"

namespace slipway::protocols {

/// The request parameters of Triton, in every protocol that has them.
struct Urgency {
  uint64_t timeout_us = 0;  // since the request came; 0: none
  uint32_t priority = 0;    // 0: the model's own
};

/// A priority as a client gives it: one beyond the levels is the model's own, as in Triton.
inline uint32_t known_priority(uint64_t priority) {
  return priority <= serving::kPriorityLevels ? static_cast<uint32_t>(priority) : 0;
}

/// A deadline that the request has already only comes nearer.
void apply(const Urgency& urgency, SteadyTime received, serving::InferRequest& request);
/// The milliseconds that a proxy gives, such as Envoy's x-envoy-expected-rq-timeout-ms: what is no
/// number of them says nothing.
void apply_timeout_header(std::string_view milliseconds, SteadyTime received,
                          serving::InferRequest& request);
/// "5": whole seconds for Retry-After; empty if it makes no sense to try again.
std::string retry_after(const serving::InferResponse& response);

/// Whoever sends this with a value other than 0 is told where the time went.
inline constexpr std::string_view kTimingRequest = "x-slipway-timing";
bool wants_timing(std::string_view value);
/// The value of Server-Timing (w3.org/TR/server-timing), in milliseconds:
/// "parse;dur=0.031, queue;dur=0, batch;dur=0, compute;dur=0.012, serialize;dur=0.004, total;..."
std::string server_timing(SteadyTime received, const serving::InferResponse& response,
                          SteadyTime written);

}  // namespace slipway::protocols
