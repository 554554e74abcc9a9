// Predictions, however they come: what REST and gRPC share.
#pragma once

#include <optional>
#include <string_view>

#include "protocols/internal/call.h"
#include "protocols/torchserve/error.h"
#include "protocols/torchserve/request.h"

namespace slipway::protocols::torchserve {

/// Who may ask for predictions; none if this caller may.
std::optional<Error> check_inference_key(const BaseCall& call, std::string_view authorization);

inline constexpr std::string_view kHealthy = "{\n  \"status\": \"Healthy\"\n}";
inline constexpr std::string_view kUnhealthy = "{\n  \"status\": \"Unhealthy\"\n}";
/// False while something that is required is not served; a server without models is healthy.
bool is_healthy(const BaseCall& call);

/// Has the rows of the request read by `read` into call.infer.input, and asks for the model's
/// default output. Counts the request. `version` as the request names it.
template <typename Read>
Status prepare(BaseCall& call, std::string_view version, Read&& read);

/// For prepare(): everything around the reading.
RowsTarget begin_request(BaseCall& call, std::string_view version);
void end_request(BaseCall& call, const RowsTarget& target);

/// The answer of a list of rows is a list, that of one row its item.
void append_answer(std::string& out, BaseCall& call);
/// The same with a list always.
void append_list(std::string& out, BaseCall& call);

template <typename Read>
Status prepare(BaseCall& call, std::string_view version, Read&& read) {
  RowsTarget target = begin_request(call, version);
  TRY_STATUS(read(target));
  end_request(call, target);
  return {};
}

}  // namespace slipway::protocols::torchserve
