#include "serving/triton_metrics.h"

#include <charconv>
#include <fstream>
#include <string>

#include "serving/serving_metrics.h"

namespace slipway::serving {
namespace {

using metrics::Labels;
using metrics::MetricType;
using Snapshot = InferenceStats::Snapshot;

double microseconds(uint64_t ns) { return static_cast<double>(ns) / 1e3; }

uint64_t errors_of(const ModelMetrics& model, StatusCode code) {
  const metrics::Counter* counter = model.errors[static_cast<size_t>(code)];
  return counter == nullptr ? 0 : counter->value();
}

/// Triton knows four reasons why a request fails.
struct Reason {
  std::string_view name;
  double (*count)(const ModelMetrics&);
};

constexpr Reason kReasons[] = {
    {"REJECTED",
     [](const ModelMetrics& model) {
       return static_cast<double>(errors_of(model, StatusCode::kResourceExhausted) +
                                  errors_of(model, StatusCode::kDeadlineExceeded));
     }},
    {"CANCELED",
     [](const ModelMetrics& model) {
       return static_cast<double>(errors_of(model, StatusCode::kCancelled));
     }},
    {"BACKEND",
     [](const ModelMetrics& model) {
       return static_cast<double>(errors_of(model, StatusCode::kInternal));
     }},
    {"OTHER",
     [](const ModelMetrics& model) {
       return static_cast<double>(errors_of(model, StatusCode::kInvalidArgument) +
                                  errors_of(model, StatusCode::kUnimplemented) +
                                  errors_of(model, StatusCode::kUnavailable) +
                                  errors_of(model, StatusCode::kUnknown));
     }},
};

struct Entry {
  std::string_view name;
  std::string_view help;
  double (*read)(const Snapshot&);
};

constexpr Entry kEntries[] = {
    {"nv_inference_request_success", "Number of successful inference requests, all batch sizes",
     [](const Snapshot& stats) { return static_cast<double>(stats.success); }},
    {"nv_inference_count",
     "Number of inferences performed (does not include cached requests): rows",
     [](const Snapshot& stats) { return static_cast<double>(stats.rows); }},
    {"nv_inference_exec_count", "Number of model executions performed",
     [](const Snapshot& stats) { return static_cast<double>(stats.executions); }},
    {"nv_inference_request_duration_us", "Cumulative inference request duration in microseconds",
     [](const Snapshot& stats) { return microseconds(stats.success_ns); }},
    {"nv_inference_queue_duration_us", "Cumulative inference queuing duration in microseconds",
     [](const Snapshot& stats) { return microseconds(stats.queue_ns); }},
    {"nv_inference_compute_input_duration_us", "Cumulative compute input duration in microseconds",
     [](const Snapshot& stats) { return microseconds(stats.input_ns); }},
    {"nv_inference_compute_infer_duration_us",
     "Cumulative compute inference duration in microseconds",
     [](const Snapshot& stats) { return microseconds(stats.infer_ns); }},
    {"nv_inference_compute_output_duration_us",
     "Cumulative inference compute output duration in microseconds",
     [](const Snapshot& stats) { return microseconds(stats.output_ns); }},
};

/// A line of /proc/meminfo, in bytes.
double memory_bytes(std::string_view name) {
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':') continue;
    const size_t begin = line.find_first_of("0123456789");
    uint64_t kibibytes = 0;
    if (begin != std::string::npos) {
      std::from_chars(line.data() + begin, line.data() + line.size(), kibibytes);
    }
    return static_cast<double>(kibibytes) * 1024;
  }
  return 0;
}

}  // namespace

void register_triton_names(metrics::Registry& registry, const ModelMetrics& model) {
  const Labels labels = {{"model", model.name}, {"version", model.version}};
  for (const Entry& entry : kEntries) {
    registry.callback(entry.name, entry.help, MetricType::kCounter, labels,
                      [&stats = model.stats, read = entry.read] { return read(stats.totals()); });
  }
  for (const Reason& reason : kReasons) {
    Labels with_reason = labels;
    with_reason.push_back({"reason", std::string(reason.name)});
    registry.callback("nv_inference_request_failure",
                      "Number of failed inference requests, all batch sizes", MetricType::kCounter,
                      std::move(with_reason),
                      [&model, count = reason.count] { return count(model); });
  }
  registry.callback("nv_inference_pending_request_count",
                    "Instantaneous number of pending requests awaiting execution per-model.",
                    MetricType::kGauge, labels,
                    [&queue = model.queue_length] { return static_cast<double>(queue.value()); });
  registry.callback("nv_model_load_duration_secs", "Model load time in seconds", MetricType::kGauge,
                    labels, [&gauge = model.load_seconds] { return gauge.value(); });
}

void register_triton_machine(metrics::Registry& registry) {
  registry.callback("nv_cpu_memory_total_bytes", "CPU total memory (RAM), in bytes",
                    MetricType::kGauge, {}, [] { return memory_bytes("MemTotal"); });
  registry.callback("nv_cpu_memory_used_bytes", "CPU used memory (RAM), in bytes",
                    MetricType::kGauge, {},
                    [] { return memory_bytes("MemTotal") - memory_bytes("MemAvailable"); });
}

}  // namespace slipway::serving
