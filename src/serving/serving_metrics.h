// ServingMetrics: what is counted per model and version, and of the process.
//
//   Inference, protocols --ModelMetrics--> Registry --GET /metrics--> Prometheus
//
// Ownership: owns the registry and one ModelMetrics per model and version, which live until they
// are forgotten. Thread rule: thread-safe; ModelMetrics may be used by every loop at once, each
// with its own index as the shard, and by other threads with metrics::kSharedShard.
//
//   ServingMetrics metrics(loops);
//   metrics.model("iris", "1").rows.add(loop, 64);
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/thread_annotations.h"
#include "metrics/registry.h"
#include "serving/admission.h"
#include "serving/inference_stats.h"
#include "serving/model_set.h"

namespace slipway::serving {

struct ModelMetrics {
  ModelMetrics(metrics::Registry& registry, const std::string& name, const std::string& version);

  /// A request for this model has been answered. Counts it, its error if it is one, and its time.
  void record_answer(uint32_t shard, StatusCode code, double seconds);
  /// Somebody has told how good an answer was (Seldon). Off the hot path: takes a lock.
  void record_feedback(double reward);

  std::string name;
  std::string version;
  metrics::Counter& requests;
  metrics::Counter& rows;
  metrics::UpDownCounter& in_flight;
  metrics::Histogram& request_seconds;
  metrics::Histogram& queue_seconds;
  metrics::Histogram& compute_seconds;
  metrics::Histogram& batch_rows;
  metrics::UpDownCounter& queue_length;
  metrics::Gauge& ready;
  metrics::Gauge& state;
  metrics::Gauge& load_failed;
  metrics::Counter& loads;
  metrics::Counter& failed_loads;
  metrics::Gauge& load_seconds;
  metrics::Gauge& memory_bytes;
  metrics::Gauge& file_bytes;
  InferenceStats stats;
  std::array<metrics::Counter*, 17> errors{};          // by StatusCode; no entry for kOk
  std::array<metrics::Counter*, kShedReasons> shed{};  // by ShedReason

 private:
  metrics::Registry& registry_;
  std::shared_ptr<std::atomic<double>> rewards_ = std::make_shared<std::atomic<double>>(0);
};

class ServingMetrics {
 public:
  /// `triton_names`: the metrics also have the names that Triton gives them.
  explicit ServingMetrics(uint32_t loops, bool triton_names = false);
  ~ServingMetrics();

  metrics::Registry& registry() { return registry_; }
  const metrics::Registry& registry() const { return registry_; }
  /// Made at the first call for that model and version.
  ModelMetrics& model(const std::string& name, const std::string& version);
  /// What is known of a model once it is loaded: info, load time, memory.
  void set_loaded(const ServedModel& model);
  /// Drops everything of that version; nobody may use its ModelMetrics any more.
  void forget(const std::string& name, const std::string& version);

 private:
  const bool triton_names_;
  metrics::Registry registry_;
  Mutex mutex_;
  std::vector<std::unique_ptr<ModelMetrics>> models_ GUARDED_BY(mutex_);
};

}  // namespace slipway::serving
