// Triton's statistics: GET /v2/models/stats, /v2/models/{m}[/versions/{v}]/stats, ModelStatistics.
#include <fmt/format.h>
#include <inference.pb.h>

#include <vector>

#include "base/json_escape.h"
#include "protocols/internal/call.h"
#include "protocols/internal/endpoints.h"
#include "protocols/kserve_v2/model_metadata.h"
#include "protocols/kserve_v2/proto_message.h"
#include "serving/serving_metrics.h"

namespace slipway::protocols {
namespace {

using serving::InferenceStats;
using serving::ServedModel;

/// The versions that are asked about; errors as Triton has them.
Result<std::vector<const ServedModel*>> chosen(const BaseCall& call, std::string_view name,
                                               std::string_view version) {
  const serving::ModelSet* models = TRY(models_of(call));
  std::vector<const ServedModel*> chosen;
  if (name.empty()) {
    for (const auto& newest : models->models()) {
      for (const auto& one : models->versions(newest->name)) chosen.push_back(one.get());
    }
    return chosen;
  }
  for (const auto& one : models->versions(name)) chosen.push_back(one.get());
  if (chosen.empty()) {
    return invalid_argument(fmt::format("requested model '{}' is not available", name));
  }
  if (version.empty()) return chosen;
  const auto found = models->find(name, version);
  if (found.ok()) return std::vector<const ServedModel*>{*found};
  return invalid_argument(
      fmt::format("requested model version is not available for model '{}'", name));
}

void append_duration(std::string& out, std::string_view name, uint64_t count, uint64_t ns) {
  fmt::format_to(std::back_inserter(out), R"("{}":{{"count":{},"ns":{}}})", name, count, ns);
}

void append_batch(std::string& out, const InferenceStats::Batch& batch) {
  fmt::format_to(std::back_inserter(out), R"({{"batch_size":{},)", batch.rows);
  append_duration(out, "compute_input", batch.count, batch.input_ns);
  out.push_back(',');
  append_duration(out, "compute_infer", batch.count, batch.infer_ns);
  out.push_back(',');
  append_duration(out, "compute_output", batch.count, batch.output_ns);
  out.push_back('}');
}

void append_model(std::string& out, const ServedModel& model) {
  const InferenceStats::Snapshot stats = model.metrics->stats.snapshot();
  out += "{\"name\":";
  append_json_string(out, model.name);
  out += ",\"version\":";
  append_json_string(out, model.version);
  fmt::format_to(
      std::back_inserter(out),
      R"(,"last_inference":{},"inference_count":{},"execution_count":{},"inference_stats":{{)",
      stats.last_unix_ms, stats.rows, stats.executions);
  struct Entry {
    std::string_view name;
    uint64_t count;
    uint64_t ns;
  };
  const Entry entries[] = {{"success", stats.success, stats.success_ns},
                           {"fail", stats.fail, stats.fail_ns},
                           {"queue", stats.success, stats.queue_ns},
                           {"compute_input", stats.success, stats.input_ns},
                           {"compute_infer", stats.success, stats.infer_ns},
                           {"compute_output", stats.success, stats.output_ns},
                           {"cache_hit", 0, 0},
                           {"cache_miss", 0, 0}};
  for (const Entry& entry : entries) {
    if (out.back() != '{') out.push_back(',');
    append_duration(out, entry.name, entry.count, entry.ns);
  }
  out += "},\"response_stats\":{},\"batch_stats\":[";
  for (const InferenceStats::Batch& batch : stats.batches) {
    if (out.back() != '[') out.push_back(',');
    append_batch(out, batch);
  }
  fmt::format_to(std::back_inserter(out),
                 R"(],"memory_usage":[{{"type":"CPU","id":0,"byte_size":{}}}]}})",
                 model.memory_bytes());
}

void set(inference::StatisticDuration& duration, uint64_t count, uint64_t ns) {
  duration.set_count(count);
  duration.set_ns(ns);
}

void fill(inference::ModelStatistics& out, const ServedModel& model) {
  const InferenceStats::Snapshot stats = model.metrics->stats.snapshot();
  out.set_name(model.name);
  out.set_version(model.version);
  out.set_last_inference(stats.last_unix_ms);
  out.set_inference_count(stats.rows);
  out.set_execution_count(stats.executions);
  inference::InferStatistics& times = *out.mutable_inference_stats();
  set(*times.mutable_success(), stats.success, stats.success_ns);
  set(*times.mutable_fail(), stats.fail, stats.fail_ns);
  set(*times.mutable_queue(), stats.success, stats.queue_ns);
  set(*times.mutable_compute_input(), stats.success, stats.input_ns);
  set(*times.mutable_compute_infer(), stats.success, stats.infer_ns);
  set(*times.mutable_compute_output(), stats.success, stats.output_ns);
  set(*times.mutable_cache_hit(), 0, 0);
  set(*times.mutable_cache_miss(), 0, 0);
  for (const InferenceStats::Batch& batch : stats.batches) {
    inference::InferBatchStatistics& one = *out.add_batch_stats();
    one.set_batch_size(batch.rows);
    set(*one.mutable_compute_input(), batch.count, batch.input_ns);
    set(*one.mutable_compute_infer(), batch.count, batch.infer_ns);
    set(*one.mutable_compute_output(), batch.count, batch.output_ns);
  }
  inference::MemoryUsage& memory = *out.add_memory_usage();
  memory.set_type("CPU");
  memory.set_byte_size(model.memory_bytes());
}

}  // namespace

void v2_statistics(Call& call) {
  const auto models = chosen(call, call.parameters[0], call.parameters[1]);
  if (!models.ok()) return answer_error(call, models.status());
  kserve_v2::keep_plain(call);
  std::string& body = call.response().body;
  body += "{\"model_stats\":[";
  for (const ServedModel* model : *models) {
    if (body.back() != '[') body.push_back(',');
    append_model(body, *model);
  }
  body += "]}";
}

void rpc_model_statistics(RpcCall& call) {
  inference::ModelStatisticsRequest request;
  if (!kserve_v2::parse(call, request)) return;
  const auto models = chosen(call, request.name(), request.version());
  if (!models.ok()) {
    call.error = models.status();
    return;
  }
  inference::ModelStatisticsResponse response;
  for (const ServedModel* model : *models) fill(*response.add_model_stats(), *model);
  kserve_v2::answer(call, response);
}

}  // namespace slipway::protocols
