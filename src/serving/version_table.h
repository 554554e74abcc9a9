// VersionTable: what the version manager knows of every version, and what that makes of its state.
//
// The bookkeeping of VersionManager without its threads: no locks, no loading. States are derived
// from the facts, never set, so they cannot contradict them. Single-sequence.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "serving/model_set.h"
#include "serving/model_source.h"
#include "serving/serving_metrics.h"
#include "serving/version_plan.h"

namespace slipway::serving {

struct VersionEntry {
  VersionSource source;
  bool on_disk = false;
  std::shared_ptr<const ServedModel> live;
  SteadyTime live_since;
  FileStamp live_stamp;                   // of the content that is live
  std::optional<FileStamp> failed_stamp;  // of the content that could not be loaded
  FileStamp measured_stamp;               // of the content that took measured_bytes
  uint64_t measured_bytes = 0;            // 0: never loaded
  uint64_t counted_bytes = 0;             // of `live`, in the memory budget's books
  uint64_t reserved_bytes = 0;            // for its loading, likewise
  Status failure;
  bool queued = false;
  bool loading = false;
  uint32_t draining = 0;            // contents that were replaced or unloaded and are still in use
  ModelMetrics* metrics = nullptr;  // null: none are shown
  VersionState state = VersionState::kStart;
  std::string reason;

  bool failed() const;
  bool current() const { return live != nullptr && live_stamp.same_content(source.stamp); }
  bool busy() const { return queued || loading; }
  /// Memory of this content, if it has been loaded before; else 0.
  uint64_t known_bytes() const {
    return measured_stamp.same_content(source.stamp) ? measured_bytes : 0;
  }
};

/// Why a model that is there is not to be live.
enum class Rest : uint8_t {
  kNone,        // it is to be live
  kUntilAsked,  // load on demand: nobody has asked for it yet
  kNoRoom,      // found, but the memory budget has no room for it
  kEvicted,     // it was live, and had to make room
};

struct ModelEntry {
  ModelSource settings;  // its versions are those with on_disk below
  bool in_repository = false;
  Rest rest = Rest::kNone;
  bool asked = false;  // by a request or an admin call: others make room for it
  std::map<uint64_t, VersionEntry, std::greater<>> versions;  // the newest first
};

bool any_live(const ModelEntry& model);

class VersionTable {
 public:
  /// `on_demand`: models that are not required are live only once somebody asks for them.
  VersionTable(ServingMetrics& metrics, bool on_demand)
      : metrics_(metrics), on_demand_(on_demand) {}

  /// Takes over what there is; models and versions that are gone stay until they have ended. True
  /// if a label, a default or a policy has changed: sets tell of them, whatever is live.
  bool set_sources(std::vector<ModelSource> sources);
  /// What else is wrong, for the sets that are made. True if it is news.
  bool set_errors(std::vector<std::string> errors) {
    return std::exchange(errors_, std::move(errors)) != errors_;
  }
  VersionEntry* find(std::string_view name, uint64_t version);
  std::map<std::string, ModelEntry, std::less<>>& models() { return models_; }
  VersionPlan plan(const ModelEntry& model) const;
  /// Derives the states of a model's versions anew; logs and counts what changed, forgets versions
  /// that have ended. True if something changed.
  bool refresh(const std::string& name);

  /// Something of the model is queued, loading, or being written.
  bool pending(std::string_view name) const;
  /// As pending(), for all models; what is being written counts only where nothing is live.
  bool any_pending() const;
  /// No version is live, and a request may have it loaded.
  bool waits_for_request(const ModelEntry& model) const;
  /// What came of the model: OK, or why what its files hold is not served.
  Status outcome(std::string_view name) const;

  std::vector<ModelStatus> statuses() const;
  std::shared_ptr<const ModelSet> make_set(const std::string& default_model,
                                           bool still_starting) const;

 private:
  void derive(const ModelEntry& model, VersionEntry& version, VersionState& state,
              std::string& reason) const;
  bool refresh_version(const std::string& name, const ModelEntry& model, VersionEntry& version);
  void forget_metrics(const std::string& name, VersionEntry& version);

  ServingMetrics& metrics_;
  const bool on_demand_;
  std::map<std::string, ModelEntry, std::less<>> models_;
  std::vector<std::string> errors_;
};

}  // namespace slipway::serving
