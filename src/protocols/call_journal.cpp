#include "protocols/internal/call_journal.h"

#include <chrono>
#include <string>

#include "base/log.h"
#include "protocols/internal/call.h"
#include "protocols/internal/rpc_call.h"

namespace slipway::protocols {
namespace {

uint64_t nanoseconds(double seconds) { return static_cast<uint64_t>(seconds * 1e9); }

uint64_t nanoseconds_between(SteadyTime begin, SteadyTime end) {
  return end <= begin ? 0 : static_cast<uint64_t>((end - begin) / std::chrono::nanoseconds(1));
}

serving::InferenceSample sample_of(const BaseCall& call, SteadyTime received, SteadyTime now) {
  const serving::InferResponse& result = call.result;
  return {.ok = call.error.ok(),
          .rows = call.infer.input.rows(),
          .batch_rows = result.batch_rows,
          .leads_batch = result.leads_batch,
          .request_ns = nanoseconds_between(received, now),
          .queue_ns = nanoseconds(result.queue_seconds + result.batch_seconds),
          .input_ns = nanoseconds_between(received, result.begun),
          .infer_ns = nanoseconds(result.compute_seconds),
          .output_ns = nanoseconds_between(result.ended, now),
          .ended = now};
}

}  // namespace

CallJournal::CallJournal(serving::ServingMetrics& metrics, AccessLog* log) : log_(log) {
  metrics::Registry& registry = metrics.registry();
  const auto http = [&](std::string code) -> metrics::Counter* {
    return &registry.counter("slipway_http_responses_total",
                             "Answers of all routes, by HTTP status.", {{"code", std::move(code)}});
  };
  for (size_t i = 0; i < http_.size(); ++i) http_[i] = http(std::to_string(kStatuses[i]));
  http_other_ = http("other");
  for (size_t i = 0; i < grpc_.size(); ++i) {
    const std::string_view code = status_code_name(static_cast<StatusCode>(i));
    grpc_[i] =
        &registry.counter("slipway_grpc_responses_total",
                          "Answers over gRPC, those of streams one by one, by the status' name.",
                          {{"code", std::string(code)}});
  }
}

void CallJournal::answered(Call& call, uint32_t shard) {
  const int status = call.response().status;
  metrics::Counter* counter = http_other_;
  for (size_t i = 0; i < http_.size(); ++i) {
    if (kStatuses[i] != status) continue;
    counter = http_[i];
    break;
  }
  counter->add(shard);
  AccessRecord entry{};
  entry.request = &call.request();
  entry.status = status;
  entry.grpc_status = -1;
  entry.response_bytes = call.response().body.size();
  record(call, shard, entry, "HTTP");
}

void CallJournal::answered(RpcCall& call, uint32_t shard) {
  const auto code = static_cast<size_t>(call.error.code());
  grpc_[code]->add(shard);
  const transport::GrpcRequest& rpc = *call.request;
  transport::HttpRequest request;
  request.method = transport::HttpMethod::kPost;
  request.path = rpc.path;
  request.headers = rpc.metadata;
  request.body = call.message;
  request.remote_address = rpc.remote_address;
  request.loop = rpc.loop;
  request.received = call.received;
  AccessRecord entry{};
  entry.request = &request;
  entry.status = 200;
  entry.grpc_status = static_cast<int>(code);
  entry.response_bytes = call.answer->size();
  record(call, shard, entry, "GRPC");
}

void CallJournal::record(const BaseCall& call, uint32_t shard, AccessRecord& record,
                         std::string_view protocol) {
  const SteadyTime now = std::chrono::steady_clock::now();
  const SteadyTime received = record.request->received;
  record.seconds = std::chrono::duration<double>(now - received).count();
  const serving::ServedModel* model = call.infer.model;
  if (model != nullptr && model->metrics != nullptr) {
    model->metrics->record_answer(shard, call.error.code(), record.seconds);
    model->metrics->stats.record(shard, sample_of(call, received, now));
    TraceLog& traces = *call.loop->server.traces;
    if (traces.active()) traces.record(call, protocol, received, now);
  }
  if (log_enabled(LogLevel::kDebug)) {
    log_debug("{} request: {} {}, {:.3f} ms{}{}", protocol,
              transport::http_method_name(record.request->method), record.request->path,
              record.seconds * 1e3, call.error.ok() ? "" : ": ", call.error.message());
  }
  if (log_ == nullptr) return;
  record.request_id = call.request_id;
  record.trace_id = call.trace_id;
  if (model != nullptr) {
    record.model = model->name;
    record.version = model->version;
    record.digest = model->loaded.digest;
    record.rows = call.infer.input.rows();
    record.queue_seconds = call.result.queue_seconds;
    record.compute_seconds = call.result.compute_seconds;
  }
  record.error = call.error.message();
  log_->write(record);
}

}  // namespace slipway::protocols
