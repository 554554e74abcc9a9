#include "protocols/torchserve/state.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "protocols/internal/dialect.h"
#include "protocols/torchserve/error.h"

namespace slipway::protocols {
namespace torchserve {
namespace {

constexpr size_t kAskedMax = 100'000;

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

/// "1.0" stands for the number 1.
std::string_view without_zeros(std::string_view version) {
  while (version.ends_with(".0")) version.remove_suffix(2);
  return version;
}

/// What was taken away may still answer what had begun.
bool is_unregistered(const serving::ModelSet& models, std::string_view name) {
  return std::ranges::none_of(models.statuses(), [&](const serving::ModelStatus& status) {
    return status.name == name && status.state != serving::VersionState::kUnloading;
  });
}

}  // namespace

State::State(const ServiceOptions& options, uint32_t loops)
    : keys_(options.token_keys),
      model_api_(options.model_api),
      workers_(loops),
      host_(host_name()),
      started_(std::chrono::system_clock::now()),
      registry_(loops) {}

Asked State::asked(const std::string& name, const std::string& version) const {
  {
    const MutexLock lock(mutex_);
    const auto found = asked_.find({name, version});
    if (found != asked_.end()) return found->second;
  }
  Asked asked;
  asked.min_workers = asked.max_workers = static_cast<int32_t>(workers_);
  asked.since = started_;
  return asked;
}

void State::set_asked(const std::string& name, const std::string& version, Asked asked) {
  const MutexLock lock(mutex_);
  if (asked_.size() >= kAskedMax) asked_.clear();
  asked_[{name, version}] = std::move(asked);
}

void State::forget(const std::string& name, const std::string& version) {
  const MutexLock lock(mutex_);
  asked_.erase({name, version});
}

State::Series& State::series(std::string_view name, std::string_view version) {
  const MutexLock lock(mutex_);
  std::string key(name);
  key.push_back('\n');
  key += version;
  const auto found = series_.find(key);
  if (found != series_.end()) return *found->second;
  const metrics::Labels labels = {{"model_name", std::string(name)},
                                  {"model_version", std::string(version)},
                                  {"hostname", host_}};
  auto made = std::make_unique<Series>(Series{
      registry_.counter("ts_inference_requests_total",
                        "Torchserve prometheus counter metric with unit: Count", labels),
      registry_.counter("ts_inference_latency_microseconds",
                        "Torchserve prometheus counter metric with unit: Microseconds", labels),
      registry_.counter("ts_queue_latency_microseconds",
                        "Torchserve prometheus counter metric with unit: Microseconds", labels)});
  return *series_.emplace(std::move(key), std::move(made)).first->second;
}

State& state_of(const BaseCall& call) {
  DialectState* state = call.loop->server.torchserve.get();
  CHECK(state != nullptr);
  return static_cast<State&>(*state);
}

std::optional<Error> choose(BaseCall& call, std::string_view name, std::string_view version) {
  Status status = choose_model(call, name, version);
  if (status.ok() || call.needs_model) return std::nullopt;
  const Result<const serving::ModelSet*> models = models_of(call);
  const bool is_gone = models.ok() && is_unregistered(**models, name);
  if (status.code() != StatusCode::kNotFound && !is_gone) return inference_error(status);
  if (!models.ok() || !(*models)->find(name).ok()) return model_not_found(name);
  const std::string_view plain = without_zeros(version);
  if (plain != version && choose_model(call, name, plain).ok()) return std::nullopt;
  return version_not_found(name, version);
}

std::string version_text(const serving::ModelSet& models, std::string_view name,
                         const std::string& version) {
  for (const serving::VersionLabel& label : models.labels(name)) {
    if (label.version == version) return label.label;
  }
  return version;
}

std::optional<std::string> version_number(const serving::ModelSet& models, std::string_view name,
                                          std::string_view text) {
  for (const serving::VersionLabel& label : models.labels(name)) {
    if (label.label == text) return label.version;
  }
  const auto known = [&](std::string_view number) {
    return std::ranges::any_of(models.statuses(), [&](const serving::ModelStatus& status) {
      return status.name == name && status.version == number && !number.empty();
    });
  };
  if (known(text)) return std::string(text);
  const std::string_view plain = without_zeros(text);
  if (known(plain)) return std::string(plain);
  return std::nullopt;
}

}  // namespace torchserve

std::shared_ptr<DialectState> make_torchserve_state(const ServiceOptions& options, uint32_t loops) {
  return std::make_shared<torchserve::State>(options, loops);
}

}  // namespace slipway::protocols
