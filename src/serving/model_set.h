// The models that are served: an immutable snapshot that requests read without a lock.
//
//   loader (ModelLoader, wired by cli) --LoadedModel--> ModelSet --snapshot--> one pointer per
//   event loop
//
// Ownership: a ModelSet shares its models; a request keeps the snapshot that it began with, so a
// model that is replaced lives until its last request is done. Thread rule: ModelSet and
// ServedModel are immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "engine/executable.h"

namespace slipway::serving {

struct ModelMetrics;  // serving/serving_metrics.h

/// What a loader gives: an executable and what is known about its file.
struct LoadedModel {
  std::shared_ptr<const Executable> executable;
  std::string class_name;       // "sklearn.pipeline.Pipeline"
  std::string library;          // "scikit-learn"
  std::string library_version;  // "1.7.2"
  std::string digest;           // "sha256:..." of the file
  uint64_t file_bytes = 0;
  double load_seconds = 0;
  std::vector<std::string> warnings;
};

/// Turns a file into a model. Implemented above serving (it needs the readers). Thread-safe.
class ModelLoader {
 public:
  virtual ~ModelLoader() = default;
  virtual Result<LoadedModel> load(const std::string& path) = 0;
};

/// One version of one model, ready to answer.
struct ServedModel {
  std::string name;
  std::string version;  // "1"
  std::string path;
  LoadedModel loaded;
  /// Seconds that one row, and each further row, was measured to take for the default output at
  /// load.
  double seconds_first_row = 0;
  double seconds_per_row = 0;
  ModelMetrics* metrics = nullptr;  // owned by the ServingMetrics, which outlives all sets

  /// Place of each column by its name, the first one of equal names; the views point into the
  /// signature. Filled by load_models().
  std::unordered_map<std::string_view, uint32_t> column_places;

  const Executable& executable() const { return *loaded.executable; }
  const Signature& signature() const { return loaded.executable->signature(); }
};

/// Completes a version: checks and warms the executable, measures its cost, makes its metrics.
class ServingMetrics;
std::shared_ptr<const ServedModel> make_served_model(std::string name, std::string version,
                                                     std::string path, LoadedModel loaded,
                                                     ServingMetrics& metrics);

/// How a model stands, the failed ones too.
struct ModelStatus {
  std::string name;
  std::string version;
  std::string path;
  Status status;  // OK: served
};

class ModelSet {
 public:
  ModelSet() = default;
  /// Models in the order of their names. `default_model` may be empty: then a set of one model has
  /// that one as its default, a larger set none.
  ModelSet(std::vector<std::shared_ptr<const ServedModel>> models,
           std::vector<ModelStatus> statuses, std::string default_model);

  /// NOT_FOUND names the model (and the version) and lists what there is; UNAVAILABLE if the model
  /// is there but failed to load. An empty version means any.
  Result<const ServedModel*> find(std::string_view name, std::string_view version = {}) const;
  /// INVALID_ARGUMENT lists the models if there are several and no default.
  Result<const ServedModel*> default_model() const;
  std::span<const std::shared_ptr<const ServedModel>> models() const { return models_; }
  std::span<const ModelStatus> statuses() const { return statuses_; }
  /// True if every model that was asked for is served.
  bool all_served() const;
  /// Names of the served models, for messages: "a, b, c" (at most 20, then "...").
  std::string names() const;

 private:
  std::vector<std::shared_ptr<const ServedModel>> models_;
  std::vector<ModelStatus> statuses_;
  std::string default_model_;
};

/// Loads files and folders of files (every regular file whose content a loader reads; hidden files
/// and files of other kinds are passed over with a log line) into a set; the model's name is the
/// file's without its extensions (.joblib, .pkl, .pickle, .gz, ...). Two files that would get the
/// same name: an error status for the second. A model that fails never stops the others. `name`
/// overrides the name of a single file. NOT_FOUND if the default model is not among the models.
struct LoadRequest {
  std::vector<std::string> paths;
  std::string name;
  std::string default_model;
};
Result<std::shared_ptr<const ModelSet>> load_models(const LoadRequest& request, ModelLoader& loader,
                                                    ServingMetrics& metrics);

}  // namespace slipway::serving
