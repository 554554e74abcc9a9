#include "protocols/internal/model_admin.h"

#include <utility>

#include "protocols/token_keys.h"

namespace slipway::protocols {
namespace {

using serving::VersionState;

}  // namespace

bool brings_admin_token(const LoopState& loop, std::string_view header) {
  constexpr std::string_view kScheme = "bearer ";
  const std::string& token = loop.server.admin_token;
  if (token.empty() || header.size() <= kScheme.size()) return false;
  for (size_t i = 0; i < kScheme.size(); ++i) {
    if ((header[i] | 0x20) != kScheme[i] && header[i] != kScheme[i]) return false;
  }
  return equal_secrets(header.substr(kScheme.size()), token);
}

Status check_admin(const LoopState& loop, const Caller& caller) {
  if (brings_admin_token(loop, caller.authorization)) return {};
  if (loop.may_change_models) {
    if (caller.origin.data() == nullptr) return {};
    return permission_denied(
        "this call changes models and comes from a page in a browser: it "
        "needs the admin token (Authorization: Bearer ...)");
  }
  return permission_denied(
      "this call changes models: it needs the admin token (Authorization: Bearer ..., set by "
      "--admin-token) or the admin listener (--admin)");
}

Status begin_change(BaseCall& call, std::string_view model, ChangeParameters parameters,
                    Change change) {
  serving::ModelControl* control = call.loop->server.control.load();
  if (control == nullptr) return unavailable("the models are still loading");
  call.begin = [control, change, name = std::string(model),
                parameters = std::move(parameters)](std::function<void(Status)> done) mutable {
    if (!parameters.files.empty()) {
      return control->load_files(name, std::move(parameters.files), parameters.overrides,
                                 std::move(done));
    }
    if (!parameters.url.empty()) return control->add(name, parameters.url, std::move(done));
    if (!parameters.overrides.empty()) {
      return control->load_with(name, parameters.overrides, std::move(done));
    }
    (control->*change)(name, std::move(done));
  };
  call.deferred = true;
  return {};
}

std::string_view state_name(const serving::ModelStatus& status) {
  switch (status.state) {
    case VersionState::kStart:
    case VersionState::kLoading: return "LOADING";
    case VersionState::kAvailable: return "READY";
    case VersionState::kUnloading: return "UNLOADING";
    case VersionState::kEnd: return "UNAVAILABLE";
  }
  return "UNAVAILABLE";
}

const std::string& reason_of(const serving::ModelStatus& status) {
  return status.status.ok() ? status.reason : status.status.message();
}

}  // namespace slipway::protocols
