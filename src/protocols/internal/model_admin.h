// The calls that change models, whichever way they come: who may, and what they do.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/internal/call.h"
#include "serving/model_control.h"

namespace slipway::protocols {

/// The header fields that say who calls; null data if absent.
struct Caller {
  std::string_view authorization;
  std::string_view origin;
};

/// PERMISSION_DENIED unless the caller may change models. A page in a browser on this machine can
/// reach a loopback listener too; browsers then say where the page is from, which is refused.
Status check_admin(const LoopState& loop, const Caller& caller);

/// The caller brings the admin token.
bool brings_admin_token(const LoopState& loop, std::string_view authorization);

using Change = void (serving::ModelControl::*)(std::string, std::function<void(Status)>);

/// The "parameters" of a request that changes a model.
struct ChangeParameters {
  std::string url;  // load: where the model is to come from; empty: from the repository
  serving::ModelOverrides overrides;      // load
  std::vector<serving::ModelFile> files;  // load: the model itself; empty: from the repository
};

/// Makes `call` a deferred one that changes the model.
Status begin_change(BaseCall& call, std::string_view model, ChangeParameters parameters,
                    Change change);

/// Triton's name for a state.
std::string_view state_name(const serving::ModelStatus& status);
const std::string& reason_of(const serving::ModelStatus& status);

}  // namespace slipway::protocols
