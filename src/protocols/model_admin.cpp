#include "protocols/internal/model_admin.h"

#include <utility>

namespace slipway::protocols {
namespace {

using serving::VersionState;

/// True for equal texts, in a time that does not tell where they differ.
bool equal_secrets(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

bool brings_token(const LoopState& loop, std::string_view header) {
  constexpr std::string_view kScheme = "bearer ";
  const std::string& token = loop.server.admin_token;
  if (token.empty() || header.size() <= kScheme.size()) return false;
  for (size_t i = 0; i < kScheme.size(); ++i) {
    if ((header[i] | 0x20) != kScheme[i] && header[i] != kScheme[i]) return false;
  }
  return equal_secrets(header.substr(kScheme.size()), token);
}

}  // namespace

Status check_admin(const LoopState& loop, const Caller& caller) {
  if (brings_token(loop, caller.authorization)) return {};
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
  if (parameters.overrides) {
    return unimplemented(
        "a model is loaded as it is: of the parameters only \"url\" is taken, not \"config\" or "
        "\"file:...\"");
  }
  serving::ModelControl* control = call.loop->server.control.load();
  if (control == nullptr) return unavailable("the models are still loading");
  call.begin = [control, change, name = std::string(model),
                url = std::move(parameters.url)](std::function<void(Status)> done) {
    if (!url.empty()) return control->add(name, url, std::move(done));
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
