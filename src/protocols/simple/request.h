// Reads a request of the simple interface: {"features": ...} in all its shapes, straight into rows.
//
//   body --read_request--> InputBuffer and AnswerPlan
//
// One pass over the body, no DOM, no recursion: a row is at most two levels below the top.
#pragma once

#include <string_view>

#include "protocols/internal/call.h"
#include "protocols/internal/json.h"

namespace slipway::protocols::simple {

/// Fills `input` and plan.single; plan.probabilities is set if the body asks for them.
/// `column_places` may be empty: then names are looked for one by one.
Status read_request(std::string_view body, const Signature& signature,
                    const std::unordered_map<std::string_view, uint32_t>& column_places,
                    ReadBuffers& buffers, InputBuffer& input, AnswerPlan& plan);

}  // namespace slipway::protocols::simple
