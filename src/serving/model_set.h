// The models that are served: an immutable snapshot that requests read without a lock.
//
//   VersionManager --ModelSet--> one pointer per event loop --find(name, version)--> ServedModel
//
// Several versions of a model may be live at once; the newest is its default, unless the settings
// name another. Ownership: a ModelSet
// shares its models; a request keeps the snapshot that it began with, so a model that is replaced
// lives until its last request is done. Thread rule: immutable.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/cache_line.h"
#include "base/status.h"
#include "serving/model_source.h"
#include "serving/served_model.h"

namespace slipway::serving {

/// The life of a version; the numbers are TensorFlow Serving's.
enum class VersionState : uint8_t {
  kStart = 10,      // known, waits to be loaded
  kLoading = 20,    // being read, compiled, warmed
  kAvailable = 30,  // answers
  kUnloading = 40,  // gets no new requests; those that have begun are answered
  kEnd = 50,        // not in memory: never loaded, failed, or unloaded
};
/// "AVAILABLE" and so on.
std::string_view version_state_name(VersionState state);

/// How a version stands, the failed ones too.
struct ModelStatus {
  std::string name;
  std::string version;  // empty if none of the model's is known
  std::string path;
  Status status;  // of the last load; an error beside kAvailable: an older content is served
  VersionState state = VersionState::kEnd;
  std::string reason;  // why it is in this state; may be empty

  bool served() const { return state == VersionState::kAvailable; }
};

/// A name for a version of a model: "stable" -> "3".
struct VersionLabel {
  std::string model;
  std::string label;
  std::string version;
};

/// Newer versions are greater: as numbers, which have no leading zeros.
bool newer_version(std::string_view a, std::string_view b);

/// In lines of its own: who takes or drops a reference beside it does not disturb who reads it.
class alignas(kCacheLine) ModelSet {
 public:
  struct Settings {
    std::string default_model;  // empty: a set of one model has that one, a larger set none
    std::vector<VersionLabel> labels;
    std::vector<std::string> required;   // names of models without which the server is not ready
    bool still_starting = false;         // not every model has been tried yet
    std::vector<std::string> errors;     // of the repository, beside those of its models
    std::vector<std::string> on_demand;  // models that a request may have loaded; sorted
    /// Of those models that do not simply have their newest version served.
    std::vector<std::pair<std::string, VersionPolicy>> policies;
    std::vector<std::pair<std::string, std::string>> defaults = {};  // model -> version
  };

  ModelSet() = default;
  ModelSet(std::vector<std::shared_ptr<const ServedModel>> versions,
           std::vector<ModelStatus> statuses, Settings settings);

  /// By name, and by version number or label; an empty version means the default one. NOT_FOUND
  /// names what there is; UNAVAILABLE if the model is known but not served now.
  Result<const ServedModel*> find(std::string_view name, std::string_view version = {}) const;
  /// A model that is not live and that a request may have loaded. An empty name: the default one.
  bool on_demand(std::string_view name) const;
  /// INVALID_ARGUMENT lists the models if there are several and no default.
  Result<const ServedModel*> default_model() const;
  /// What an empty name means; empty if there is no default.
  const std::string& default_name() const { return settings_.default_model; }
  /// The default version of each model, in the order of their names.
  std::span<const std::shared_ptr<const ServedModel>> models() const { return defaults_; }
  /// All live versions of a model, the newest first.
  std::span<const std::shared_ptr<const ServedModel>> versions(std::string_view name) const;
  /// Which of a model's versions are served.
  VersionPolicy policy(std::string_view name) const;
  /// Labels of a model that point to live versions.
  std::vector<VersionLabel> labels(std::string_view name) const;
  std::span<const ModelStatus> statuses() const { return statuses_; }
  /// What could not be used of the repository: a broken list, a name that is taken twice.
  std::span<const std::string> repository_errors() const { return settings_.errors; }
  /// Why the server is not ready with this set; empty if it is: every required model has a live
  /// version, and there is one at all.
  const std::string& unready_reason() const { return unready_reason_; }
  /// Names of the served models, for messages: "a, b, c" (at most 20, then "...").
  std::string names() const;

 private:
  std::string make_unready_reason() const;
  Status why_not_served(std::string_view name) const;
  Status no_such_version(std::string_view name, std::string_view version) const;

  std::vector<std::shared_ptr<const ServedModel>> versions_;  // by name, then the newest first
  std::vector<std::shared_ptr<const ServedModel>> defaults_;
  std::vector<ModelStatus> statuses_;
  Settings settings_;
  std::string unready_reason_;
};

}  // namespace slipway::serving
