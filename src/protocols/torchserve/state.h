// What TorchServe's dialects keep between requests: its keys, what registered models asked for, its
// metrics.
//
// The settings of a registration (workers, batch size, timeouts) change nothing here: there are no
// workers, and batches are made by the server's own rule. They are kept to be told again.
//
// Ownership: by ServerInfo. Thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/thread_annotations.h"
#include "metrics/registry.h"
#include "protocols/internal/call.h"
#include "protocols/token_keys.h"
#include "protocols/torchserve/error.h"

namespace slipway::protocols::torchserve {

/// What somebody asked for of one version of a model.
struct Asked {
  std::string url;
  std::string runtime = "python";
  int32_t min_workers = 0;
  int32_t max_workers = 0;
  int32_t batch_size = 1;
  int32_t max_batch_delay = 100;
  int32_t response_timeout = 120;
  int32_t startup_timeout = 120;
  bool at_startup = true;
  std::chrono::system_clock::time_point since;
};

class State final : public DialectState {
 public:
  State(const ServiceOptions& options, uint32_t loops);

  /// Null: token authorization is off.
  TokenKeys* keys() const { return keys_.get(); }
  /// Registering and unregistering is allowed at all.
  bool model_api() const { return model_api_; }

  /// Of a version that nobody registered: what the server began with.
  Asked asked(const std::string& name, const std::string& version) const EXCLUDES(mutex_);
  void set_asked(const std::string& name, const std::string& version, Asked asked) EXCLUDES(mutex_);
  void forget(const std::string& name, const std::string& version) EXCLUDES(mutex_);

  struct Series {
    metrics::Counter& requests;
    metrics::Counter& latency;  // microseconds
    metrics::Counter& queued;   // microseconds
  };
  /// `version` as the request names it, or "default".
  Series& series(std::string_view name, std::string_view version) EXCLUDES(mutex_);
  metrics::Registry& registry() { return registry_; }

 private:
  using Key = std::pair<std::string, std::string>;

  const std::shared_ptr<TokenKeys> keys_;
  const bool model_api_;
  const uint32_t workers_;
  const std::string host_;
  const std::chrono::system_clock::time_point started_;
  metrics::Registry registry_;
  mutable Mutex mutex_;
  std::map<Key, Asked> asked_ GUARDED_BY(mutex_);
  std::map<std::string, std::unique_ptr<Series>> series_ GUARDED_BY(mutex_);
};

State& state_of(const BaseCall& call);

/// Sets call.infer.model; an empty version means the default one. "1.0" is also found as "1". None
/// if it was found, or is being loaded for this call.
std::optional<Error> choose(BaseCall& call, std::string_view name, std::string_view version);

/// How its archive writes a version: "1.0"; else its number.
std::string version_text(const serving::ModelSet& models, std::string_view name,
                         const std::string& version);
/// The number of a version that is known, live or not; none if there is no such version.
std::optional<std::string> version_number(const serving::ModelSet& models, std::string_view name,
                                          std::string_view text);

}  // namespace slipway::protocols::torchserve
