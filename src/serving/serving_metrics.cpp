#include "serving/serving_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "serving/triton_metrics.h"

namespace slipway::serving {
namespace {

using metrics::Labels;
using metrics::MetricType;

constexpr double kRowBounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096};

Labels labels_of(const std::string& name, const std::string& version) {
  return {{"model", name}, {"version", version}};
}

Labels labels_with(const std::string& name, const std::string& version, const char* label,
                   std::string_view value) {
  Labels labels = labels_of(name, version);
  labels.push_back({label, std::string(value)});
  return labels;
}

/// The second field of /proc/self/statm: resident pages.
double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double total_pages = 0;
  double resident_pages = 0;
  statm >> total_pages >> resident_pages;
  return resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double open_descriptors() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  double count = -3;  // ".", ".." and the folder itself
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

void register_process(metrics::Registry& registry) {
  const double started =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  registry.callback("process_start_time_seconds", "Start of the process since the Unix epoch.",
                    MetricType::kGauge, {}, [started] { return started; });
  registry.callback("process_cpu_seconds_total", "User and system CPU time of the process.",
                    MetricType::kCounter, {}, cpu_seconds);
  registry.callback("process_resident_memory_bytes", "Resident memory of the process.",
                    MetricType::kGauge, {}, resident_bytes);
  registry.callback("process_open_fds", "Open file descriptors of the process.", MetricType::kGauge,
                    {}, open_descriptors);
}

metrics::Counter& shed_counter(metrics::Registry& registry, const std::string& name,
                               const std::string& version, ShedReason reason) {
  return registry.counter("slipway_requests_shed_total",
                          "Requests that were given up without being run, by reason.",
                          labels_with(name, version, "reason", shed_reason_name(reason)));
}

}  // namespace

void ModelMetrics::record_feedback(double reward) {
  const Labels labels = labels_of(name, version);
  registry_
      .counter("seldon_api_model_feedback_total", "Feedback given to the model's answers.", labels)
      .add(metrics::kSharedShard);
  if (rewards_.use_count() == 1) {
    registry_.callback("seldon_api_model_feedback_reward_total",
                       "Sum of the rewards that came with feedback.", metrics::MetricType::kCounter,
                       labels,
                       [rewards = rewards_] { return rewards->load(std::memory_order_relaxed); });
  }
  rewards_->fetch_add(reward, std::memory_order_relaxed);
}

