// Samples that a model's author put beside it: requests, and the responses that the library gave.
// A version that answers otherwise is not served.
//
//   samples.json --check_samples--> OK, or which sample, output, row and column differs
//
//   {"tolerance": 1e-6,
//    "samples": [{"request": {"inputs": [...]}, "response": {"outputs": [...]}}, ...]}
//
// Requests and responses are those of the Open Inference Protocol, in JSON; a response holds the
// outputs that are compared. Single-sequence.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "engine/executable.h"

namespace slipway::protocols::kserve_v2 {

/// The largest file, in bytes.
inline constexpr uint64_t kSamplesBytesMax = 16U << 20;

/// Numbers agree if they differ by no more than the tolerance (1e-6 if the file says nothing) times
/// the larger of 1 and the expected magnitude; texts and truth values if they are equal; null is
/// NaN or a missing text. INVALID_ARGUMENT if the file is malformed or the model refuses a request,
/// FAILED_PRECONDITION if an answer differs.
Status check_samples(std::string_view text, const Executable& model);

}  // namespace slipway::protocols::kserve_v2
