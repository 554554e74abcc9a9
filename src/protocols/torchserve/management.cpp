#include "protocols/torchserve/management.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "protocols/torchserve/description.h"

namespace slipway::protocols::torchserve {
namespace {

constexpr int32_t kPageMax = 100;
constexpr std::string_view kRuntimes[] = {"python", "python3", "LSP"};
constexpr std::string_view kAccepted = "Processing worker updates...";

std::optional<Error> find_models(const BaseCall& call, const serving::ModelSet*& models) {
  const Result<const serving::ModelSet*> found = models_of(call);
  if (!found.ok()) return Error{ErrorKind::kUnavailable, found.status().message()};
  models = *found;
  return std::nullopt;
}

/// Null, with an error in `error`, while nothing can be changed.
serving::ModelControl* control_of(const BaseCall& call, std::optional<Error>& error) {
  serving::ModelControl* control = call.loop->server.control.load();
  if (control == nullptr) error = Error{ErrorKind::kUnavailable, "the models are still loading"};
  return control;
}

Asked asked_of(const RegisterRequest& request) {
  Asked asked;
  asked.url = request.url;
  if (!request.runtime.empty()) asked.runtime = request.runtime;
  asked.min_workers = asked.max_workers = std::max(request.initial_workers, 0);
  asked.batch_size = request.batch_size;
  asked.max_batch_delay = request.max_batch_delay;
  asked.response_timeout = request.response_timeout;
  asked.startup_timeout = request.startup_timeout;
  asked.at_startup = false;
  asked.since = std::chrono::system_clock::now();
  return asked;
}

}  // namespace

std::optional<Error> check_management_key(const BaseCall& call, const Caller& caller,
                                          Access access) {
  const TokenKeys* keys = state_of(call).keys();
  if (keys != nullptr) {
    if (keys->accepts(TokenKeys::Kind::kManagement, caller.authorization)) return std::nullopt;
    if (brings_admin_token(*call.loop, caller.authorization)) return std::nullopt;
    return invalid_key();
  }
  if (access == Access::kRead) return std::nullopt;
  const Status status = check_admin(*call.loop, caller);
  if (status.ok()) return std::nullopt;
  return Error{ErrorKind::kForbidden, status.message()};
}

std::optional<Error> list_models(const BaseCall& call, const ListRequest& request,
                                 std::string& text) {
  const serving::ModelSet* models = nullptr;
  if (auto error = find_models(call, models)) return error;
  const int32_t limit = request.limit > kPageMax || request.limit < 0 ? kPageMax : request.limit;
  const auto first = static_cast<size_t>(std::max(request.page_token, 0));
  const size_t count = models->models().size();
  size_t last = first + static_cast<size_t>(limit);
  text = "{\n";
  if (last <= count) text += fmt::format("  \"nextPageToken\": \"{}\",\n", last);
  last = std::min(last, count);
  text += "  \"models\": [";
  for (size_t i = first; i < last; ++i) {
    if (i > first) text.push_back(',');
    append_listed(text, *models->models()[i], *models, state_of(call));
  }
  text += first < last ? "\n  ]\n}" : "]\n}";
  return std::nullopt;
}

std::optional<Error> describe_model(BaseCall& call, std::string_view name, std::string_view version,
                                    bool customized, std::string& text) {
  const serving::ModelSet* models = nullptr;
  if (auto error = find_models(call, models)) return error;
  const State& state = state_of(call);
  text = "[";
  const auto append = [&](const serving::ServedModel& model) {
    text += text.size() > 1 ? ",\n" : "\n";
    append_description(text, model, *models, state, customized);
  };
  if (version == "all") {
    const auto versions = models->versions(name);
    if (versions.empty()) return model_not_found(name);
    for (const auto& model : versions) append(*model);
  } else {
    if (auto error = choose(call, name, version)) return error;
    if (call.needs_model) return std::nullopt;
    append(*call.infer.model);
    call.infer.model = nullptr;  // no inference
  }
  text += "\n]";
  return std::nullopt;
}

std::optional<Error> register_model(BaseCall& call, RegisterRequest request) {
  if (!state_of(call).model_api()) return method_not_allowed();
  if (request.url.empty()) return Error{ErrorKind::kBadRequest, "Parameter url is required."};
  if (!request.runtime.empty() &&
      std::ranges::find(kRuntimes, request.runtime) == std::end(kRuntimes)) {
    return Error{ErrorKind::kBadRequest,
                 fmt::format("Invalid RuntimeType value: {}", request.runtime.substr(0, 64))};
  }
  std::optional<Error> error;
  serving::ModelControl* control = control_of(call, error);
  if (control == nullptr) return error;
  const bool in_background = request.initial_workers > 0 && !request.synchronous;
  call.plan.clear();
  call.plan.columnar = in_background;
  call.deferred = true;
  State* state = &state_of(call);
  call.begin = [control, state, &call, request = std::move(request),
                in_background](std::function<void(Status)> done) {
    serving::Registration registration{request.url, request.model_name, !in_background};
    control->enroll(
        std::move(registration), [state, &call, request, in_background,
                                  done = std::move(done)](const Result<serving::Registered>& made) {
          if (!made.ok()) return done(made.status());
          if (!made->version.empty()) {
            state->set_asked(made->name, made->version, asked_of(request));
          }
          call.plan.id = in_background ? std::string(kAccepted) : registered_text(*made, request);
          done(Status());
        });
  };
  return std::nullopt;
}

std::optional<Error> scale_workers(BaseCall& call, const ScaleRequest& request, std::string& text) {
  if (request.max_workers < request.min_workers) {
    return Error{ErrorKind::kBadRequest, "max_worker cannot be less than min_worker."};
  }
  const serving::ModelSet* models = nullptr;
  if (auto error = find_models(call, models)) return error;
  if (auto error = choose(call, request.name, request.version)) return error;
  if (call.needs_model) return std::nullopt;
  const serving::ServedModel& model = *call.infer.model;
  const std::string version = version_text(*models, model.name, model.version);
  State& state = state_of(call);
  Asked asked = state.asked(model.name, version);
  asked.min_workers = std::max(request.min_workers, 0);
  asked.max_workers = std::max(request.max_workers, 0);
  state.set_asked(model.name, version, std::move(asked));
  call.infer.model = nullptr;  // no inference
  if (!request.synchronous) {
    text = kAccepted;
    return std::nullopt;
  }
  text = fmt::format("Workers scaled to {} for model: {}", request.min_workers, request.name);
  if (!request.version.empty()) text += fmt::format(", version: {}", request.version);
  return std::nullopt;
}

std::optional<Error> set_default(BaseCall& call, std::string_view name, std::string_view version) {
  const serving::ModelSet* models = nullptr;
  if (auto error = find_models(call, models)) return error;
  const auto number = version_number(*models, name, version);
  if (!number.has_value()) {
    if (!models->find(name).ok()) return model_not_found(name);
    return Error{ErrorKind::kVersionNotFound,
                 fmt::format("Model version {} does not exist for model {}", version.substr(0, 128),
                             name.substr(0, 256))};
  }
  std::optional<Error> error;
  serving::ModelControl* control = control_of(call, error);
  if (control == nullptr) return error;
  call.plan.clear();
  call.plan.id =
      fmt::format("Default version successfully updated for model \"{}\" to \"{}\"", name, version);
  call.deferred = true;
  call.begin = [control, name = std::string(name),
                number = *number](std::function<void(Status)> done) {
    control->set_default(name, number, std::move(done));
  };
  return std::nullopt;
}

std::optional<Error> unregister_model(BaseCall& call, std::string_view name,
                                      std::string_view version) {
  State* state = &state_of(call);
  if (!state->model_api()) return method_not_allowed();
  const serving::ModelSet* models = nullptr;
  if (auto error = find_models(call, models)) return error;
  const auto default_version = models->find(name);
  if (!default_version.ok()) return model_not_found(name);
  const auto number = version.empty() ? std::optional((*default_version)->version)
                                      : version_number(*models, name, version);
  if (!number.has_value()) return version_not_found(name, version);
  if (*number == (*default_version)->version && models->versions(name).size() > 1) {
    return Error{ErrorKind::kDefaultVersion,
                 fmt::format("Cannot remove default version for model {}", name)};
  }
  std::optional<Error> error;
  serving::ModelControl* control = control_of(call, error);
  if (control == nullptr) return error;
  call.plan.clear();
  call.plan.id = fmt::format("Model \"{}\" unregistered", name);
  call.deferred = true;
  call.begin = [control, state, name = std::string(name), number = *number,
                text = version_text(*models, name, *number)](std::function<void(Status)> done) {
    state->forget(name, text);
    control->retire(name, number, std::move(done));
  };
  return std::nullopt;
}

}  // namespace slipway::protocols::torchserve
