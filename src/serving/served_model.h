// ServedModel: one version of one model, ready to answer.
//
//   ModelLoader --LoadedModel--> make_served_model (warms, measures) --> ServedModel in a ModelSet
//
// Thread rule: immutable, but for the scratches, which are the callers' own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/executable.h"
#include "serving/scratch_store.h"

namespace slipway {
struct RequestSchema;  // graph/request_schema.h
}

namespace slipway::serving {

struct ModelMetrics;  // serving/serving_metrics.h
class ServingMetrics;

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
  /// By dialect: what a request that names no output gets, where the operator chose it.
  std::vector<std::pair<std::string, uint32_t>> default_outputs;
  std::shared_ptr<const RequestSchema> schema;  // what the file says of requests; null: nothing
  std::vector<std::string> key_fields;  // fields of requests' rows that come back with the answers
};

struct ServedModel {
  std::string name;
  std::string version;  // "1"
  std::string path;
  LoadedModel loaded;
  /// Seconds that one row, and each further row, was measured to take for the default output at
  /// load.
  double seconds_first_row = 0;
  double seconds_per_row = 0;
  uint64_t constant_bytes = 0;      // memory but for the scratches
  ModelMetrics* metrics = nullptr;  // owned by the ServingMetrics, which outlives the model
  std::shared_ptr<ScratchStore> scratches;

  /// Place of each column by its name, the first one of equal names; the views point into the
  /// signature. Filled by make_served_model().
  std::unordered_map<std::string_view, uint32_t> column_places;

  /// Memory that the model takes now. Thread-safe.
  uint64_t memory_bytes() const {
    return constant_bytes + uint64_t{scratches->made()} * loaded.executable->scratch_bytes();
  }
  const Executable& executable() const { return *loaded.executable; }
  const Signature& signature() const { return loaded.executable->signature(); }
  /// What the operator chose for requests over this dialect ("mlflow") that name no output.
  std::optional<uint32_t> chosen_output(std::string_view dialect) const {
    for (const auto& [chooser, output] : loaded.default_outputs) {
      if (chooser == dialect) return output;
    }
    return std::nullopt;
  }
  uint32_t default_output(std::string_view dialect) const {
    return chosen_output(dialect).value_or(signature().default_output);
  }
};

/// Completes a version: warms the executable, measures its cost, makes its metrics and scratches.
std::shared_ptr<const ServedModel> make_served_model(std::string name, std::string version,
                                                     std::string path, LoadedModel loaded,
                                                     ServingMetrics& metrics);

}  // namespace slipway::serving