ModelMetrics::ModelMetrics(metrics::Registry& registry, const std::string& model_name,
                           const std::string& model_version)
    : name(model_name),
      version(model_version),
      requests(registry.counter("slipway_requests_total",
                                "Inference requests answered, with success or not.",
                                labels_of(name, version))),
      rows(registry.counter("slipway_rows_total", "Rows predicted.", labels_of(name, version))),
      in_flight(registry.up_down_counter("slipway_requests_in_flight",
                                         "Inference requests that wait or run now.",
                                         labels_of(name, version))),
      request_seconds(registry.histogram(
          "slipway_request_duration_seconds",
          "Time from the first byte of an inference request to its answer being ready.",
          labels_of(name, version), metrics::latency_bounds())),
      queue_seconds(registry.histogram("slipway_queue_duration_seconds",
                                       "Time that requests waited for an inference thread.",
                                       labels_of(name, version), metrics::latency_bounds())),
      compute_seconds(registry.histogram("slipway_compute_duration_seconds",
                                         "Time that the model computed, per request; of the whole "
                                         "batch where requests were joined.",
                                         labels_of(name, version), metrics::latency_bounds())),
      batch_rows(registry.histogram("slipway_batch_rows",
                                    "Rows that an inference thread ran at once.",
                                    labels_of(name, version), kRowBounds)),
      queue_length(registry.up_down_counter("slipway_queue_length",
                                            "Requests that wait for an inference thread.",
                                            labels_of(name, version))),
      ready(registry.gauge("slipway_model_ready", "1 if the model is served, 0 if it is not.",
                           labels_of(name, version))),
      state(registry.gauge("slipway_model_state",
                           "10 START, 20 LOADING, 30 AVAILABLE, 40 UNLOADING, 50 END.",
                           labels_of(name, version))),
      load_failed(registry.gauge("slipway_model_load_failed",
                                 "1 if the version's present file could not be loaded, whether an "
                                 "older content is served or none.",
                                 labels_of(name, version))),
      loads(registry.counter("slipway_model_loads_total", "Loads that were tried, by outcome.",
                             labels_with(name, version, "result", "ok"))),
      failed_loads(registry.counter("slipway_model_loads_total",
                                    "Loads that were tried, by outcome.",
                                    labels_with(name, version, "result", "failed"))),
      load_seconds(registry.gauge("slipway_model_load_duration_seconds",
                                  "Time that reading and compiling the model took.",
                                  labels_of(name, version))),
      memory_bytes(registry.gauge("slipway_model_memory_bytes", "Memory of the model, as loaded.",
                                  labels_of(name, version))),
      file_bytes(registry.gauge("slipway_model_file_bytes", "Size of the model's file.",
                                labels_of(name, version))),
      stats(registry.loops()),
      registry_(registry) {
  constexpr StatusCode kCounted[] = {StatusCode::kInvalidArgument,  StatusCode::kResourceExhausted,
                                     StatusCode::kDeadlineExceeded, StatusCode::kCancelled,
                                     StatusCode::kUnimplemented,    StatusCode::kUnavailable,
                                     StatusCode::kInternal};
  const auto counter = [&](std::string_view code) {
    return &registry.counter("slipway_request_errors_total",
                             "Inference requests that failed, by code.",
                             labels_with(name, version, "code", code));
  };
  for (const StatusCode code : kCounted) {
    errors[static_cast<size_t>(code)] = counter(status_code_name(code));
  }
  metrics::Counter* other = counter(status_code_name(StatusCode::kUnknown));
  for (size_t i = 1; i < errors.size(); ++i) {
    if (errors[i] == nullptr) errors[i] = other;
  }
  for (size_t i = 0; i < shed.size(); ++i) {
    shed[i] = &shed_counter(registry, name, version, static_cast<ShedReason>(i));
  }
}

void ModelMetrics::record_answer(uint32_t shard, StatusCode code, double seconds) {
  requests.add(shard);
  if (code != StatusCode::kOk) errors[static_cast<size_t>(code)]->add(shard);
  request_seconds.observe(shard, seconds);
}

ServingMetrics::ServingMetrics(uint32_t loops, bool triton_names)
    : triton_names_(triton_names), registry_(loops) {
  register_process(registry_);
  if (triton_names) register_triton_machine(registry_);
}
ServingMetrics::~ServingMetrics() = default;

ModelMetrics& ServingMetrics::model(const std::string& name, const std::string& version) {
  const MutexLock lock(mutex_);
  for (const auto& model : models_) {
    if (model->name == name && model->version == version) return *model;
  }
  models_.push_back(std::make_unique<ModelMetrics>(registry_, name, version));
  if (triton_names_) register_triton_names(registry_, *models_.back());
  return *models_.back();
}

void ServingMetrics::set_loaded(const ServedModel& served) {
  ModelMetrics& metrics = model(served.name, served.version);
  metrics.ready.set(1);
  metrics.load_seconds.set(served.loaded.load_seconds);
  metrics.memory_bytes.set(static_cast<double>(served.memory_bytes()));
  metrics.file_bytes.set(static_cast<double>(served.loaded.file_bytes));
  Labels labels = labels_of(served.name, served.version);
  registry_.remove("slipway_model_info", labels);  // of the content before
  labels.push_back({"class", served.loaded.class_name});
  labels.push_back({"library", served.loaded.library});
  labels.push_back({"library_version", served.loaded.library_version});
  labels.push_back({"digest", served.loaded.digest});
  registry_.gauge("slipway_model_info", "What is served: always 1.", std::move(labels)).set(1);
}

void ServingMetrics::forget(const std::string& name, const std::string& version) {
  const MutexLock lock(mutex_);
  registry_.remove("", labels_of(name, version));  // first: its callbacks read what is dropped
  std::erase_if(models_, [&](const std::unique_ptr<ModelMetrics>& model) {
    return model->name == name && model->version == version;
  });
}

}  // namespace slipway::serving
